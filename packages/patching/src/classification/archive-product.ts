import type { OperatingSystem, ReleaseFields } from '@patchbay/facts';

/** A release of a distribution as Patch Manager names it. */
export interface ArchiveProduct {
  readonly operatingSystem: OperatingSystem;
  /** As PRODUCT filters have it: `Debian12`. */
  readonly product: string;
}

/** Code names and version numbers: wiki.debian.org/DebianReleases, wiki.ubuntu.com/Releases. */
const debianReleases = new Map([
  ['stretch', '9'],
  ['buster', '10'],
  ['bullseye', '11'],
  ['bookworm', '12'],
  ['trixie', '13'],
  ['forky', '14'],
]);
const ubuntuReleases = new Map([
  ['trusty', '14.04'],
  ['xenial', '16.04'],
  ['bionic', '18.04'],
  ['focal', '20.04'],
  ['jammy', '22.04'],
  ['noble', '24.04'],
  ['resolute', '26.04'],
]);

/**
 * The release that an archive is for, by its verified Release file: its code name without the pocket
 * (`bookworm-security`). Null for an archive of a vendor, which may serve any.
 */
export function productOfArchive(release: Pick<ReleaseFields, 'origin' | 'codename'>): ArchiveProduct | null {
  const codename = release.codename.replace(/[-/].*$/, '');
  const { origin } = release;
  if (origin.startsWith('Ubuntu')) return named('UBUNTU', 'Ubuntu', ubuntuReleases.get(codename));
  if (origin === 'Raspbian') return named('RASPBIAN', 'Raspbian', debianReleases.get(codename));
  if (origin.startsWith('Debian')) return named('DEBIAN', 'Debian', debianReleases.get(codename));
  return null;
}

function named(operatingSystem: OperatingSystem, prefix: string, version: string | undefined): ArchiveProduct | null {
  return version === undefined ? null : { operatingSystem, product: `${prefix}${version}` };
}
