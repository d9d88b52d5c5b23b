import type { VersionScheme } from './version-scheme.ts';

/** Bounds of a range of versions; an absent bound does not limit. */
export interface VersionRange {
  readonly atLeast?: string;
  readonly moreThan?: string;
  readonly atMost?: string;
  readonly lessThan?: string;
}

/** Whether `version` is strictly newer than `reference`. Throws VersionError as the scheme's `compare` does. */
export function isNewer(scheme: VersionScheme, version: string, reference: string): boolean {
  return scheme.compare(version, reference) > 0;
}

/** The newest of the versions, the first of equals; null when there are none. Throws VersionError when any is not valid. */
export function maxVersion(scheme: VersionScheme, versions: readonly string[]): string | null {
  refuseInvalid(scheme, versions);
  let newest: string | null = null;
  for (const version of versions) {
    if (newest === null || scheme.compare(version, newest) > 0) newest = version;
  }
  return newest;
}

/** A new list, oldest first; equal versions keep their order. Throws VersionError when any is not valid. */
export function sortVersions(scheme: VersionScheme, versions: readonly string[]): string[] {
  refuseInvalid(scheme, versions);
  return [...versions].sort((left, right) => scheme.compare(left, right));
}

/** Whether a version satisfies every bound of the range. Throws VersionError when it or a bound is not valid. */
export function inRange(scheme: VersionScheme, version: string, range: VersionRange): boolean {
  const bounds = [range.atLeast, range.moreThan, range.atMost, range.lessThan];
  refuseInvalid(scheme, [version, ...bounds.filter((bound) => bound !== undefined)]);
  const order = (bound: string | undefined): number | null =>
    bound === undefined ? null : scheme.compare(version, bound);
  const [atLeast, moreThan, atMost, lessThan] = [
    order(range.atLeast),
    order(range.moreThan),
    order(range.atMost),
    order(range.lessThan),
  ];
  return (atLeast ?? 0) >= 0 && (moreThan ?? 1) > 0 && (atMost ?? 0) <= 0 && (lessThan ?? -1) < 0;
}

/** Compared with itself a version is read to its end, so that an invalid one never hides behind another. */
function refuseInvalid(scheme: VersionScheme, versions: readonly string[]): void {
  for (const version of versions) scheme.compare(version, version);
}
