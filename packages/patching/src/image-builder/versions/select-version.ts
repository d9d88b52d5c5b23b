import {
  compareSemanticVersions,
  formatVersionPattern,
  highestVersionNode,
  matchesVersion,
  type SemanticVersion,
  SemanticVersionError,
  type VersionPattern,
} from './semantic-version.ts';

/** Something of a version; what has no build numbers (recipes) leaves them out. */
export interface VersionedItem {
  readonly version: SemanticVersion;
  readonly build?: number;
}

/** Negative when the left is older: by version, and of the same version by build number. */
export function compareBuilds(left: VersionedItem, right: VersionedItem): number {
  return compareSemanticVersions(left.version, right.version) || (left.build ?? 0) - (right.build ?? 0);
}

/** The newest build of the newest version that a pattern matches (user guide, "Semantic versioning", selection). */
export function selectNewest<Item extends VersionedItem>(
  pattern: VersionPattern,
  items: readonly Item[],
): Item | undefined {
  return items
    .filter(({ version }) => matchesVersion(pattern, version))
    .reduce<Item | undefined>(
      (newest, item) => (newest && compareBuilds(newest, item) >= 0 ? newest : item),
      undefined,
    );
}

/**
 * The version that a recipe with `x` in its version gets (user guide, "Create a new version of an image recipe": 1.0.x becomes
 * 1.0.1, 1.0.2, and so on). The guide shows only `x` as the last node. With more of them the first `x` is counted and those to
 * its right are 0: after 1.7.8, `1.x.x` is 1.8.0. The first ever is 1 in that node. Without `x` it is the version itself.
 */
export function nextRecipeVersion(pattern: VersionPattern, existing: readonly SemanticVersion[]): SemanticVersion {
  const counted = pattern.fixed.length;
  const newest = selectNewest(
    pattern,
    existing.map((version) => ({ version })),
  )?.version;
  const nodes = [...pattern.fixed];
  if (counted < 3)
    nodes.push((newest === undefined ? 0 : ([newest.major, newest.minor, newest.patch][counted] ?? 0)) + 1);
  if ((nodes[counted] ?? 0) > highestVersionNode) {
    throw new SemanticVersionError(
      'NO_VERSION_LEFT',
      `There is no version left after ${highestVersionNode} for ${formatVersionPattern(pattern)}: give the version in full.`,
    );
  }
  const [major = 0, minor = 0, patch = 0] = nodes;
  return { major, minor, patch };
}

/** The number that the next build of a version gets: one above the highest, 1 for the first. */
export function nextBuildNumber(version: SemanticVersion, existing: readonly VersionedItem[]): number {
  const builds = existing
    .filter((item) => compareSemanticVersions(item.version, version) === 0)
    .map(({ build }) => build ?? 0);
  return builds.reduce((highest, build) => Math.max(highest, build), 0) + 1;
}
