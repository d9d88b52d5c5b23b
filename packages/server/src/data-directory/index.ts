export * from './data-directory.ts';
export * from './data-directory-error.ts';
export { fileExists } from './file-exists.ts';
export * from './process-identity.ts';
export * from './version-record.ts';
