import { readWindowTargets } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { keepWithinReach } from '../instances/repository.ts';
import { listTasksUsingTarget } from '../maintenance-window-tasks/repository.ts';
import { MaintenanceWindowError, refuseProblems } from '../maintenance-windows/errors.ts';
import { getWindowForChange } from '../maintenance-windows/service.ts';
import { WindowTargetError } from './errors.ts';
import {
  countTargets,
  deleteTargetRow,
  findTarget,
  insertTarget,
  type RegisteredTarget,
  updateTargetRow,
} from './repository.ts';
import type { WindowTarget } from './tables.ts';

/** What is said of a target; null is what was not given. */
export interface TargetDefinition {
  readonly targets: readonly WindowTarget[];
  readonly ownerInformation: string | null;
  readonly name: string | null;
  readonly description: string | null;
}

/** Refuses resource groups: there are none here. */
export function requireInstances(resourceType: string): void {
  if (resourceType === 'INSTANCE') return;
  const message = `Targets of type ${resourceType} are not supported: use INSTANCE and choose nodes by tag:KEY, tag-key or InstanceIds.`;
  refuseProblems([{ path: 'ResourceType', message }]);
}

/** Targets as they are stored and compared; refuses those of an unknown shape. */
export function readTargets(targets: readonly WindowTarget[]): readonly WindowTarget[] {
  const reading = readWindowTargets(targets);
  if (reading.ok) return reading.targets;
  refuseProblems(reading.problems);
  return [];
}

function toColumns({ targets, ...definition }: TargetDefinition) {
  return { ...definition, targets: JSON.stringify(readTargets(targets)) };
}

export async function registerTarget(
  windowId: string,
  resourceType: string,
  definition: TargetDefinition,
  context: OperationContext,
): Promise<string> {
  requireInstances(resourceType);
  const columns = toColumns(definition);
  await getWindowForChange(windowId, context);
  const quota = context.dependencies.quotas['targets-per-maintenance-window'];
  if ((await countTargets(context.db, windowId)) >= quota) {
    throw new WindowTargetError('WINDOW_TARGET_LIMIT', `A maintenance window can have at most ${quota} targets.`);
  }
  const { accountId, region, now } = context;
  const windowTargetId = context.dependencies.randomId();
  await insertTarget(context.db, {
    accountId,
    region,
    windowTargetId,
    windowId,
    resourceType,
    ...columns,
    createdAt: now,
  });
  return windowTargetId;
}

async function getTargetForChange(
  windowId: string,
  windowTargetId: string,
  context: OperationContext,
): Promise<RegisteredTarget> {
  await getWindowForChange(windowId, context);
  const target = await findTarget(context.db, context, windowId, windowTargetId);
  if (target) return target;
  throw new WindowTargetError(
    'WINDOW_TARGET_NOT_FOUND',
    `Maintenance window ${windowId} has no target ${windowTargetId}`,
  );
}

/** Changes a target. What is not given stays, or with `replace` is taken away. */
export async function changeTarget(
  windowId: string,
  windowTargetId: string,
  change: { readonly [Member in keyof TargetDefinition]?: TargetDefinition[Member] | undefined },
  replace: boolean,
  context: OperationContext,
): Promise<RegisteredTarget> {
  const current = await getTargetForChange(windowId, windowTargetId, context);
  const kept = replace ? { targets: undefined, ownerInformation: null, name: null, description: null } : current;
  const targets = change.targets ?? kept.targets;
  if (!targets) {
    throw new MaintenanceWindowError(
      'WINDOW_INVALID',
      'Targets is required when Replace is true, as RegisterTargetWithMaintenanceWindow requires it.',
    );
  }
  const columns = toColumns({
    targets,
    ownerInformation: change.ownerInformation ?? kept.ownerInformation,
    name: change.name ?? kept.name,
    description: change.description ?? kept.description,
  });
  await updateTargetRow(context.db, windowTargetId, columns);
  return { ...current, ...columns, targets: [...readTargets(targets)] };
}

/** Takes a target away. Tasks that name it keep its id, unless it is to be done safely: then they keep the target. */
export async function deregisterTarget(
  windowId: string,
  windowTargetId: string,
  isSafe: boolean,
  context: OperationContext,
): Promise<void> {
  await getTargetForChange(windowId, windowTargetId, context);
  const [task] = isSafe ? await listTasksUsingTarget(context.db, context, windowId, windowTargetId) : [];
  if (task) {
    throw new WindowTargetError(
      'WINDOW_TARGET_IN_USE',
      `The target ${windowTargetId} is used by the task ${task.windowTaskId}. Deregister the task first, or do it without Safe.`,
    );
  }
  await deleteTargetRow(context.db, windowTargetId);
}

/** Targets as a caller may see them: without the ids of nodes out of reach. */
export async function keepTargetsWithinReach(
  targets: readonly WindowTarget[],
  context: Pick<OperationContext, 'db' | 'accountId' | 'region' | 'reach'>,
): Promise<{ key: string; values: string[] }[]> {
  return await Promise.all(
    targets.map(async ({ key, values }) => ({
      key,
      values: key === 'InstanceIds' ? await keepWithinReach(context.db, context, values, context.reach) : [...values],
    })),
  );
}
