import type {
  CancelMaintenanceWindowExecutionRequest,
  CancelMaintenanceWindowExecutionResult,
  DescribeMaintenanceWindowExecutionsRequest,
  DescribeMaintenanceWindowExecutionsResult,
  DescribeMaintenanceWindowExecutionTaskInvocationsRequest,
  DescribeMaintenanceWindowExecutionTaskInvocationsResult,
  DescribeMaintenanceWindowExecutionTasksRequest,
  DescribeMaintenanceWindowExecutionTasksResult,
  GetMaintenanceWindowExecutionRequest,
  GetMaintenanceWindowExecutionResult,
  GetMaintenanceWindowExecutionTaskInvocationRequest,
  GetMaintenanceWindowExecutionTaskInvocationResult,
  GetMaintenanceWindowExecutionTaskRequest,
  GetMaintenanceWindowExecutionTaskResult,
} from '@aws-sdk/client-ssm';
import type { WindowExecutionStatus } from '@patchbay/patching';
import { anyResource, authorize } from '../../../operations/authorize.ts';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { choosesFreely } from '../maintenance-window-tasks/permissions.ts';
import { maintenanceWindowErrors } from '../maintenance-windows/errors.ts';
import { instantsOf, readWindowFilters, valuesOf } from '../maintenance-windows/filters.ts';
import { windowExecutionErrors } from './errors.ts';
import {
  type Invocation,
  listExecutions,
  listInvocations,
  listTaskExecutions,
  type TaskExecution,
  type WindowExecution,
} from './repository.ts';
import { cancelExecution, getExecution, getInvocation, getTaskExecution } from './service.ts';

const defaultPageSize = 50;

type Filters = DescribeMaintenanceWindowExecutionsRequest['Filters'];

/** AWS's `Window execution` members; what has not happened yet is absent. */
function times({ startedAt, endedAt }: { startedAt: Date | null; endedAt: Date | null }) {
  return { startTime: startedAt ?? undefined, endTime: endedAt ?? undefined };
}

function describeExecution({ windowId, windowExecutionId, status, statusDetails, ...execution }: WindowExecution) {
  return { windowId, windowExecutionId, status, statusDetails, ...times(execution) };
}

