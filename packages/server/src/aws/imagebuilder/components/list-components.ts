import {
  compareSemanticVersions,
  matchesVersion,
  parseVersionPattern,
  SemanticVersionError,
  type VersionPattern,
} from '@patchbay/patching';
import { sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Reach } from '../../../operations/authorize.ts';
import type { Scope } from '../../../operations/scope.ts';
import { isTaggedWithinReach } from '../../ssm/tags/reach-condition.ts';
import { invalidValue } from '../errors.ts';
import type { ImageBuilderFilter } from '../filters.ts';
import type { ComponentBuild } from './component-build.ts';
import { buildOfRow, managedBuilds } from './component-build.ts';
import { selectBuilds } from './repository.ts';
import { componentType } from './tables.ts';

/** ListComponents: "Use the following filters to streamline results". */
export const componentFilterNames = [
  'description',
  'name',
  'platform',
  'supportedOsVersion',
  'type',
  'version',
] as const;
export type ComponentFilter = ImageBuilderFilter<(typeof componentFilterNames)[number]>;

/** Where a page begins; versions of a name follow each other from old to new. */
export type ListPosition = readonly [arnName: string, major: number, minor: number, patch: number];

export interface ComponentListQuery {
  readonly filters: readonly ComponentFilter[];
  /** Only the newest version of each name. */
  readonly byName: boolean;
  readonly after: ListPosition | null;
  readonly limit: number;
}

function readPatterns(values: readonly string[]): VersionPattern[] {
  return values.map((value) => {
    try {
      return parseVersionPattern(value);
    } catch (error) {
      if (!(error instanceof SemanticVersionError)) throw error;
      throw invalidValue('filters', error.message);
    }
  });
}

export function positionOf({ arnName, version }: ComponentBuild): ListPosition {
  return [arnName, version.major, version.minor, version.patch];
}

/** The newest build within reach of each version of the account's own components. */
export async function listOwnComponents(
  db: Database,
  scope: Scope,
  reach: Reach,
  { filters, byName, after, limit }: ComponentListQuery,
): Promise<ComponentBuild[]> {
  let builds = selectBuilds(db, scope).selectAll();
  const isWithinReach = isTaggedWithinReach(reach, scope, componentType, 'imageComponents.resourceId');
  if (isWithinReach) builds = builds.where(isWithinReach);
  const newest = builds
    .distinctOn(['arnName', 'major', 'minor', 'patch'])
    .orderBy('arnName')
    .orderBy('major')
    .orderBy('minor')
    .orderBy('patch')
    .orderBy('build', 'desc')
    .as('newest');
  let versions = db.selectFrom(newest).selectAll();
  for (const { name, values } of filters) {
    if (name === 'version') {
      const patterns = readPatterns(values);
      versions = versions.where((where) =>
        where.or(
          patterns.map(({ fixed }) =>
            where.and(
              (['major', 'minor', 'patch'] as const)
                .slice(0, fixed.length)
                .map((node, index) => where(node, '=', fixed[index] ?? 0)),
            ),
          ),
        ),
      );
    } else if (name === 'supportedOsVersion') {
      versions = versions.where(sql<boolean>`supported_os_versions && ${[...values]}::text[]`);
    } else {
      versions = versions.where(sql<boolean>`${sql.ref(name)} = any(${[...values]}::text[])`);
    }
  }
  if (byName) {
    versions = versions
      .distinctOn('arnName')
      .orderBy('arnName')
      .orderBy('major', 'desc')
      .orderBy('minor', 'desc')
      .orderBy('patch', 'desc');
    if (after) versions = versions.where('arnName', '>', after[0]);
  } else {
    versions = versions.orderBy('arnName').orderBy('major').orderBy('minor').orderBy('patch');
    if (after) versions = versions.where(sql<boolean>`(arn_name, major, minor, patch) > (${sql.join([...after])})`);
  }
  return (await versions.limit(limit).execute()).map((row) => buildOfRow(row));
}

/** The same of the components that come with Patchbay. */
export function listManagedComponents({ filters, byName, after, limit }: ComponentListQuery): ComponentBuild[] {
  const sorted = [...managedBuilds].sort(comparePositions);
  const matching = sorted.filter((build) => filters.every((filter) => matchesFilter(build, filter)));
  return matching
    .filter((build, index) => !isSameVersion(build, matching[index + 1], byName))
    .filter((build) => after === null || isAfter(build, after, byName))
    .slice(0, limit);
}

function comparePositions(left: ComponentBuild, right: ComponentBuild): number {
  if (left.arnName !== right.arnName) return left.arnName < right.arnName ? -1 : 1;
  return compareSemanticVersions(left.version, right.version) || left.build - right.build;
}

/** Whether the entry after this one in the order takes its place. */
function isSameVersion(build: ComponentBuild, next: ComponentBuild | undefined, byName: boolean): boolean {
  return next?.arnName === build.arnName && (byName || compareSemanticVersions(next.version, build.version) === 0);
}

function isAfter({ arnName, version }: ComponentBuild, after: ListPosition, byName: boolean): boolean {
  const [name, major, minor, patch] = after;
  if (arnName !== name) return arnName > name;
  return !byName && compareSemanticVersions(version, { major, minor, patch }) > 0;
}

function matchesFilter(build: ComponentBuild, { name, values }: ComponentFilter): boolean {
  if (name === 'version') return readPatterns(values).some((pattern) => matchesVersion(pattern, build.version));
  if (name === 'supportedOsVersion') return build.supportedOsVersions.some((each) => values.includes(each));
  const value = build[name];
  return value !== null && values.includes(value);
}

/** The builds within reach of one version, from the oldest to the newest. */
export async function listOwnBuilds(
  db: Database,
  scope: Scope,
  reach: Reach,
  query: {
    readonly arnName: string;
    readonly version: { readonly major: number; readonly minor: number; readonly patch: number };
    readonly afterBuild: number;
    readonly limit: number;
  },
): Promise<ComponentBuild[]> {
  const { arnName, version, afterBuild, limit } = query;
  let builds = selectBuilds(db, scope)
    .selectAll()
    .where('arnName', '=', arnName)
    .where('major', '=', version.major)
    .where('minor', '=', version.minor)
    .where('patch', '=', version.patch)
    .where('build', '>', afterBuild);
  const isWithinReach = isTaggedWithinReach(reach, scope, componentType, 'imageComponents.resourceId');
  if (isWithinReach) builds = builds.where(isWithinReach);
  return (await builds.orderBy('build').limit(limit).execute()).map((row) => buildOfRow(row));
}
