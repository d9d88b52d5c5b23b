import type { Selectable } from 'kysely';
import type { MaintenanceWindowTargetsTable } from '../../aws/ssm/maintenance-window-targets/tables.ts';
import type { MaintenanceWindowTasksTable } from '../../aws/ssm/maintenance-window-tasks/tables.ts';
import type { Database } from '../../database/tables.ts';
import type { Scope } from '../../operations/scope.ts';

/** All tasks of a window. */
export async function listWindowTasks(
  db: Database,
  scope: Scope,
  windowId: string,
): Promise<Selectable<MaintenanceWindowTasksTable>[]> {
  return await db
    .selectFrom('maintenanceWindowTasks')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('windowId', '=', windowId)
    .orderBy('windowTaskId')
    .execute();
}

/** All registered targets of a window. */
export async function listWindowTargets(
  db: Database,
  scope: Scope,
  windowId: string,
): Promise<Selectable<MaintenanceWindowTargetsTable>[]> {
  return await db
    .selectFrom('maintenanceWindowTargets')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('windowId', '=', windowId)
    .orderBy('windowTargetId')
    .execute();
}
