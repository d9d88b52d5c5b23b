import type {
  CreateMaintenanceWindowRequest,
  CreateMaintenanceWindowResult,
  DeleteMaintenanceWindowRequest,
  DeleteMaintenanceWindowResult,
  DescribeMaintenanceWindowScheduleRequest,
  DescribeMaintenanceWindowScheduleResult,
  DescribeMaintenanceWindowsForTargetRequest,
  DescribeMaintenanceWindowsForTargetResult,
  DescribeMaintenanceWindowsRequest,
  DescribeMaintenanceWindowsResult,
  GetMaintenanceWindowRequest,
  GetMaintenanceWindowResult,
  UpdateMaintenanceWindowRequest,
  UpdateMaintenanceWindowResult,
} from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { fromWire } from '../maintenance-window-targets/operations.ts';
import { requireInstances } from '../maintenance-window-targets/service.ts';
import { addTags } from '../tags/service.ts';
import { MaintenanceWindowError, maintenanceWindowErrors } from './errors.ts';
import { readWindowFilters, valuesOf } from './filters.ts';
import { findWindowIdsForTargets } from './for-targets.ts';
import { listWindows, type MaintenanceWindow } from './repository.ts';
import { changeWindow, createWindow, deleteWindow, getWindow, windowResource } from './service.ts';
import { listUpcoming, nextExecutionTime, readScheduleRange, writePosition } from './upcoming.ts';

async function CreateMaintenanceWindow(
  input: CamelCased<CreateMaintenanceWindowRequest>,
  context: OperationContext,
): Promise<CamelCased<CreateMaintenanceWindowResult>> {
  const windowId = await createWindow(
    {
      name: input.name ?? '',
      description: input.description ?? null,
      startDate: input.startDate ?? null,
      endDate: input.endDate ?? null,
      schedule: input.schedule ?? '',
      scheduleTimezone: input.scheduleTimezone ?? null,
      scheduleOffset: input.scheduleOffset ?? null,
      duration: input.duration ?? 0,
      cutoff: input.cutoff ?? 0,
      allowUnassociatedTargets: input.allowUnassociatedTargets ?? false,
      enabled: true,
    },
    context,
  );
  const tags = (input.tags ?? []).map(({ key = '', value = '' }) => ({ key, value }));
  await addTags({ resourceType: 'MaintenanceWindow', resourceId: windowId }, tags, context);
  return { windowId };
}

/** What every answer shows of a window. */
function describeWindow(window: MaintenanceWindow) {
  return {
    windowId: window.windowId,
    name: window.name,
    description: window.description ?? undefined,
    startDate: window.startDate ?? undefined,
    endDate: window.endDate ?? undefined,
    schedule: window.schedule,
    scheduleTimezone: window.scheduleTimezone ?? undefined,
    scheduleOffset: window.scheduleOffset ?? undefined,
    duration: window.duration,
    cutoff: window.cutoff,
    enabled: window.enabled,
  };
}

async function GetMaintenanceWindow(
  input: CamelCased<GetMaintenanceWindowRequest>,
  context: OperationContext,
): Promise<CamelCased<GetMaintenanceWindowResult>> {
  const window = await getWindow(input.windowId ?? '', context);
  return {
    ...describeWindow(window),
    nextExecutionTime: nextExecutionTime(window, context.now),
    allowUnassociatedTargets: window.allowUnassociatedTargets,
    createdDate: window.createdDate,
    modifiedDate: window.modifiedDate,
  };
}

async function UpdateMaintenanceWindow(
  input: CamelCased<UpdateMaintenanceWindowRequest>,
  context: OperationContext,
): Promise<CamelCased<UpdateMaintenanceWindowResult>> {
  const { windowId = '', replace = false, ...change } = input;
  const window = await changeWindow(windowId, change, replace, context);
  return { ...describeWindow(window), allowUnassociatedTargets: window.allowUnassociatedTargets };
}

async function DeleteMaintenanceWindow(
  input: CamelCased<DeleteMaintenanceWindowRequest>,
  context: OperationContext,
): Promise<CamelCased<DeleteMaintenanceWindowResult>> {
  await deleteWindow(input.windowId ?? '', context);
  return { windowId: input.windowId };
}

function readTruth(text: string): boolean {
  const lowered = text.toLowerCase();
  if (lowered === 'true' || lowered === 'false') return lowered === 'true';
  throw new MaintenanceWindowError(
    'WINDOW_INVALID',
    `Invalid Filter Value: ${text} for Key: Enabled, valid values are: true, false`,
  );
}

