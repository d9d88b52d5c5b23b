import type { Insertable, Selectable } from 'kysely';
import type { Database } from '../../database/tables.ts';
import { isUuid } from '../../database/uuid.ts';
import type { Scope } from '../../operations/scope.ts';
import type { PlansTable } from './tables.ts';

export type StoredPlan = Selectable<PlansTable>;

export async function insertPlan(db: Database, plan: Insertable<PlansTable>): Promise<void> {
  await db.insertInto('plans').values(plan).execute();
}

export async function findPlan(db: Database, scope: Scope, planId: string): Promise<StoredPlan | undefined> {
  if (!isUuid(planId)) return undefined;
  return await db
    .selectFrom('plans')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('planId', '=', planId)
    .executeTakeFirst();
}

/** Plans by their ids. */
export async function readPlans(
  db: Database,
  scope: Scope,
  planIds: readonly string[],
): Promise<Map<string, StoredPlan>> {
  if (planIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('plans')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('planId', 'in', planIds)
    .execute();
  return new Map(rows.map((row) => [row.planId, row]));
}
