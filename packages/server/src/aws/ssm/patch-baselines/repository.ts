import type { OperatingSystem, PatchBaseline } from '@patchbay/facts';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';

/** A baseline at one of its revisions. */
export interface StoredBaseline {
  readonly baseline: PatchBaseline;
  readonly revision: number;
  readonly createdDate: Date;
  readonly modifiedDate: Date;
}

export async function insertPatchBaseline(
  db: Database,
  scope: Scope,
  baseline: PatchBaseline,
  now: Date,
): Promise<void> {
  const { accountId, region } = scope;
  await db
    .insertInto('patchBaselines')
    .values({
      accountId,
      region,
      baselineId: baseline.baselineId,
      name: baseline.name,
      operatingSystem: baseline.operatingSystem,
      revision: 1,
      createdDate: now,
      modifiedDate: now,
      deletedAt: null,
    })
    .execute();
  await db
    .insertInto('patchBaselineRevisions')
    .values({
      accountId,
      region,
      baselineId: baseline.baselineId,
      revision: 1,
      content: JSON.stringify(baseline),
      createdAt: now,
    })
    .execute();
}

function selectNewest(db: Database, scope: Scope) {
  return db
    .selectFrom('patchBaselines')
    .innerJoin('patchBaselineRevisions', (join) =>
      join
        .onRef('patchBaselineRevisions.accountId', '=', 'patchBaselines.accountId')
        .onRef('patchBaselineRevisions.region', '=', 'patchBaselines.region')
        .onRef('patchBaselineRevisions.baselineId', '=', 'patchBaselines.baselineId')
        .onRef('patchBaselineRevisions.revision', '=', 'patchBaselines.revision'),
    )
    .select([
      'patchBaselineRevisions.content as baseline',
      'patchBaselines.revision',
      'patchBaselines.createdDate',
      'patchBaselines.modifiedDate',
    ])
    .where('patchBaselines.accountId', '=', scope.accountId)
    .where('patchBaselines.region', '=', scope.region)
    .where('patchBaselines.deletedAt', 'is', null);
}

export async function findPatchBaseline(
  db: Database,
  scope: Scope,
  baselineId: string,
): Promise<StoredBaseline | undefined> {
  return await selectNewest(db, scope).where('patchBaselines.baselineId', '=', baselineId).executeTakeFirst();
}

export async function existsPatchBaseline(db: Database, scope: Scope, baselineId: string): Promise<boolean> {
  return (await findPatchBaseline(db, scope, baselineId)) !== undefined;
}

/** Keeps an own baseline from being deleted, or registered, until the transaction ends; false when it is not there. */
export async function lockPatchBaseline(db: Database, scope: Scope, baselineId: string): Promise<boolean> {
  const row = await db
    .selectFrom('patchBaselines')
    .select('baselineId')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('baselineId', '=', baselineId)
    .where('deletedAt', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** All own baselines in the order of their ids: an account has at most a few dozen. */
export async function listPatchBaselines(db: Database, scope: Scope): Promise<StoredBaseline[]> {
  return await selectNewest(db, scope).orderBy('patchBaselines.baselineId').execute();
}

export async function markPatchBaselineDeleted(
  db: Database,
  scope: Scope,
  baselineId: string,
  now: Date,
): Promise<void> {
  await db
    .updateTable('patchBaselines')
    .set({ deletedAt: now })
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('baselineId', '=', baselineId)
    .execute();
}

export async function listDefaultBaselines(
  db: Database,
  scope: Scope,
): Promise<Partial<Record<OperatingSystem, string>>> {
  const rows = await db
    .selectFrom('defaultPatchBaselines')
    .select(['operatingSystem', 'baselineId'])
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .execute();
  return Object.fromEntries(rows.map((row) => [row.operatingSystem, row.baselineId]));
}