async function DescribeMaintenanceWindows(
  input: CamelCased<DescribeMaintenanceWindowsRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeMaintenanceWindowsResult>> {
  const filters = readWindowFilters(input.filters, ['Name', 'Enabled']);
  const page = startOfPage('DescribeMaintenanceWindows', input, context);
  const limit = input.maxResults ?? 50;
  const found = await listWindows(context.db, context, {
    names: valuesOf(filters, 'Name'),
    enabled: valuesOf(filters, 'Enabled').map((values) => values.map(readTruth)),
    afterWindowId: page.after,
    limit: limit + 1,
  });
  return {
    windowIdentities: found.slice(0, limit).map((window) => ({
      ...describeWindow(window),
      nextExecutionTime: nextExecutionTime(window, context.now),
    })),
    nextToken: nextToken(page, found, limit, ({ windowId }) => windowId),
  };
}

/** As many as a page shows whatever is asked for: each window is asked for so many of its openings. */
const mostResults = 100;

async function DescribeMaintenanceWindowsForTarget(
  input: CamelCased<DescribeMaintenanceWindowsForTargetRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeMaintenanceWindowsForTargetResult>> {
  requireInstances(input.resourceType ?? '');
  const page = startOfPage('DescribeMaintenanceWindowsForTarget', input, context);
  const limit = Math.min(input.maxResults ?? 50, mostResults);
  const windowIds = await findWindowIdsForTargets(fromWire(input.targets ?? []), context);
  const windows = await listWindows(context.db, context, { afterWindowId: page.after });
  const found = windows.filter(({ windowId }) => windowIds.has(windowId)).slice(0, limit + 1);
  return {
    windowIdentities: found.slice(0, limit).map(({ windowId, name }) => ({ windowId, name })),
    nextToken: nextToken(page, found, limit, ({ windowId }) => windowId),
  };
}

/** The windows that a schedule is asked of: one, those for targets, or all. */
async function findScheduledWindows(
  { windowId, targets, resourceType }: CamelCased<DescribeMaintenanceWindowScheduleRequest>,
  context: OperationContext,
): Promise<readonly MaintenanceWindow[]> {
  if ((targets === undefined) !== (resourceType === undefined)) {
    throw new MaintenanceWindowError('WINDOW_INVALID', 'Targets and ResourceType are given together or not at all.');
  }
  const windows =
    windowId === undefined ? await listWindows(context.db, context) : [await getWindow(windowId, context)];
  if (targets === undefined || resourceType === undefined) return windows;
  requireInstances(resourceType);
  const windowIds = await findWindowIdsForTargets(fromWire(targets), context);
  return windows.filter((window) => windowIds.has(window.windowId));
}

async function DescribeMaintenanceWindowSchedule(
  input: CamelCased<DescribeMaintenanceWindowScheduleRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeMaintenanceWindowScheduleResult>> {
  const filters = readWindowFilters(input.filters, ['ScheduledAfter', 'ScheduledBefore']);
  const range = readScheduleRange(filters, context.now);
  const page = startOfPage('DescribeMaintenanceWindowSchedule', input, context);
  const limit = Math.min(input.maxResults ?? mostResults, mostResults);
  const windows = await findScheduledWindows(input, context);
  const found = listUpcoming(windows, range, page.after, limit + 1);
  return {
    scheduledWindowExecutions: found
      .slice(0, limit)
      .map(({ windowId, name, executionTime }) => ({ windowId, name, executionTime })),
    nextToken: nextToken(page, found, limit, writePosition),
  };
}

const errors = maintenanceWindowErrors;

export const maintenanceWindowOperations = {
  CreateMaintenanceWindow: operation({ handle: CreateMaintenanceWindow, errors }),
  GetMaintenanceWindow: operation({ handle: GetMaintenanceWindow, errors, resource: windowResource }),
  UpdateMaintenanceWindow: operation({ handle: UpdateMaintenanceWindow, errors, resource: windowResource }),
  DeleteMaintenanceWindow: operation({ handle: DeleteMaintenanceWindow, errors, resource: windowResource }),
  DescribeMaintenanceWindowSchedule: operation({ handle: DescribeMaintenanceWindowSchedule, errors }),
  DescribeMaintenanceWindowsForTarget: operation({ handle: DescribeMaintenanceWindowsForTarget, errors }),
  DescribeMaintenanceWindows: operation({ handle: DescribeMaintenanceWindows, errors }),
};
