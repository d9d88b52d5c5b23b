import { type Insertable, type Selectable, sql, type Updateable } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';
import type { MaintenanceWindowTasksTable } from '../maintenance-window-tasks/tables.ts';
import type { MaintenanceWindowsTable } from '../maintenance-windows/tables.ts';
import type {
  MaintenanceWindowExecutionsTable,
  MaintenanceWindowInvocationsTable,
  MaintenanceWindowTaskExecutionsTable,
} from './tables.ts';

export type WindowExecution = Selectable<MaintenanceWindowExecutionsTable>;
export type TaskExecution = Selectable<MaintenanceWindowTaskExecutionsTable>;
export type Invocation = Selectable<MaintenanceWindowInvocationsTable>;
export type DueWindow = Selectable<MaintenanceWindowsTable>;

/** An invocation with its command, as far as that has come. */
export interface FollowedInvocation extends Invocation {
  readonly commandStatus: string | null;
  readonly commandStatusDetails: string | null;
  readonly commandErrorCount: number | null;
}

/** Windows whose time has come, the one that waits longest first. */
export async function listDueWindows(db: Database, now: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('maintenanceWindows')
    .select('windowId')
    .where('enabled', '=', true)
    .where('nextStartAt', '<=', now)
    .orderBy('nextStartAt')
    .execute();
  return rows.map((row) => row.windowId);
}

/** A window, locked, if its time has come; undefined also while somebody else has it. */
export async function lockDueWindow(db: Database, windowId: string, now: Date): Promise<DueWindow | undefined> {
  return await db
    .selectFrom('maintenanceWindows')
    .selectAll()
    .where('windowId', '=', windowId)
    .where('enabled', '=', true)
    .where('nextStartAt', '<=', now)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
}

export async function setNextStart(db: Database, windowId: string, nextStartAt: Date | null): Promise<void> {
  await db.updateTable('maintenanceWindows').set({ nextStartAt }).where('windowId', '=', windowId).execute();
}

