import type { OperationContext } from '../../../operations/operation.ts';
import { advanceExecutionAfterCommit } from './advance.ts';
import { WindowExecutionError } from './errors.ts';
import {
  findExecution,
  findTaskExecution,
  type Invocation,
  listInvocations,
  lockExecution,
  type TaskExecution,
  updateExecution,
  type WindowExecution,
} from './repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region'>;

function notFound(what: string, id: string): WindowExecutionError {
  return new WindowExecutionError('WINDOW_EXECUTION_NOT_FOUND', `There is no ${what} ${id}.`);
}

export async function getExecution(windowExecutionId: string, context: Context): Promise<WindowExecution> {
  const execution = await findExecution(context.db, context, windowExecutionId);
  if (!execution) throw notFound('maintenance window execution', windowExecutionId);
  return execution;
}

export async function getTaskExecution(
  windowExecutionId: string,
  taskExecutionId: string,
  context: Context,
): Promise<TaskExecution> {
  await getExecution(windowExecutionId, context);
  const task = await findTaskExecution(context.db, windowExecutionId, taskExecutionId);
  if (!task) throw notFound(`task execution in ${windowExecutionId} with the id`, taskExecutionId);
  return task;
}

export async function getInvocation(
  windowExecutionId: string,
  taskExecutionId: string,
  invocationId: string,
  context: Context,
): Promise<{ readonly invocation: Invocation; readonly task: TaskExecution }> {
  const task = await getTaskExecution(windowExecutionId, taskExecutionId, context);
  const invocations = await listInvocations(context.db, taskExecutionId);
  const invocation = invocations.find((one) => one.invocationId === invocationId);
  if (!invocation) throw notFound(`invocation of the task execution ${taskExecutionId} with the id`, invocationId);
  return { invocation, task };
}

/**
 * Stops an execution: what has not begun never will, what runs is left to end (SSM API, CancelMaintenanceWindowExecution).
 * One that has ended stays as it ended.
 */
export async function cancelExecution(windowExecutionId: string, context: OperationContext): Promise<void> {
  await getExecution(windowExecutionId, context);
  const execution = await lockExecution(context.db, windowExecutionId);
  if (!execution || execution.endedAt !== null) return;
  await updateExecution(context.db, windowExecutionId, {
    status: 'CANCELLING',
    statusDetails: 'Cancelled: what runs is left to end.',
    dueAt: context.now,
  });
  advanceExecutionAfterCommit(windowExecutionId, context);
}
