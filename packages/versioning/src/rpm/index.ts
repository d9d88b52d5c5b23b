import type { VersionScheme } from '../version-scheme.ts';
import { compareRpmVersions } from './compare.ts';
import { parseRpmVersion } from './parse.ts';

export const rpm: VersionScheme = {
  id: 'rpm',
  displayName: 'rpm (RHEL, Fedora, SUSE, Amazon Linux)',
  specification: [
    'https://rpm-software-management.github.io/rpm/man/rpm-version.7',
    'https://docs.fedoraproject.org/en-US/packaging-guidelines/Versioning/',
  ],
  isValid: (text) => parseRpmVersion(text) !== null,
  compare: compareRpmVersions,
};
