import type { Insertable, Selectable, Updateable } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';
import type { MaintenanceWindowTargetsTable } from './tables.ts';

export type RegisteredTarget = Selectable<MaintenanceWindowTargetsTable>;

function selectTargets(db: Database, scope: Scope) {
  return db
    .selectFrom('maintenanceWindowTargets')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region);
}

export async function insertTarget(db: Database, target: Insertable<MaintenanceWindowTargetsTable>): Promise<void> {
  await db.insertInto('maintenanceWindowTargets').values(target).execute();
}

export async function findTarget(
  db: Database,
  scope: Scope,
  windowId: string,
  windowTargetId: string,
): Promise<RegisteredTarget | undefined> {
  return await selectTargets(db, scope)
    .where('windowId', '=', windowId)
    .where('windowTargetId', '=', windowTargetId)
    .executeTakeFirst();
}

export async function updateTargetRow(
  db: Database,
  windowTargetId: string,
  change: Updateable<MaintenanceWindowTargetsTable>,
): Promise<void> {
  await db.updateTable('maintenanceWindowTargets').set(change).where('windowTargetId', '=', windowTargetId).execute();
}

export async function deleteTargetRow(db: Database, windowTargetId: string): Promise<void> {
  await db.deleteFrom('maintenanceWindowTargets').where('windowTargetId', '=', windowTargetId).execute();
}

/** How many targets a window has that the transaction has locked. */
export async function countTargets(db: Database, windowId: string): Promise<number> {
  const { count } = await db
    .selectFrom('maintenanceWindowTargets')
    .select((select) => select.fn.countAll<string>().as('count'))
    .where('windowId', '=', windowId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export interface TargetQuery {
  /** Of one window; without it, of all windows of the account. */
  readonly windowId?: string;
  /** Each list must hold, by any of its values. */
  readonly resourceTypes?: readonly (readonly string[])[];
  readonly windowTargetIds?: readonly (readonly string[])[];
  readonly ownerInformation?: readonly (readonly string[])[];
  readonly afterWindowTargetId?: string;
  readonly limit?: number;
}

/** Registered targets in the order of their ids. */
export async function listTargets(db: Database, scope: Scope, query: TargetQuery = {}): Promise<RegisteredTarget[]> {
  let select = selectTargets(db, scope).where('windowTargetId', '>', query.afterWindowTargetId ?? '');
  if (query.windowId !== undefined) select = select.where('windowId', '=', query.windowId);
  for (const types of query.resourceTypes ?? []) select = select.where('resourceType', 'in', types);
  for (const ids of query.windowTargetIds ?? []) select = select.where('windowTargetId', 'in', ids);
  for (const texts of query.ownerInformation ?? []) select = select.where('ownerInformation', 'in', texts);
  if (query.limit !== undefined) select = select.limit(query.limit);
  return await select.orderBy('windowTargetId').execute();
}
