export * from './key-file.ts';
export type { RandomBytes } from './random-bytes.ts';
export * from './secret-box.ts';
export * from './secrets-error.ts';
export * from './signing-key.ts';