async function DescribeMaintenanceWindowExecutions(
  input: CamelCased<DescribeMaintenanceWindowExecutionsRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeMaintenanceWindowExecutionsResult>> {
  const filters = readWindowFilters(input.filters, ['ExecutedBefore', 'ExecutedAfter']);
  const page = startOfPage('DescribeMaintenanceWindowExecutions', input, context);
  const limit = input.maxResults ?? defaultPageSize;
  const [startedAt = '', windowExecutionId = ''] = page.after.split(' ');
  const found = await listExecutions(context.db, context, {
    windowId: input.windowId ?? '',
    executedBefore: instantsOf(filters, 'ExecutedBefore'),
    executedAfter: instantsOf(filters, 'ExecutedAfter'),
    after: page.after === '' ? undefined : { startedAt: new Date(startedAt), windowExecutionId },
    limit: limit + 1,
  });
  return {
    windowExecutions: found.slice(0, limit).map(describeExecution),
    nextToken: nextToken(page, found, limit, (last) => `${last.startedAt.toISOString()} ${last.windowExecutionId}`),
  };
}

async function GetMaintenanceWindowExecution(
  input: CamelCased<GetMaintenanceWindowExecutionRequest>,
  context: OperationContext,
): Promise<CamelCased<GetMaintenanceWindowExecutionResult>> {
  const execution = await getExecution(input.windowExecutionId ?? '', context);
  const tasks = await listTaskExecutions(context.db, execution.windowExecutionId);
  const { windowExecutionId, status, statusDetails } = execution;
  const taskIds = tasks.map((task) => task.taskExecutionId);
  return { windowExecutionId, taskIds, status, statusDetails, ...times(execution) };
}

/** One page of a list that is read whole: of the tasks of a window, or the target groups of a task. */
function pageOf<Entry extends { readonly status: WindowExecutionStatus; readonly position: number }>(
  operationName: string,
  all: readonly Entry[],
  input: {
    readonly filters?: CamelCased<Filters>;
    readonly maxResults?: number | undefined;
    nextToken?: string | undefined;
  },
  context: OperationContext,
): { readonly entries: readonly Entry[]; readonly nextToken: string | undefined } {
  const statuses = valuesOf(readWindowFilters(input.filters, ['STATUS']), 'STATUS');
  const page = startOfPage(operationName, input, context);
  const limit = input.maxResults ?? defaultPageSize;
  const after = page.after === '' ? -1 : Number(page.after);
  const found = all
    .filter((entry) => entry.position > after && statuses.every((each) => each.includes(entry.status)))
    .slice(0, limit + 1);
  return {
    entries: found.slice(0, limit),
    nextToken: nextToken(page, found, limit, (last) => String(last.position)),
  };
}

function describeTask({ content, ...task }: TaskExecution) {
  const { windowExecutionId, taskExecutionId, status, statusDetails } = task;
  const { taskArn, taskType, alarmConfiguration } = content;
  return {
    windowExecutionId,
    taskExecutionId,
    status,
    statusDetails,
    ...times(task),
    taskArn,
    taskType,
    alarmConfiguration,
  };
}

async function DescribeMaintenanceWindowExecutionTasks(
  input: CamelCased<DescribeMaintenanceWindowExecutionTasksRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeMaintenanceWindowExecutionTasksResult>> {
  const { windowExecutionId } = await getExecution(input.windowExecutionId ?? '', context);
  const all = await listTaskExecutions(context.db, windowExecutionId);
  const { entries, nextToken } = pageOf('DescribeMaintenanceWindowExecutionTasks', all, input, context);
  return { windowExecutionTaskIdentities: entries.map(describeTask), nextToken };
}

/** Whether this caller may see what a task is told: a script may hold a secret, a patch run does not. */
function mayShowParameters({ content }: TaskExecution, { principal }: OperationContext): boolean {
  return (
    !choosesFreely({ taskArn: content.taskArn, content }) || authorize(principal, 'patchbay:ReadSecrets', anyResource)
  );
}

async function GetMaintenanceWindowExecutionTask(
  input: CamelCased<GetMaintenanceWindowExecutionTaskRequest>,
  context: OperationContext,
): Promise<CamelCased<GetMaintenanceWindowExecutionTaskResult>> {
  const task = await getTaskExecution(input.windowExecutionId ?? '', input.taskId ?? '', context);
  const { taskType, ...described } = describeTask(task);
  const { serviceRoleArn, taskParameters, priority, maxConcurrency, maxErrors } = task.content;
  return {
    ...described,
    type: taskType,
    serviceRole: serviceRoleArn,
    taskParameters: taskParameters && mayShowParameters(task, context) ? [taskParameters] : undefined,
    priority,
    maxConcurrency,
    maxErrors,
  };
}

function describeInvocation(invocation: Invocation, task: TaskExecution, context: OperationContext) {
  return {
    windowExecutionId: task.windowExecutionId,
    taskExecutionId: invocation.taskExecutionId,
    invocationId: invocation.invocationId,
    executionId: invocation.executionId ?? undefined,
    taskType: task.content.taskType,
    parameters: mayShowParameters(task, context) ? (invocation.parameters ?? undefined) : undefined,
    status: invocation.status,
    statusDetails: invocation.statusDetails,
    ...times(invocation),
    ownerInformation: invocation.ownerInformation ?? undefined,
    windowTargetId: invocation.windowTargetId ?? undefined,
  };
}

async function DescribeMaintenanceWindowExecutionTaskInvocations(
  input: CamelCased<DescribeMaintenanceWindowExecutionTaskInvocationsRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeMaintenanceWindowExecutionTaskInvocationsResult>> {
  const task = await getTaskExecution(input.windowExecutionId ?? '', input.taskId ?? '', context);
  const all = await listInvocations(context.db, task.taskExecutionId);
  const { entries, nextToken } = pageOf('DescribeMaintenanceWindowExecutionTaskInvocations', all, input, context);
  return {
    windowExecutionTaskInvocationIdentities: entries.map((invocation) => describeInvocation(invocation, task, context)),
    nextToken,
  };
}

async function GetMaintenanceWindowExecutionTaskInvocation(
  input: CamelCased<GetMaintenanceWindowExecutionTaskInvocationRequest>,
  context: OperationContext,
): Promise<CamelCased<GetMaintenanceWindowExecutionTaskInvocationResult>> {
  const { windowExecutionId = '', taskId = '', invocationId = '' } = input;
  const { invocation, task } = await getInvocation(windowExecutionId, taskId, invocationId, context);
  return describeInvocation(invocation, task, context);
}

async function CancelMaintenanceWindowExecution(
  input: CamelCased<CancelMaintenanceWindowExecutionRequest>,
  context: OperationContext,
): Promise<CamelCased<CancelMaintenanceWindowExecutionResult>> {
  await cancelExecution(input.windowExecutionId ?? '', context);
  return { windowExecutionId: input.windowExecutionId };
}

const errors = { ...maintenanceWindowErrors, ...windowExecutionErrors };

export const maintenanceWindowExecutionOperations = {
  DescribeMaintenanceWindowExecutions: operation({ handle: DescribeMaintenanceWindowExecutions, errors }),
  GetMaintenanceWindowExecution: operation({ handle: GetMaintenanceWindowExecution, errors }),
  DescribeMaintenanceWindowExecutionTasks: operation({ handle: DescribeMaintenanceWindowExecutionTasks, errors }),
  GetMaintenanceWindowExecutionTask: operation({ handle: GetMaintenanceWindowExecutionTask, errors }),
  DescribeMaintenanceWindowExecutionTaskInvocations: operation({
    handle: DescribeMaintenanceWindowExecutionTaskInvocations,
    errors,
  }),
  GetMaintenanceWindowExecutionTaskInvocation: operation({
    handle: GetMaintenanceWindowExecutionTaskInvocation,
    errors,
  }),
  CancelMaintenanceWindowExecution: operation({ handle: CancelMaintenanceWindowExecution, errors }),
};
