import type {
  CreateMaintenanceWindowRequest,
  CreateMaintenanceWindowResult,
  DeleteMaintenanceWindowRequest,
  DeleteMaintenanceWindowResult,
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
import { addTags } from '../tags/service.ts';
import { MaintenanceWindowError, maintenanceWindowErrors } from './errors.ts';
import { readWindowFilters, valuesOf } from './filters.ts';
import { listWindows, type MaintenanceWindow } from './repository.ts';
import { changeWindow, createWindow, deleteWindow, getWindow, windowResource } from './service.ts';

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
    windowIdentities: found.slice(0, limit).map((window) => describeWindow(window)),
    nextToken: nextToken(page, found, limit, ({ windowId }) => windowId),
  };
}

const errors = maintenanceWindowErrors;

export const maintenanceWindowOperations = {
  CreateMaintenanceWindow: operation({ handle: CreateMaintenanceWindow, errors }),
  GetMaintenanceWindow: operation({ handle: GetMaintenanceWindow, errors, resource: windowResource }),
  UpdateMaintenanceWindow: operation({ handle: UpdateMaintenanceWindow, errors, resource: windowResource }),
  DeleteMaintenanceWindow: operation({ handle: DeleteMaintenanceWindow, errors, resource: windowResource }),
  DescribeMaintenanceWindows: operation({ handle: DescribeMaintenanceWindows, errors }),
};
