import type { OperationContext } from '../../../operations/operation.ts';
import { isOnline } from '../instances/presence.ts';
import { findNode, findNodesByTags } from '../instances/repository.ts';
import { requireWithinReach } from '../instances/within-reach.ts';
import { CommandError } from './errors.ts';
import type { CommandTarget } from './tables.ts';

/** Why a node gets no commands, and what to do. */
export function explainQuarantine(instanceId: string, reason: string): string {
  return `${instanceId} is in quarantine and gets no commands. ${reason} When only the right machine is left, release it with: patchbay node release ${instanceId}`;
}

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now' | 'principal' | 'reach'>;

/** SendCommand's InstanceIds: each must be a registered node that is online, or the whole call is refused. */
async function checkInstanceIds(instanceIds: readonly string[], context: Context): Promise<string[]> {
  const duplicate = instanceIds.find((id, index) => instanceIds.indexOf(id) !== index);
  if (duplicate) throw new CommandError('COMMAND_DUPLICATE_INSTANCE', `${duplicate} is named more than once.`);
  await requireWithinReach(instanceIds, 'ssm:SendCommand', context);
  for (const instanceId of instanceIds) {
    const node = await findNode(context.db, context, instanceId);
    if (!node) throw new CommandError('COMMAND_INSTANCE', `There is no registered node ${instanceId}.`);
    if (node.quarantineReason !== null) {
      throw new CommandError('COMMAND_INSTANCE', explainQuarantine(instanceId, node.quarantineReason));
    }
    if (node.platformType !== null && node.platformType !== 'Linux') {
      throw new CommandError(
        'COMMAND_PLATFORM',
        `The documents here are for Linux; ${instanceId} runs ${node.platformType}.`,
      );
    }
    if (!isOnline(node, context.now)) {
      const since = node.lastPingAt ? `was last heard of at ${node.lastPingAt.toISOString()}` : 'has never been online';
      throw new CommandError(
        'COMMAND_INSTANCE',
        `${instanceId} is not online (it ${since}). Start its agent, or address it by a tag to let the command wait for it.`,
      );
    }
  }
  return [...instanceIds];
}

/**
 * Targets: `tag:KEY`, `tag-key` and `InstanceIds`; several must all hold. Nodes that are offline are met when they come.
 * Tags choose among the nodes within the caller's reach; nodes that are named have to be within it.
 */
async function findTargets(targets: readonly CommandTarget[], context: Context): Promise<string[]> {
  const conditions = [];
  let named: readonly string[] | undefined;
  for (const { key, values } of targets) {
    // Without values a tag condition would mean any value, and a slip would reach every tagged node.
    if (values.length === 0) throw new CommandError('COMMAND_TARGETS', `The target ${key} needs values.`);
    if (key === 'InstanceIds') {
      const wanted = new Set(values);
      named = named ? named.filter((id) => wanted.has(id)) : values;
    } else if (key.startsWith('tag:')) conditions.push({ keys: [key.slice('tag:'.length)], values });
    else if (key === 'tag-key') conditions.push({ keys: values, values: [] });
    else {
      throw new CommandError(
        'COMMAND_TARGETS',
        `Targets can be chosen by tag:KEY, tag-key and InstanceIds, not by ${key}.`,
      );
    }
  }
  if (named?.includes('*')) named = undefined;
  if (named) await requireWithinReach(named, 'ssm:SendCommand', context);
  const found = await findNodesByTags(context.db, context, conditions, context.reach);
  const chosen = new Set(named);
  return named ? found.filter((id) => chosen.has(id)) : found;
}

/** The nodes that a command goes to, as they are at the moment of the call. */
export async function resolveTargets(
  instanceIds: readonly string[],
  targets: readonly CommandTarget[],
  context: Context,
): Promise<string[]> {
  if (instanceIds.length > 0 === targets.length > 0) {
    throw new CommandError('COMMAND_TARGETS', 'Give either InstanceIds or Targets, and not both.');
  }
  return instanceIds.length > 0 ? await checkInstanceIds(instanceIds, context) : await findTargets(targets, context);
}
