import { PackageURL } from 'packageurl-js';

export interface PackageUrlParts {
  /** `debian`, `ubuntu`: os-release's ID. */
  readonly distributionId: string;
  /** os-release's VERSION_ID; null where there is none. */
  readonly versionId: string | null;
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/** The package URL of an installed Debian package (purl specification, type deb). */
export function packageUrlOf({ distributionId, versionId, name, version, architecture }: PackageUrlParts): string {
  const distro = versionId === null ? distributionId : `${distributionId}-${versionId}`;
  return new PackageURL('deb', distributionId, name, version, { arch: architecture, distro }, undefined).toString();
}
