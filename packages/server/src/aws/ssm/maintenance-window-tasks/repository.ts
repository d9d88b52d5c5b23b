import { type Insertable, type Selectable, sql, type Updateable } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';
import type { MaintenanceWindowTasksTable } from './tables.ts';

export type RegisteredTask = Selectable<MaintenanceWindowTasksTable>;

function selectTasks(db: Database, scope: Scope) {
  return db
    .selectFrom('maintenanceWindowTasks')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region);
}

export async function insertTask(db: Database, task: Insertable<MaintenanceWindowTasksTable>): Promise<void> {
  await db.insertInto('maintenanceWindowTasks').values(task).execute();
}

export async function findTask(
  db: Database,
  scope: Scope,
  windowId: string,
  windowTaskId: string,
): Promise<RegisteredTask | undefined> {
  return await selectTasks(db, scope)
    .where('windowId', '=', windowId)
    .where('windowTaskId', '=', windowTaskId)
    .executeTakeFirst();
}

export async function updateTaskRow(
  db: Database,
  windowTaskId: string,
  change: Updateable<MaintenanceWindowTasksTable>,
): Promise<void> {
  await db.updateTable('maintenanceWindowTasks').set(change).where('windowTaskId', '=', windowTaskId).execute();
}

export async function deleteTaskRow(db: Database, windowTaskId: string): Promise<void> {
  await db.deleteFrom('maintenanceWindowTasks').where('windowTaskId', '=', windowTaskId).execute();
}

/** How many tasks a window has that the transaction has locked. */
export async function countTasks(db: Database, windowId: string): Promise<number> {
  const { count } = await db
    .selectFrom('maintenanceWindowTasks')
    .select((select) => select.fn.countAll<string>().as('count'))
    .where('windowId', '=', windowId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Tasks whose targets have an entry with one of the values under a key. */
function selectTasksTargeting(db: Database, scope: Scope, target: object) {
  return selectTasks(db, scope)
    .where(sql<boolean>`content -> 'targets' @> ${JSON.stringify([target])}::jsonb`)
    .orderBy('windowTaskId');
}

export async function listTasksUsingTarget(
  db: Database,
  scope: Scope,
  windowId: string,
  windowTargetId: string,
): Promise<RegisteredTask[]> {
  const target = { key: 'WindowTargetIds', values: [windowTargetId] };
  return await selectTasksTargeting(db, scope, target).where('windowId', '=', windowId).execute();
}

/** Tasks that name nodes themselves, of one window or of all. */
export async function listTasksNamingNodes(db: Database, scope: Scope, windowId?: string): Promise<RegisteredTask[]> {
  const select = selectTasksTargeting(db, scope, { key: 'InstanceIds' });
  return await (windowId === undefined ? select : select.where('windowId', '=', windowId)).execute();
}

export interface TaskQuery {
  /** Of one window; without it, of all windows of the account. */
  readonly windowId?: string;
  /** Each list must hold, by any of its values. */
  readonly windowTaskIds?: readonly (readonly string[])[];
  readonly taskArns?: readonly (readonly string[])[];
  readonly taskTypes?: readonly (readonly string[])[];
  readonly priorities?: readonly (readonly number[])[];
  readonly afterWindowTaskId?: string;
  readonly limit?: number;
}

/** Tasks in the order of their ids. */
export async function listTasks(db: Database, scope: Scope, query: TaskQuery = {}): Promise<RegisteredTask[]> {
  let select = selectTasks(db, scope).where('windowTaskId', '>', query.afterWindowTaskId ?? '');
  if (query.windowId !== undefined) select = select.where('windowId', '=', query.windowId);
  for (const ids of query.windowTaskIds ?? []) select = select.where('windowTaskId', 'in', ids);
  for (const arns of query.taskArns ?? []) select = select.where('taskArn', 'in', arns);
  for (const types of query.taskTypes ?? [])
    select = select.where(sql<boolean>`task_type = any(${[...types]}::text[])`);
  for (const priorities of query.priorities ?? []) select = select.where('priority', 'in', priorities);
  if (query.limit !== undefined) select = select.limit(query.limit);
  return await select.orderBy('windowTaskId').execute();
}
