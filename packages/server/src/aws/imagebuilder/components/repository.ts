import type { SemanticVersion } from '@patchbay/patching';
import type { Insertable, Selectable } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';
import type { ImageComponentsTable } from './tables.ts';

export type ComponentRow = Selectable<ImageComponentsTable>;

/** One build, by its place among those of its name. */
export interface BuildNumber {
  readonly version: SemanticVersion;
  readonly build: number;
}

export function selectBuilds(db: Database, { accountId, region }: Scope) {
  return db.selectFrom('imageComponents').where('accountId', '=', accountId).where('region', '=', region);
}

export async function countBuilds(db: Database, scope: Scope): Promise<number> {
  const { count } = await selectBuilds(db, scope)
    .select((select) => select.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Every build of every version of a name. */
export async function readBuildNumbers(db: Database, scope: Scope, arnName: string): Promise<BuildNumber[]> {
  const rows = await selectBuilds(db, scope)
    .select(['major', 'minor', 'patch', 'build'])
    .where('arnName', '=', arnName)
    .execute();
  return rows.map(({ major, minor, patch, build }) => ({ version: { major, minor, patch }, build }));
}

export async function findBuild(
  db: Database,
  scope: Scope,
  arnName: string,
  { version: { major, minor, patch }, build }: BuildNumber,
): Promise<ComponentRow | undefined> {
  return await selectBuilds(db, scope)
    .selectAll()
    .where('arnName', '=', arnName)
    .where('major', '=', major)
    .where('minor', '=', minor)
    .where('patch', '=', patch)
    .where('build', '=', build)
    .executeTakeFirst();
}

export async function existsComponent(db: Database, scope: Scope, resourceId: string): Promise<boolean> {
  const row = await selectBuilds(db, scope).select('build').where('resourceId', '=', resourceId).executeTakeFirst();
  return row !== undefined;
}

export async function insertBuild(db: Database, row: Insertable<ImageComponentsTable>): Promise<void> {
  await db.insertInto('imageComponents').values(row).execute();
}

/** Takes the number of the next build of a version; versions are named as `my-component/1.0.0`. */
export async function takeBuildNumber(db: Database, { accountId, region }: Scope, versionId: string): Promise<number> {
  const { lastBuild } = await db
    .insertInto('imageComponentNumbers')
    .values({ accountId, region, versionId, lastBuild: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['accountId', 'region', 'versionId'])
        .doUpdateSet((row) => ({ lastBuild: row('imageComponentNumbers.lastBuild', '+', 1) })),
    )
    .returning('lastBuild')
    .executeTakeFirstOrThrow();
  return lastBuild;
}

/** False when there is none. */
export async function deleteBuild(db: Database, scope: Scope, resourceId: string): Promise<boolean> {
  const result = await db
    .deleteFrom('imageComponents')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('resourceId', '=', resourceId)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}
