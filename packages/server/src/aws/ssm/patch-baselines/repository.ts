import type { OperatingSystem, PatchBaseline } from '@patchbay/facts';
import { sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';

/** More transactions than a control plane has open at the same moment, on all its replicas together. */
const mostCreationsAtOnce = 500;

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
    .with('firstRevision', (also) =>
      also.insertInto('patchBaselineRevisions').values({
        accountId,
        region,
        baselineId: baseline.baselineId,
        revision: 1,
        content: JSON.stringify(baseline),
        createdAt: now,
      }),
    )
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

/** What a list shows of a baseline. */
export type BaselineSummary = Pick<PatchBaseline, 'baselineId' | 'name' | 'operatingSystem' | 'description'>;

export interface BaselineQuery {
  /** Only these; whatever their ids otherwise. */
  readonly baselineIds?: readonly string[];
  /** Each list must hold, by any of its texts. */
  readonly namePrefixes: readonly (readonly string[])[];
  readonly operatingSystems: readonly (readonly string[])[];
  readonly afterBaselineId: string;
  readonly limit: number;
}

/** One page of own baselines in the order of their ids. */
export async function listPatchBaselines(db: Database, scope: Scope, query: BaselineQuery): Promise<BaselineSummary[]> {
  let select = selectNewest(db, scope).where('patchBaselines.baselineId', '>', query.afterBaselineId);
  if (query.baselineIds) {
    if (query.baselineIds.length === 0) return [];
    select = select.where('patchBaselines.baselineId', 'in', query.baselineIds);
  }
  for (const systems of query.operatingSystems) select = select.where('patchBaselines.operatingSystem', 'in', systems);
  for (const prefixes of query.namePrefixes) {
    select = select.where((where) =>
      where.or(
        prefixes.map((prefix) => where(where.fn('starts_with', ['patchBaselines.name', where.val(prefix)]), '=', true)),
      ),
    );
  }
  return await select
    .clearSelect()
    .select([
      'patchBaselines.baselineId',
      'patchBaselines.name',
      'patchBaselines.operatingSystem',
      sql<string | null>`patch_baseline_revisions.content ->> 'description'`.as('description'),
    ])
    .orderBy('patchBaselines.baselineId')
    .limit(query.limit)
    .execute()
    .then((rows) => rows.map((row) => ({ ...row, description: row.description ?? undefined }) as BaselineSummary));
}

/** Whether an account has as many baselines as it may. Of two creations at once near the quota, one waits. */
export async function hasReachedQuota(db: Database, scope: Scope, quota: number): Promise<boolean> {
  if (quota === Number.POSITIVE_INFINITY) return false;
  const hasAtLeast = async (number: number) => {
    if (number <= 0) return true;
    const row = await db
      .selectFrom('patchBaselines')
      .select('baselineId')
      .where('accountId', '=', scope.accountId)
      .where('region', '=', scope.region)
      .where('deletedAt', 'is', null)
      .orderBy('baselineId')
      .offset(number - 1)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  };
  if (!(await hasAtLeast(quota - mostCreationsAtOnce))) return false;
  await sql`select pg_advisory_xact_lock(hashtext(${`patchbay:baseline-quota:${scope.accountId}:${scope.region}`}))`.execute(
    db,
  );
  return await hasAtLeast(quota);
}

/** Adds a revision to a baseline whose row the transaction has locked. */
export async function insertRevision(
  db: Database,
  scope: Scope,
  baseline: PatchBaseline,
  revision: number,
  now: Date,
): Promise<void> {
  const { accountId, region } = scope;
  const { baselineId, name } = baseline;
  await db
    .insertInto('patchBaselineRevisions')
    .values({ accountId, region, baselineId, revision, content: JSON.stringify(baseline), createdAt: now })
    .execute();
  await db
    .updateTable('patchBaselines')
    .set({ name, revision, modifiedDate: now })
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .where('baselineId', '=', baselineId)
    .execute();
}

export async function upsertDefaultBaseline(
  db: Database,
  scope: Scope,
  operatingSystem: OperatingSystem,
  baselineId: string,
): Promise<void> {
  const { accountId, region } = scope;
  await db
    .insertInto('defaultPatchBaselines')
    .values({ accountId, region, operatingSystem, baselineId })
    .onConflict((conflict) => conflict.columns(['accountId', 'region', 'operatingSystem']).doUpdateSet({ baselineId }))
    .execute();
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
