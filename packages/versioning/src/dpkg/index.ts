import type { VersionScheme } from '../version-scheme.ts';
import { compareDpkgVersions } from './compare.ts';
import { parseDpkgVersion } from './parse.ts';

export const dpkg: VersionScheme = {
  id: 'dpkg',
  displayName: 'dpkg (Debian, Ubuntu)',
  specification: [
    'https://manpages.debian.org/bookworm/dpkg-dev/deb-version.7.en.html',
    'https://www.debian.org/doc/debian-policy/ch-controlfields.html#version',
  ],
  isValid: (text) => parseDpkgVersion(text) !== null,
  compare: compareDpkgVersions,
};
