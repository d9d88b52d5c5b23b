import type { VersionScheme } from '../version-scheme.ts';
import { compareApkVersions } from './compare.ts';
import { isApkVersion } from './read-token.ts';

export const apk: VersionScheme = {
  id: 'apk',
  displayName: 'apk (Alpine)',
  specification: [
    'https://wiki.alpinelinux.org/wiki/Package_policies#Package_versions',
    'https://gitlab.alpinelinux.org/alpine/apk-tools/-/blob/master/doc/apk-package.5.scd',
    'https://dev.gentoo.org/~ulm/pms/head/pms.html#version-comparison',
  ],
  isValid: isApkVersion,
  compare: compareApkVersions,
};
