import { checkTask, checkTaskParameters, commandParametersOf, readTaskTargets } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { principalArn } from '../../../operations/principal.ts';
import { findDocument } from '../documents/find-document.ts';
import { findTarget } from '../maintenance-window-targets/repository.ts';
import { refuseProblems } from '../maintenance-windows/errors.ts';
import type { MaintenanceWindow } from '../maintenance-windows/repository.ts';
import { getWindow, getWindowForChange } from '../maintenance-windows/service.ts';
import { WindowTaskError } from './errors.ts';
import { requireMayRun } from './permissions.ts';
import { countTasks, deleteTaskRow, findTask, insertTask, type RegisteredTask, updateTaskRow } from './repository.ts';
import type { TaskType, WindowTaskContent } from './tables.ts';

/** A task as its owner defines it. */
export interface TaskDefinition {
  readonly taskArn: string;
  readonly taskType: TaskType;
  readonly priority: number;
  readonly content: WindowTaskContent;
}

/** Whatever UpdateMaintenanceWindowTask names. */
export interface TaskChange {
  readonly taskArn?: string | undefined;
  readonly priority?: number | undefined;
  readonly content: { readonly [Member in keyof WindowTaskContent]?: WindowTaskContent[Member] | undefined };
}

/** RegisterTaskWithMaintenanceWindow, of Priority: "The default is 1"; 0 is the highest. */
const defaultPriority = 1;

function requireSupported(taskType: TaskType): void {
  if (taskType === 'RUN_COMMAND' || taskType === 'AUTOMATION') return;
  throw new WindowTaskError(
    'WINDOW_TASK_TYPE',
    `Tasks of type ${taskType} are not supported: there is no such service here. Use RUN_COMMAND.`,
  );
}

async function requireRegistered(
  targets: WindowTaskContent['targets'],
  windowId: string,
  context: OperationContext,
): Promise<void> {
  const named = targets.flatMap(({ key, values }) => (key === 'WindowTargetIds' ? values : []));
  for (const windowTargetId of named) {
    if (await findTarget(context.db, context, windowId, windowTargetId)) continue;
    throw new WindowTaskError(
      'WINDOW_TASK_NOT_FOUND',
      `Maintenance window ${windowId} has no target ${windowTargetId}: register it first.`,
    );
  }
}

/** What a command of this task would be refused for is refused now, not on a Sunday at two. */
async function checkCommand({ taskType, taskArn, content }: TaskDefinition, context: OperationContext): Promise<void> {
  if (taskType !== 'RUN_COMMAND') return;
  const version = content.taskInvocationParameters?.runCommand?.documentVersion;
  const document = await findDocument(taskArn, { version }, context);
  const problems = checkTaskParameters(document.content, commandParametersOf(content));
  if (problems.length === 0) return;
  throw new WindowTaskError('WINDOW_TASK_INVALID', `${problems.map(({ message }) => message).join('; ')}.`);
}

/** The task as it is stored, once everything about it has been checked. */
async function checkDefinition(
  definition: TaskDefinition,
  window: MaintenanceWindow,
  context: OperationContext,
): Promise<TaskDefinition> {
  requireSupported(definition.taskType);
  const reading = readTaskTargets(definition.content.targets, window);
  if (!reading.ok) refuseProblems(reading.problems);
  const targets = reading.ok ? reading.targets : [];
  const content = { ...definition.content, targets };
  refuseProblems(checkTask({ taskType: definition.taskType, ...content }));
  await requireRegistered(targets, window.windowId, context);
  const checked = { ...definition, content };
  await checkCommand(checked, context);
  return checked;
}

export async function registerTask(
  windowId: string,
  wanted: Omit<TaskDefinition, 'priority'> & { readonly priority: number | undefined },
  context: OperationContext,
): Promise<string> {
  requireMayRun(wanted, context);
  const window = await getWindowForChange(windowId, context);
  const definition = await checkDefinition(
    { ...wanted, priority: wanted.priority ?? defaultPriority },
    window,
    context,
  );
  const quota = context.dependencies.quotas['tasks-per-maintenance-window'];
  if ((await countTasks(context.db, windowId)) >= quota) {
    throw new WindowTaskError('WINDOW_TASK_LIMIT', `A maintenance window can have at most ${quota} tasks.`);
  }
  const { accountId, region, now } = context;
  const windowTaskId = context.dependencies.randomId();
  await insertTask(context.db, {
    accountId,
    region,
    windowTaskId,
    windowId,
    ...definition,
    content: JSON.stringify(definition.content),
    registeredBy: principalArn(context.principal),
    createdAt: now,
  });
  return windowTaskId;
}

function required(task: RegisteredTask | undefined, windowId: string, windowTaskId: string): RegisteredTask {
  if (task) return task;
  throw new WindowTaskError('WINDOW_TASK_NOT_FOUND', `Maintenance window ${windowId} has no task ${windowTaskId}`);
}

export async function getTask(
  windowId: string,
  windowTaskId: string,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<RegisteredTask> {
  await getWindow(windowId, context);
  return required(await findTask(context.db, context, windowId, windowTaskId), windowId, windowTaskId);
}

/**
 * Changes a task, which runs in the name of who changed it last. What is not given stays, or with `replace` is taken
 * away; TaskInvocationParameters are replaced whole (SSM API, UpdateMaintenanceWindowTask).
 */
export async function changeTask(
  windowId: string,
  windowTaskId: string,
  change: TaskChange,
  replace: boolean,
  context: OperationContext,
): Promise<RegisteredTask> {
  const window = await getWindowForChange(windowId, context);
  const current = required(await findTask(context.db, context, windowId, windowTaskId), windowId, windowTaskId);
  requireMayRun(current, context);
  if (replace && change.taskArn === undefined) {
    throw new WindowTaskError(
      'WINDOW_TASK_INVALID',
      'TaskArn is required when Replace is true, as RegisterTaskWithMaintenanceWindow requires it.',
    );
  }
  const given = Object.fromEntries(Object.entries(change.content).filter(([, value]) => value !== undefined));
  const wanted = {
    taskArn: change.taskArn ?? current.taskArn,
    taskType: current.taskType,
    priority: change.priority ?? (replace ? defaultPriority : current.priority),
    content: { ...(replace ? { targets: [] } : current.content), ...given },
  };
  requireMayRun(wanted, context);
  const { taskArn, priority, content } = await checkDefinition(wanted, window, context);
  const registeredBy = principalArn(context.principal);
  await updateTaskRow(context.db, windowTaskId, { taskArn, priority, content: JSON.stringify(content), registeredBy });
  return { ...current, taskArn, priority, content, registeredBy };
}

export async function deregisterTask(windowId: string, windowTaskId: string, context: OperationContext): Promise<void> {
  await getWindowForChange(windowId, context);
  const task = required(await findTask(context.db, context, windowId, windowTaskId), windowId, windowTaskId);
  requireMayRun(task, context);
  await deleteTaskRow(context.db, windowTaskId);
}
