import { type Insertable, type Selectable, sql, type Updateable } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';
import type { MaintenanceWindowsTable } from './tables.ts';

export type MaintenanceWindow = Selectable<MaintenanceWindowsTable>;

function selectWindows(db: Database, scope: Scope) {
  return db
    .selectFrom('maintenanceWindows')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region);
}

export async function insertWindow(db: Database, window: Insertable<MaintenanceWindowsTable>): Promise<void> {
  await db.insertInto('maintenanceWindows').values(window).execute();
}

export async function findWindow(db: Database, scope: Scope, windowId: string): Promise<MaintenanceWindow | undefined> {
  return await selectWindows(db, scope).where('windowId', '=', windowId).executeTakeFirst();
}

export async function existsWindow(db: Database, scope: Scope, windowId: string): Promise<boolean> {
  return (await findWindow(db, scope, windowId)) !== undefined;
}

/** The same, unchanged by anybody else until the transaction ends. */
export async function lockWindow(db: Database, scope: Scope, windowId: string): Promise<MaintenanceWindow | undefined> {
  return await selectWindows(db, scope).where('windowId', '=', windowId).forUpdate().executeTakeFirst();
}

export async function updateWindowRow(
  db: Database,
  windowId: string,
  change: Updateable<MaintenanceWindowsTable>,
): Promise<void> {
  await db.updateTable('maintenanceWindows').set(change).where('windowId', '=', windowId).execute();
}

/** Deletes a window with its targets and tasks; false when there is none. */
export async function deleteWindowRow(db: Database, scope: Scope, windowId: string): Promise<boolean> {
  const result = await db
    .deleteFrom('maintenanceWindows')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('windowId', '=', windowId)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** How many windows an account has; the next who counts waits until this transaction has ended. */
export async function countWindowsAlone(db: Database, scope: Scope): Promise<number> {
  const name = `patchbay:maintenance-windows:${scope.accountId}:${scope.region}`;
  await sql`select pg_advisory_xact_lock(hashtext(${name}))`.execute(db);
  const { count } = await db
    .selectFrom('maintenanceWindows')
    .select((select) => select.fn.countAll<string>().as('count'))
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export interface WindowQuery {
  /** Each list must hold, by any of its values. */
  readonly names?: readonly (readonly string[])[];
  readonly enabled?: readonly (readonly boolean[])[];
  readonly afterWindowId?: string;
  readonly limit?: number;
}

/** Windows in the order of their ids. */
export async function listWindows(db: Database, scope: Scope, query: WindowQuery = {}): Promise<MaintenanceWindow[]> {
  let select = selectWindows(db, scope).where('windowId', '>', query.afterWindowId ?? '');
  for (const names of query.names ?? []) select = select.where('name', 'in', names);
  for (const enabled of query.enabled ?? []) select = select.where('enabled', 'in', enabled);
  if (query.limit !== undefined) select = select.limit(query.limit);
  return await select.orderBy('windowId').execute();
}
