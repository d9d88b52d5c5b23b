import {
  checkEndDate,
  checkHours,
  checkReplacement,
  differsInSchedule,
  nextStart,
  scheduleOf,
  updateWindow,
  type WindowChange,
  type WindowDefinition,
} from '@patchbay/patching';
import type { Resource } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { ssmResource } from '../../../operations/resources.ts';
import type { Scope } from '../../../operations/scope.ts';
import { listTasksNamingNodes } from '../maintenance-window-tasks/repository.ts';
import { removeTags } from '../tags/repository.ts';
import { MaintenanceWindowError, refuseProblems } from './errors.ts';
import {
  countWindowsAlone,
  deleteWindowRow,
  findWindow,
  insertWindow,
  lockWindow,
  type MaintenanceWindow,
  updateWindowRow,
} from './repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region'>;

/** A window as what a call acts on. */
export function windowResource(input: { readonly windowId?: string | undefined }, scope: Scope): Resource {
  const { windowId = '' } = input;
  return ssmResource(scope, `maintenancewindow/${windowId}`, {
    resourceType: 'MaintenanceWindow',
    resourceId: windowId,
  });
}

function windowNotFound(windowId: string): MaintenanceWindowError {
  return new MaintenanceWindowError('WINDOW_NOT_FOUND', `Maintenance window ${windowId} does not exist`);
}

export async function getWindow(windowId: string, context: Context): Promise<MaintenanceWindow> {
  const window = await findWindow(context.db, context, windowId);
  if (!window) throw windowNotFound(windowId);
  return window;
}

/** The same for somebody who is about to change the window, its targets or its tasks: one after the other does. */
export async function getWindowForChange(windowId: string, context: Context): Promise<MaintenanceWindow> {
  const window = await lockWindow(context.db, context, windowId);
  if (!window) throw windowNotFound(windowId);
  return window;
}

/** Checks what the wire's constraints cannot and stores the window. */
export async function createWindow(definition: WindowDefinition, context: OperationContext): Promise<string> {
  const { accountId, region, now } = context;
  refuseProblems([...checkHours(definition), ...checkEndDate(definition, now)]);
  const quota = context.dependencies.quotas['maintenance-windows'];
  if (quota !== Number.POSITIVE_INFINITY && (await countWindowsAlone(context.db, context)) >= quota) {
    throw new MaintenanceWindowError(
      'WINDOW_LIMIT',
      `An account can have at most ${quota} maintenance windows in a region.`,
    );
  }
  // `mw-` and 17 hexadecimal digits, as AWS's own ids look.
  const windowId = `mw-${context.dependencies.randomBytes(9).toString('hex').slice(0, 17)}`;
  await insertWindow(context.db, {
    accountId,
    region,
    windowId,
    ...definition,
    createdDate: now,
    modifiedDate: now,
    scheduleChangedAt: now,
    nextStartAt: nextStart({ ...definition, scheduleChangedAt: now }, now),
  });
  return windowId;
}

/** A window that is to take registered targets only has no tasks that name nodes themselves. */
async function refuseUnassociated(windowId: string, context: OperationContext): Promise<void> {
  const [task] = await listTasksNamingNodes(context.db, context, windowId);
  if (!task) return;
  throw new MaintenanceWindowError(
    'WINDOW_INVALID',
    `AllowUnassociatedTargets cannot be false while the task ${task.windowTaskId} names nodes itself: change or deregister it first.`,
  );
}

/** What an occurrence that is due and not yet taken survives: every change but one of when the window opens. */
function reschedule(current: MaintenanceWindow, definition: WindowDefinition, now: Date) {
  const { scheduleChangedAt, nextStartAt } = current;
  if (differsInSchedule(current, definition)) {
    // A disabled window has no next start; its schedule must be readable all the same.
    scheduleOf({ ...definition, scheduleChangedAt: now });
    if (definition.endDate !== current.endDate) refuseProblems(checkEndDate(definition, now));
    return { scheduleChangedAt: now, nextStartAt: nextStart({ ...definition, scheduleChangedAt: now }, now) };
  }
  if (definition.enabled === current.enabled) return { scheduleChangedAt, nextStartAt };
  return { scheduleChangedAt, nextStartAt: nextStart({ ...definition, scheduleChangedAt }, now) };
}

/** Changes a window. */
export async function changeWindow(
  windowId: string,
  change: WindowChange,
  replace: boolean,
  context: OperationContext,
): Promise<MaintenanceWindow> {
  const current = await getWindowForChange(windowId, context);
  if (replace) refuseProblems(checkReplacement(change));
  const definition = updateWindow(current, change, replace);
  refuseProblems(checkHours(definition));
  if (current.allowUnassociatedTargets && !definition.allowUnassociatedTargets) {
    await refuseUnassociated(windowId, context);
  }
  const changed = { ...definition, ...reschedule(current, definition, context.now), modifiedDate: context.now };
  await updateWindowRow(context.db, windowId, changed);
  return { ...current, ...changed };
}

/** Deletes a window with its targets and tasks. An unknown id is no error: it is gone, which is what was wanted. */
export async function deleteWindow(windowId: string, context: OperationContext): Promise<void> {
  if (!(await deleteWindowRow(context.db, context, windowId))) return;
  await removeTags(context.db, context, { resourceType: 'MaintenanceWindow', resourceId: windowId }, 'all');
}
