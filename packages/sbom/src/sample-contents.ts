import type { InstalledPackage } from '@patchbay/facts';
import type { BillContents } from './bill-contents.ts';

/** Test support: an image with the packages whose names and versions are odd. */
export function installedPackage(
  name: string,
  version: string,
  others: Partial<InstalledPackage> = {},
): InstalledPackage {
  return {
    name,
    architecture: 'amd64',
    version,
    source: name,
    sourceVersion: version,
    section: 'libs',
    priority: 'optional',
    ...others,
  };
}

export const sampleDigest = `sha256:${'0f'.repeat(32)}`;

export function sampleContents(others: Partial<BillContents> = {}): BillContents {
  return {
    subject: { name: 'registry.example:5000/base/Debian-web', version: '1.0.3', digest: sampleDigest },
    operatingSystem: {
      id: 'debian',
      versionId: '12',
      codename: 'bookworm',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
      operatingSystem: 'DEBIAN',
      product: 'Debian12',
    },
    installed: {
      packages: [
        installedPackage('bash', '5.2.15-2+b7', { sourceVersion: '5.2.15-2' }),
        installedPackage('g++-12', '12.2.0-14+deb12u1', { source: 'gcc-12' }),
        installedPackage('libc6', '2.36-9+deb12u10', { source: 'glibc' }),
        installedPackage('libc6', '2.36-9+deb12u10', { source: 'glibc', architecture: 'i386' }),
        installedPackage('libc6-i386', '2.36-9+deb12u10', { source: 'glibc' }),
        installedPackage('tzdata', '2024a-0~deb12u1', { architecture: 'all' }),
        installedPackage('vim', '2:9.0.1378-2'),
      ],
    },
    createdAt: new Date('2026-11-22T02:00:00.125Z'),
    patchbayVersion: '0.1.0',
    ...others,
  };
}
