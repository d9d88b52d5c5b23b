import { apk } from './apk/index.ts';
import { dpkg } from './dpkg/index.ts';
import { rpm } from './rpm/index.ts';
import { VersionError } from './version-error.ts';
import type { VersionScheme, VersionSchemeId } from './version-scheme.ts';

/** Every scheme there is, one folder each. */
export const versionSchemes: Readonly<Record<VersionSchemeId, VersionScheme>> = { dpkg, rpm, apk };

/** The scheme with this id; throws VersionError `UNKNOWN_SCHEME` when there is none. */
export function findVersionScheme(id: string): VersionScheme {
  const scheme = Object.values(versionSchemes).find((scheme) => scheme.id === id);
  if (scheme === undefined) {
    throw new VersionError(
      'UNKNOWN_SCHEME',
      `There is no version scheme ${JSON.stringify(id)}; use one of: ${Object.keys(versionSchemes).join(', ')}`,
    );
  }
  return scheme;
}
