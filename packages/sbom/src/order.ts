import type { InstalledSet, PackageName } from '@patchbay/facts';

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** By name, then architecture, in the order of code units: a locale's order would differ from machine to machine. */
export function sortPackages({ packages }: InstalledSet): InstalledSet['packages'] {
  return packages.toSorted(
    (left: PackageName, right: PackageName) =>
      compareTexts(left.name, right.name) || compareTexts(left.architecture, right.architecture),
  );
}
