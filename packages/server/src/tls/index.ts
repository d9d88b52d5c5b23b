export { certificateFingerprint } from './certificate-fingerprint.ts';
export * from './server-tls.ts';
