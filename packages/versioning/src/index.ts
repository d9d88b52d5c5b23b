export { inRange, isNewer, maxVersion, sortVersions, type VersionRange } from './order.ts';
export { VersionError } from './version-error.ts';
export type { VersionScheme, VersionSchemeId } from './version-scheme.ts';
export { findVersionScheme, versionSchemes } from './version-schemes.ts';
