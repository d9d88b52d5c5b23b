import type { ManagedNode } from '@patchbay/contracts';
import { observeMachine, type SeenMachine } from '@patchbay/patching';
import type { Dependencies } from '../../../dependencies.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { InstanceError } from './errors.ts';
import { findKnownNode, findNextNode, findPreviousLife, lockNode, type Node, updateNode } from './repository.ts';

/** SSM shows a node as lost when it missed two of the agent's five-minute pings. */
const onlineMilliseconds = 11 * 60_000;

type Contact = Pick<Node, 'lastPingAt' | 'stoppedAt'>;

/** Since when a node must have been heard of to count as online. */
export function onlineSince(now: Date): Date {
  return new Date(now.getTime() - onlineMilliseconds);
}

/** Whether a node is there: it was heard of lately and did not say goodbye since. */
export function isOnline({ lastPingAt, stoppedAt }: Contact, now: Date): boolean {
  return lastPingAt !== null && lastPingAt >= onlineSince(now) && stoppedAt === null;
}

/**
 * Holds a machine against what is known of its node and answers why the node is in quarantine, if it is. The first
 * report also finds out which node the machine was before it enrolled again.
 */
export async function recordMachine(
  instanceId: string,
  seen: SeenMachine,
  context: Pick<OperationContext, 'db' | 'now' | 'accountId' | 'region' | 'dependencies'>,
): Promise<string | null> {
  const { db, now } = context;
  const node = await lockNode(db, instanceId);
  if (!node) throw new InstanceError('INSTANCE_ID', `There is no registered node ${instanceId}.`);
  if (node.quarantineReason !== null) return node.quarantineReason;
  const observed = observeMachine(node, seen);
  if (observed.kind === 'doubtful') {
    context.dependencies.logger.warn({ instanceId, reason: observed.reason }, 'node quarantined');
    await updateNode(db, instanceId, { quarantinedAt: now, quarantineReason: observed.reason });
    return observed.reason;
  }
  const { machineIdHash, agentRunId, earlierRunIds } = observed.known;
  const previous =
    node.machineIdHash === null && node.previousInstanceId === null && machineIdHash !== null
      ? await findPreviousLife(db, node, machineIdHash, onlineSince(now))
      : undefined;
  const isSameBoot = seen.agentRunId === null || seen.bootId === node.bootId;
  // What every ping and all facts say is not worth a write.
  if (machineIdHash === node.machineIdHash && agentRunId === node.agentRunId && isSameBoot) return null;
  await updateNode(db, instanceId, {
    machineIdHash,
    agentRunId,
    earlierRunIds: JSON.stringify(earlierRunIds),
    ...(seen.agentRunId === null ? {} : { bootId: seen.bootId }),
    ...(previous === undefined ? {} : { previousInstanceId: previous }),
  });
  return null;
}

/** Which life of its agent polled last for a node, as this process saw it: only a change is worth a look. */
const pollingLives = new WeakMap<Dependencies, Map<string, string>>();

/**
 * Notices a second machine that polls for a node long before its next ping would tell: a life of the agent that had ended
 * and asks for commands quarantines the node, if both come to this process. Which life is the present one is said by
 * pings alone.
 */
export async function recordPoll(
  instanceId: string,
  agentRunId: string,
  { db, now, dependencies, ...scope }: Pick<OperationContext, 'db' | 'now' | 'accountId' | 'region' | 'dependencies'>,
): Promise<void> {
  const lives = pollingLives.get(dependencies) ?? new Map<string, string>();
  pollingLives.set(dependencies, lives);
  if (lives.get(instanceId) === agentRunId) return;
  const node = await findKnownNode(db, scope, instanceId);
  if (!node) return;
  lives.set(instanceId, agentRunId);
  const observed = observeMachine(node, { machineIdHash: '', bootId: '', agentRunId });
  if (observed.kind === 'same' || node.quarantineReason !== null) return;
  dependencies.logger.warn({ instanceId, reason: observed.reason }, 'node quarantined');
  await updateNode(db, instanceId, { quarantinedAt: now, quarantineReason: observed.reason });
}

export interface Presence extends SeenMachine {
  readonly state: 'running' | 'stopping';
  readonly agentRunId: string;
  readonly agentClock: string;
}

/** What an agent of ours says with every ping, and as its last word before it stops. */
export async function recordPresence(
  instanceId: string,
  presence: Presence,
  context: OperationContext,
): Promise<{ quarantineReason: string | null }> {
  const quarantineReason = await recordMachine(instanceId, presence, context);
  const { now } = context;
  const clockSkewSeconds = Math.round((Date.parse(presence.agentClock) - now.getTime()) / 1000);
  await updateNode(context.db, instanceId, {
    presenceAt: now,
    clockSkewSeconds: Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, clockSkewSeconds)),
    stoppedAt: presence.state === 'stopping' ? now : null,
  });
  return { quarantineReason };
}

/** Ends a quarantine. Who speaks next is the node; the lives before are forgotten, and so is its old machine-id. */
export async function releaseNode(instanceId: string, context: OperationContext): Promise<void> {
  const node = await requireKnownNode(instanceId, context);
  if (node.quarantinedAt === null) {
    throw new InstanceError('NOT_QUARANTINED', `${instanceId} is not in quarantine, so there is nothing to release.`);
  }
  await updateNode(context.db, instanceId, {
    quarantinedAt: null,
    quarantineReason: null,
    machineIdHash: null,
    agentRunId: null,
    earlierRunIds: '[]',
  });
}

/** A node that is or was registered. */
export async function requireKnownNode(instanceId: string, context: OperationContext): Promise<Node> {
  const node = await findKnownNode(context.db, context, instanceId);
  if (!node) throw new InstanceError('INSTANCE_ID', `There never was a node ${instanceId}.`);
  return node;
}

function stateOf(node: Node, now: Date): ManagedNode['state'] {
  if (node.deregisteredAt) return 'deregistered';
  if (node.archivedAt) return 'archived';
  if (!node.lastPingAt) return 'never-reported';
  return isOnline(node, now) ? 'online' : 'connection-lost';
}

/** All that is known of a node, in the words of our own operations. */
export async function describeManagedNode(
  node: Node,
  context: Pick<OperationContext, 'db' | 'now'>,
): Promise<ManagedNode> {
  const { quarantinedAt, quarantineReason } = node;
  return {
    instanceId: node.instanceId,
    name: node.name,
    state: stateOf(node, context.now),
    quarantine: quarantinedAt && { since: quarantinedAt.toISOString(), reason: quarantineReason ?? '' },
    registeredAt: node.registrationDate.toISOString(),
    deregisteredAt: node.deregisteredAt?.toISOString() ?? null,
    lastPingAt: node.lastPingAt?.toISOString() ?? null,
    stoppedAt: node.stoppedAt?.toISOString() ?? null,
    archivedAt: node.archivedAt?.toISOString() ?? null,
    agentVersion: node.agentVersion,
    clockSkewSeconds: node.clockSkewSeconds,
    previousInstanceId: node.previousInstanceId,
    nextInstanceId: (await findNextNode(context.db, node.instanceId)) ?? null,
  };
}
