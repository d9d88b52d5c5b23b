export * from './data-directory.ts';
export * from './data-directory-error.ts';
export * from './process-identity.ts';
