import { applyDocumentName, hooksDocumentName, patchDocumentName } from '@patchbay/patching';
import { resolveTargets } from '../../aws/ssm/commands/targets.ts';
import type { WindowTarget } from '../../aws/ssm/maintenance-window-targets/tables.ts';
import type { WindowTaskContent } from '../../aws/ssm/maintenance-window-tasks/tables.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { PatchPlanError } from './errors.ts';
import { listWindowTargets, listWindowTasks } from './window-repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now' | 'principal' | 'reach'>;

/** Parameters that put something else in the place of the baseline, which a plan goes by. */
const overrides = ['BaselineOverride', 'InstallOverrideList'];

function parametersOf({ taskInvocationParameters, taskParameters }: WindowTaskContent): Map<string, readonly string[]> {
  const given = taskInvocationParameters?.runCommand?.parameters;
  if (given) return new Map(Object.entries(given));
  return new Map(Object.entries(taskParameters ?? {}).map(([name, { values }]) => [name, values ?? []]));
}

/** Whether a task of a window installs patches by the baselines, or carries out a plan. */
function installsPatches(taskArn: string, content: WindowTaskContent): boolean {
  // A name, or an ARN that ends in it.
  const documentName = taskArn.slice(taskArn.lastIndexOf('/') + 1);
  if (documentName === applyDocumentName) return true;
  if (documentName !== patchDocumentName && documentName !== hooksDocumentName) return false;
  return parametersOf(content).get('Operation')?.[0] === 'Install';
}

/** The nodes on which the tasks of a window would install patches if they ran now. */
export async function findNodesOfWindow(windowId: string, context: Context): Promise<string[]> {
  const tasks = await listWindowTasks(context.db, context, windowId);
  const patching = tasks.filter(({ taskArn, taskType, content }) => {
    return taskType === 'RUN_COMMAND' && installsPatches(taskArn, content);
  });
  if (patching.length === 0) {
    throw new PatchPlanError(
      'PATCH_PLAN_TARGETS',
      `There is no window ${windowId} with a RUN_COMMAND task that installs patches (${patchDocumentName} or ${hooksDocumentName} with Operation Install, or ${applyDocumentName}).`,
    );
  }
  const registered = new Map(
    (await listWindowTargets(context.db, context, windowId)).map(({ windowTargetId, targets }) => [
      windowTargetId,
      targets,
    ]),
  );
  const found = new Set<string>();
  for (const { windowTaskId, content } of patching) {
    const overriding = overrides.find((name) => (parametersOf(content).get(name) ?? []).some((value) => value !== ''));
    if (overriding !== undefined) {
      throw new PatchPlanError(
        'PATCH_PLAN_TARGETS',
        `The task ${windowTaskId} patches by its ${overriding}; a plan goes by the baselines as they are registered.`,
      );
    }
    for (const targets of listSelections(content.targets, registered)) {
      for (const instanceId of await resolveTargets([], targets, context)) found.add(instanceId);
    }
  }
  return [...found].sort();
}

/** What a task's targets stand for: each registered target is a selection of its own, and so are nodes by their ids. */
function listSelections(
  targets: readonly WindowTarget[],
  registered: ReadonlyMap<string, readonly WindowTarget[]>,
): (readonly WindowTarget[])[] {
  return targets.flatMap((target) =>
    target.key === 'WindowTargetIds'
      ? target.values.flatMap((id) => {
          const selection = registered.get(id);
          return selection === undefined ? [] : [selection];
        })
      : [[target]],
  );
}
