import type { InstalledPackage, PackageName } from '@patchbay/facts';

/** One package in which a machine differs from the image that it was made from. */
export interface PackageDifference extends PackageName {
  readonly change: 'added' | 'removed' | 'changed';
  /** Null for a package that the image does not have. */
  readonly imageVersion: string | null;
  /** Null for a package that the machine has lost. */
  readonly nodeVersion: string | null;
}

function keyOf({ name, architecture }: PackageName): string {
  return `${name} ${architecture}`;
}

/** What was added to, removed from and changed in a machine since it was made from an image, by name and architecture. */
export function comparePackages(
  image: readonly InstalledPackage[],
  node: readonly InstalledPackage[],
): PackageDifference[] {
  const inImage = new Map(image.map((each) => [keyOf(each), each.version]));
  const onNode = new Set(node.map(keyOf));
  const differences: PackageDifference[] = [];
  for (const { name, architecture, version } of node) {
    const imageVersion = inImage.get(keyOf({ name, architecture })) ?? null;
    if (imageVersion === version) continue;
    const change = imageVersion === null ? 'added' : 'changed';
    differences.push({ name, architecture, change, imageVersion, nodeVersion: version });
  }
  for (const { name, architecture, version } of image) {
    if (onNode.has(keyOf({ name, architecture }))) continue;
    differences.push({ name, architecture, change: 'removed', imageVersion: version, nodeVersion: null });
  }
  return differences.sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
}
