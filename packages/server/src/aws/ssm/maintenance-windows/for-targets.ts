import { choosesNode, namesTheSame, type TargetableNode } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { findNodesByTags, type TagCondition } from '../instances/repository.ts';
import { listTargets } from '../maintenance-window-targets/repository.ts';
import { keepTargetsWithinReach, readTargets } from '../maintenance-window-targets/service.ts';
import type { WindowTarget } from '../maintenance-window-targets/tables.ts';
import { listTasksNamingNodes } from '../maintenance-window-tasks/repository.ts';
import { readTagsOfMany } from '../tags/repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'reach'>;

/** The registered nodes within reach that targets choose now, with their tags. */
async function findChosenNodes(targets: readonly WindowTarget[], context: Context): Promise<TargetableNode[]> {
  const conditions = targets.flatMap(({ key, values }): TagCondition[] => {
    if (key === 'InstanceIds') return [];
    return key === 'tag-key' ? [{ keys: values, values: [] }] : [{ keys: [key.slice('tag:'.length)], values }];
  });
  const found = await findNodesByTags(context.db, context, conditions, context.reach);
  const named = targets.filter(({ key }) => key === 'InstanceIds');
  const instanceIds = found.filter((instanceId) => named.every(({ values }) => values.includes(instanceId)));
  const tags = await readTagsOfMany(context.db, context, 'ManagedInstance', instanceIds);
  return instanceIds.map((instanceId) => ({ instanceId, tags: tags.get(instanceId) ?? new Map() }));
}

/**
 * The windows that are for targets: one of their registered targets, or of the nodes that their tasks name, chooses one
 * of the nodes that these targets choose now, or speaks of the same ids and tags. A caller with a limit asks about nodes
 * within it.
 */
export async function findWindowIdsForTargets(
  targets: readonly WindowTarget[],
  context: Context,
): Promise<ReadonlySet<string>> {
  const asked = await keepTargetsWithinReach(readTargets(targets), context);
  if (asked.some(({ values }) => values.length === 0)) return new Set();
  const nodes = await findChosenNodes(asked, context);
  const tasks = await listTasksNamingNodes(context.db, context);
  const groups = [
    ...(await listTargets(context.db, context)),
    ...tasks.map(({ windowId, content }) => ({ windowId, targets: content.targets })),
  ];
  return new Set(
    groups
      .filter((group) => namesTheSame(asked, group.targets) || nodes.some((node) => choosesNode(group.targets, node)))
      .map(({ windowId }) => windowId),
  );
}
