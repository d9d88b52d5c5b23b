export { certificateFingerprint } from './certificate-authority.ts';
export * from './server-tls.ts';
