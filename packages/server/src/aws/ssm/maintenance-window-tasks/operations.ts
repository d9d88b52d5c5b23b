import type {
  DeregisterTaskFromMaintenanceWindowRequest,
  DeregisterTaskFromMaintenanceWindowResult,
  DescribeMaintenanceWindowTasksRequest,
  DescribeMaintenanceWindowTasksResult,
  GetMaintenanceWindowTaskRequest,
  GetMaintenanceWindowTaskResult,
  RegisterTaskWithMaintenanceWindowRequest,
  RegisterTaskWithMaintenanceWindowResult,
  UpdateMaintenanceWindowTaskRequest,
  UpdateMaintenanceWindowTaskResult,
} from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { fromWire } from '../maintenance-window-targets/operations.ts';
import { readWindowFilters, valuesOf } from '../maintenance-windows/filters.ts';
import { getWindow, windowResource } from '../maintenance-windows/service.ts';
import { describeTask } from './describe.ts';
import { WindowTaskError, windowTaskErrors } from './errors.ts';
import { listTasks } from './repository.ts';
import { changeTask, deregisterTask, getTask, registerTask } from './service.ts';

async function RegisterTaskWithMaintenanceWindow(
  input: CamelCased<RegisterTaskWithMaintenanceWindowRequest>,
  context: OperationContext,
): Promise<CamelCased<RegisterTaskWithMaintenanceWindowResult>> {
  const {
    windowId = '',
    clientToken: _token,
    taskArn = '',
    taskType = 'RUN_COMMAND',
    priority,
    targets = [],
    ...content
  } = input;
  const definition = { taskArn, taskType, priority, content: { ...content, targets: fromWire(targets) } };
  return { windowTaskId: await registerTask(windowId, definition, context) };
}

async function UpdateMaintenanceWindowTask(
  input: CamelCased<UpdateMaintenanceWindowTaskRequest>,
  context: OperationContext,
): Promise<CamelCased<UpdateMaintenanceWindowTaskResult>> {
  const { windowId = '', windowTaskId = '', replace = false, taskArn, priority, targets, ...content } = input;
  const change = { taskArn, priority, content: { ...content, targets: targets && fromWire(targets) } };
  const changed = await changeTask(windowId, windowTaskId, change, replace, context);
  const { taskType: _taskType, ...shown } = await describeTask(changed, context);
  return shown;
}

async function DeregisterTaskFromMaintenanceWindow(
  input: CamelCased<DeregisterTaskFromMaintenanceWindowRequest>,
  context: OperationContext,
): Promise<CamelCased<DeregisterTaskFromMaintenanceWindowResult>> {
  const { windowId = '', windowTaskId = '' } = input;
  await deregisterTask(windowId, windowTaskId, context);
  return { windowId, windowTaskId };
}

async function GetMaintenanceWindowTask(
  input: CamelCased<GetMaintenanceWindowTaskRequest>,
  context: OperationContext,
): Promise<CamelCased<GetMaintenanceWindowTaskResult>> {
  return await describeTask(await getTask(input.windowId ?? '', input.windowTaskId ?? '', context), context);
}

/** PostgreSQL's integer ends here, and so does AWS's. */
const highestPriority = 2_147_483_647;

function readPriority(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= highestPriority) return Number(text);
  throw new WindowTaskError(
    'WINDOW_TASK_INVALID',
    `Invalid Filter Value: ${text} for Key: Priority, valid values are: integers from 0`,
  );
}

async function DescribeMaintenanceWindowTasks(
  input: CamelCased<DescribeMaintenanceWindowTasksRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeMaintenanceWindowTasksResult>> {
  const filters = readWindowFilters(input.filters, ['WindowTaskId', 'TaskArn', 'Priority', 'TaskType']);
  const page = startOfPage('DescribeMaintenanceWindowTasks', input, context);
  const limit = input.maxResults ?? 50;
  const { windowId } = await getWindow(input.windowId ?? '', context);
  const found = await listTasks(context.db, context, {
    windowId,
    windowTaskIds: valuesOf(filters, 'WindowTaskId'),
    taskArns: valuesOf(filters, 'TaskArn'),
    taskTypes: valuesOf(filters, 'TaskType'),
    priorities: valuesOf(filters, 'Priority').map((values) => values.map(readPriority)),
    afterWindowTaskId: page.after,
    limit: limit + 1,
  });
  return {
    tasks: await Promise.all(
      found.slice(0, limit).map(async (task) => {
        // AWS calls it Type in this list, and shows only the older parameters.
        const { taskType, taskInvocationParameters: _parameters, ...shown } = await describeTask(task, context);
        return { ...shown, type: taskType };
      }),
    ),
    nextToken: nextToken(page, found, limit, ({ windowTaskId }) => windowTaskId),
  };
}

const errors = windowTaskErrors;

export const maintenanceWindowTaskOperations = {
  RegisterTaskWithMaintenanceWindow: operation({
    handle: RegisterTaskWithMaintenanceWindow,
    errors,
    resource: windowResource,
  }),
  UpdateMaintenanceWindowTask: operation({ handle: UpdateMaintenanceWindowTask, errors, resource: windowResource }),
  DeregisterTaskFromMaintenanceWindow: operation({
    handle: DeregisterTaskFromMaintenanceWindow,
    errors,
    resource: windowResource,
  }),
  GetMaintenanceWindowTask: operation({ handle: GetMaintenanceWindowTask, errors, resource: windowResource }),
  DescribeMaintenanceWindowTasks: operation({
    handle: DescribeMaintenanceWindowTasks,
    errors,
    resource: windowResource,
  }),
};