export async function hasOpenExecution(db: Database, windowId: string): Promise<boolean> {
  const row = await db
    .selectFrom('maintenanceWindowExecutions')
    .select('windowExecutionId')
    .where('windowId', '=', windowId)
    .where('endedAt', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Tasks in the order in which they run. */
export async function listTasksToRun(
  db: Database,
  windowId: string,
): Promise<Selectable<MaintenanceWindowTasksTable>[]> {
  return await db
    .selectFrom('maintenanceWindowTasks')
    .selectAll()
    .where('windowId', '=', windowId)
    .orderBy('priority')
    .orderBy('createdAt')
    .orderBy('windowTaskId')
    .execute();
}

/** False when the occurrence has been taken already. */
export async function insertExecution(
  db: Database,
  execution: Insertable<MaintenanceWindowExecutionsTable>,
): Promise<boolean> {
  const result = await db
    .insertInto('maintenanceWindowExecutions')
    .values(execution)
    .onConflict((conflict) => conflict.columns(['windowId', 'scheduledAt']).doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

export async function insertTaskExecutions(
  db: Database,
  tasks: readonly Insertable<MaintenanceWindowTaskExecutionsTable>[],
): Promise<void> {
  if (tasks.length > 0) await db.insertInto('maintenanceWindowTaskExecutions').values(tasks).execute();
}

export async function insertInvocations(
  db: Database,
  invocations: readonly Insertable<MaintenanceWindowInvocationsTable>[],
): Promise<void> {
  if (invocations.length > 0) await db.insertInto('maintenanceWindowInvocations').values(invocations).execute();
}

/** The execution with its row locked: whoever brings it forward does so alone. */
export async function lockExecution(db: Database, windowExecutionId: string): Promise<WindowExecution | undefined> {
  return await db
    .selectFrom('maintenanceWindowExecutions')
    .selectAll()
    .where('windowExecutionId', '=', windowExecutionId)
    .forUpdate()
    .executeTakeFirst();
}

/** The open executions in which something can happen now: a time has come, a command has ended, the window is gone. */
export async function listAdvanceableExecutions(db: Database, now: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('maintenanceWindowExecutions as execution')
    .select('execution.windowExecutionId')
    .where('execution.endedAt', 'is', null)
    .where((where) =>
      where.or([
        where('execution.dueAt', '<=', now),
        where.exists(
          where
            .selectFrom('maintenanceWindowTaskExecutions as task')
            .innerJoin(
              'maintenanceWindowInvocations as invocation',
              'invocation.taskExecutionId',
              'task.taskExecutionId',
            )
            .innerJoin('commands', 'commands.commandId', 'invocation.executionId')
            .select('invocation.invocationId')
            .whereRef('task.windowExecutionId', '=', 'execution.windowExecutionId')
            .where('invocation.endedAt', 'is', null)
            .where('commands.status', 'in', ['Success', 'Failed', 'Cancelled', 'TimedOut']),
        ),
        where.and([
          where('execution.status', '!=', 'CANCELLING'),
          where.not(
            where.exists(
              where
                .selectFrom('maintenanceWindows')
                .select('maintenanceWindows.windowId')
                .whereRef('maintenanceWindows.windowId', '=', 'execution.windowId'),
            ),
          ),
        ]),
      ]),
    )
    .orderBy('execution.scheduledAt')
    .execute();
  return rows.map((row) => row.windowExecutionId);
}

export async function isWindowThere(db: Database, windowId: string): Promise<boolean> {
  const row = await db
    .selectFrom('maintenanceWindows')
    .select('windowId')
    .where('windowId', '=', windowId)
    .executeTakeFirst();
  return row !== undefined;
}

export async function listTaskExecutions(db: Database, windowExecutionId: string): Promise<TaskExecution[]> {
  return await db
    .selectFrom('maintenanceWindowTaskExecutions')
    .selectAll()
    .where('windowExecutionId', '=', windowExecutionId)
    .orderBy('position')
    .execute();
}

export async function listFollowedInvocations(db: Database, windowExecutionId: string): Promise<FollowedInvocation[]> {
  return await db
    .selectFrom('maintenanceWindowInvocations as invocation')
    .innerJoin('maintenanceWindowTaskExecutions as task', 'task.taskExecutionId', 'invocation.taskExecutionId')
    .leftJoin('commands', 'commands.commandId', 'invocation.executionId')
    .selectAll('invocation')
    .select([
      'commands.status as commandStatus',
      'commands.statusDetails as commandStatusDetails',
      'commands.errorCount as commandErrorCount',
    ])
    .where('task.windowExecutionId', '=', windowExecutionId)
    .orderBy('task.position')
    .orderBy('invocation.position')
    .execute();
}

export async function updateExecution(
  db: Database,
  windowExecutionId: string,
  change: Updateable<MaintenanceWindowExecutionsTable>,
): Promise<void> {
  await db
    .updateTable('maintenanceWindowExecutions')
    .set(change)
    .where('windowExecutionId', '=', windowExecutionId)
    .execute();
}

export async function updateTaskExecution(
  db: Database,
  taskExecutionId: string,
  change: Updateable<MaintenanceWindowTaskExecutionsTable>,
): Promise<void> {
  await db
    .updateTable('maintenanceWindowTaskExecutions')
    .set(change)
    .where('taskExecutionId', '=', taskExecutionId)
    .execute();
}

export async function updateInvocation(
  db: Database,
  invocationId: string,
  change: Updateable<MaintenanceWindowInvocationsTable>,
): Promise<void> {
  await db.updateTable('maintenanceWindowInvocations').set(change).where('invocationId', '=', invocationId).execute();
}

export async function findExecution(
  db: Database,
  scope: Scope,
  windowExecutionId: string,
): Promise<WindowExecution | undefined> {
  return await db
    .selectFrom('maintenanceWindowExecutions')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('windowExecutionId', '=', windowExecutionId)
    .executeTakeFirst();
}

export interface ExecutionQuery {
  readonly windowId: string;
  readonly executedBefore: readonly Date[];
  readonly executedAfter: readonly Date[];
  readonly after?: { readonly startedAt: Date; readonly windowExecutionId: string } | undefined;
  readonly limit: number;
}

/** One page of a window's executions, newest first; none of a window that was deleted. */
export async function listExecutions(db: Database, scope: Scope, query: ExecutionQuery): Promise<WindowExecution[]> {
  let select = db
    .selectFrom('maintenanceWindowExecutions as execution')
    .innerJoin('maintenanceWindows', 'maintenanceWindows.windowId', 'execution.windowId')
    .selectAll('execution')
    .where('execution.accountId', '=', scope.accountId)
    .where('execution.region', '=', scope.region)
    .where('execution.windowId', '=', query.windowId);
  for (const time of query.executedBefore) select = select.where('execution.startedAt', '<', time);
  for (const time of query.executedAfter) select = select.where('execution.startedAt', '>', time);
  if (query.after) {
    const { startedAt, windowExecutionId } = query.after;
    select = select.where(
      sql<boolean>`(execution.started_at, execution.window_execution_id) < (${startedAt}, ${windowExecutionId})`,
    );
  }
  return await select
    .orderBy('execution.startedAt', 'desc')
    .orderBy('execution.windowExecutionId', 'desc')
    .limit(query.limit)
    .execute();
}

export async function findTaskExecution(
  db: Database,
  windowExecutionId: string,
  taskExecutionId: string,
): Promise<TaskExecution | undefined> {
  return await db
    .selectFrom('maintenanceWindowTaskExecutions')
    .selectAll()
    .where('windowExecutionId', '=', windowExecutionId)
    .where('taskExecutionId', '=', taskExecutionId)
    .executeTakeFirst();
}

export async function listInvocations(db: Database, taskExecutionId: string): Promise<Invocation[]> {
  return await db
    .selectFrom('maintenanceWindowInvocations')
    .selectAll()
    .where('taskExecutionId', '=', taskExecutionId)
    .orderBy('position')
    .execute();
}

export async function listAllWindows(db: Database): Promise<DueWindow[]> {
  return await db.selectFrom('maintenanceWindows').selectAll().orderBy('windowId').execute();
}

/** Ends what is open, at all three levels, and says how many executions these were. */
export async function updateOpenExecutions(
  db: Database,
  ending: Pick<WindowExecution, 'status' | 'statusDetails' | 'endedAt'>,
): Promise<number> {
  await db.updateTable('maintenanceWindowInvocations').set(ending).where('endedAt', 'is', null).execute();
  await db.updateTable('maintenanceWindowTaskExecutions').set(ending).where('endedAt', 'is', null).execute();
  const result = await db
    .updateTable('maintenanceWindowExecutions')
    .set({ ...ending, dueAt: null })
    .where('endedAt', 'is', null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}
