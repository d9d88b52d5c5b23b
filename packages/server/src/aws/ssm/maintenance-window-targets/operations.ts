import type {
  DeregisterTargetFromMaintenanceWindowRequest,
  DeregisterTargetFromMaintenanceWindowResult,
  DescribeMaintenanceWindowTargetsRequest,
  DescribeMaintenanceWindowTargetsResult,
  RegisterTargetWithMaintenanceWindowRequest,
  RegisterTargetWithMaintenanceWindowResult,
  Target,
  UpdateMaintenanceWindowTargetRequest,
  UpdateMaintenanceWindowTargetResult,
} from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { readWindowFilters, valuesOf } from '../maintenance-windows/filters.ts';
import { getWindow, windowResource } from '../maintenance-windows/service.ts';
import { windowTargetErrors } from './errors.ts';
import { listTargets, type RegisteredTarget } from './repository.ts';
import { changeTarget, deregisterTarget, keepTargetsWithinReach, registerTarget } from './service.ts';
import type { WindowTarget } from './tables.ts';

/** Targets of the wire, whose members are optional there. */
export function fromWire(targets: readonly CamelCased<Target>[]): WindowTarget[] {
  return targets.map(({ key = '', values = [] }) => ({ key, values }));
}

async function RegisterTargetWithMaintenanceWindow(
  input: CamelCased<RegisterTargetWithMaintenanceWindowRequest>,
  context: OperationContext,
): Promise<CamelCased<RegisterTargetWithMaintenanceWindowResult>> {
  const { windowId = '', resourceType = '', targets = [] } = input;
  const { ownerInformation = null, name = null, description = null } = input;
  const definition = { targets: fromWire(targets), ownerInformation, name, description };
  return { windowTargetId: await registerTarget(windowId, resourceType, definition, context) };
}

async function UpdateMaintenanceWindowTarget(
  input: CamelCased<UpdateMaintenanceWindowTargetRequest>,
  context: OperationContext,
): Promise<CamelCased<UpdateMaintenanceWindowTargetResult>> {
  const { windowId = '', windowTargetId = '', replace = false, targets, ownerInformation, name, description } = input;
  const change = { targets: targets && fromWire(targets), ownerInformation, name, description };
  const changed = await changeTarget(windowId, windowTargetId, change, replace, context);
  const { resourceType: _resourceType, ...shown } = await describeTarget(changed, context);
  return shown;
}

async function DeregisterTargetFromMaintenanceWindow(
  input: CamelCased<DeregisterTargetFromMaintenanceWindowRequest>,
  context: OperationContext,
): Promise<CamelCased<DeregisterTargetFromMaintenanceWindowResult>> {
  const { windowId = '', windowTargetId = '', safe = false } = input;
  await deregisterTarget(windowId, windowTargetId, safe, context);
  return { windowId, windowTargetId };
}

async function describeTarget(target: RegisteredTarget, context: OperationContext) {
  return {
    windowId: target.windowId,
    windowTargetId: target.windowTargetId,
    resourceType: 'INSTANCE' as const,
    targets: await keepTargetsWithinReach(target.targets, context),
    ownerInformation: target.ownerInformation ?? undefined,
    name: target.name ?? undefined,
    description: target.description ?? undefined,
  };
}

async function DescribeMaintenanceWindowTargets(
  input: CamelCased<DescribeMaintenanceWindowTargetsRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeMaintenanceWindowTargetsResult>> {
  const filters = readWindowFilters(input.filters, ['Type', 'WindowTargetId', 'OwnerInformation']);
  const page = startOfPage('DescribeMaintenanceWindowTargets', input, context);
  const limit = input.maxResults ?? 50;
  const { windowId } = await getWindow(input.windowId ?? '', context);
  const found = await listTargets(context.db, context, {
    windowId,
    resourceTypes: valuesOf(filters, 'Type'),
    windowTargetIds: valuesOf(filters, 'WindowTargetId'),
    ownerInformation: valuesOf(filters, 'OwnerInformation'),
    afterWindowTargetId: page.after,
    limit: limit + 1,
  });
  return {
    targets: await Promise.all(found.slice(0, limit).map((target) => describeTarget(target, context))),
    nextToken: nextToken(page, found, limit, ({ windowTargetId }) => windowTargetId),
  };
}

const errors = windowTargetErrors;

export const maintenanceWindowTargetOperations = {
  RegisterTargetWithMaintenanceWindow: operation({
    handle: RegisterTargetWithMaintenanceWindow,
    errors,
    resource: windowResource,
  }),
  UpdateMaintenanceWindowTarget: operation({
    handle: UpdateMaintenanceWindowTarget,
    errors,
    resource: windowResource,
  }),
  DeregisterTargetFromMaintenanceWindow: operation({
    handle: DeregisterTargetFromMaintenanceWindow,
    errors,
    resource: windowResource,
  }),
  DescribeMaintenanceWindowTargets: operation({
    handle: DescribeMaintenanceWindowTargets,
    errors,
    resource: windowResource,
  }),
};
