export * from './apt/index.ts';
export * from './distro-info.ts';
export { parseOsRelease } from './os-release.ts';
export { ParseError } from './parse-error.ts';
export type { Argv, CommandOutput, Query } from './query.ts';
