import { decideDispatch, type InvocationProgress, summarizeCommand } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import {
  type Command,
  type Invocation,
  listInvocationsOf,
  lockCommand,
  updateCommand,
  updateInvocations,
} from './repository.ts';

/** The topic on which a node's long poll waits. */
export const nodeTopic = 'node';

type Context = Pick<OperationContext, 'db' | 'now' | 'dependencies'>;

const ends: Readonly<Record<string, InvocationProgress>> = {
  Success: 'succeeded',
  Failed: 'failed',
  Cancelled: 'cancelled',
};

function progressOf(invocation: Invocation): InvocationProgress {
  if (invocation.finishedAt) {
    if (invocation.statusDetails === 'DeliveryTimedOut' || invocation.statusDetails === 'Undeliverable') {
      return 'undelivered';
    }
    return ends[invocation.status] ?? 'failed';
  }
  return invocation.dispatchedAt ? 'running' : 'queued';
}

/** How an invocation ends that is past its time; undefined while it is not. */
function overdueEnd(
  invocation: Invocation,
  command: Command,
  now: Date,
): { status: string; statusDetails: string } | undefined {
  if (invocation.finishedAt) return undefined;
  const isUndelivered = !invocation.acknowledgedAt && invocation.deliveryExpiresAt <= now;
  // On expiry AWS reports what was delivered and never answered as DeliveryTimedOut as well: only the agent can say
  // that an execution timed out.
  if (isUndelivered || command.expiresAfter <= now) return { status: 'TimedOut', statusDetails: 'DeliveryTimedOut' };
  return undefined;
}

/** The end of a command. What no agent could read was delivered and did not time out: the command has failed then. */
function summarize(command: Command, invocations: readonly Invocation[]): { status: string; statusDetails: string } {
  const summary = summarizeCommand(command, invocations.map(progressOf));
  const isTimedOut = invocations.some(({ statusDetails }) => statusDetails === 'DeliveryTimedOut');
  return summary.status === 'TimedOut' && !isTimedOut ? { status: 'Failed', statusDetails: 'Failed' } : summary;
}

/**
 * Brings a command forward as far as it goes at this moment: ends what is overdue, lets out what may go, sums up. It
 * is safe to call at any time and from any replica; the locked row makes one caller wait for the other.
 */
export async function advanceCommand(commandId: string, context: Context): Promise<void> {
  const { db, now, dependencies } = context;
  const command = await lockCommand(db, commandId);
  if (!command || ['Success', 'Failed', 'Cancelled', 'TimedOut'].includes(command.status)) return;
  let invocations = await listInvocationsOf(db, commandId);

  for (const invocation of invocations) {
    const end = overdueEnd(invocation, command, now);
    if (end) await updateInvocations(db, commandId, [invocation.instanceId], { ...end, finishedAt: now });
  }
  invocations = await listInvocationsOf(db, commandId);

  const decision = decideDispatch(command, invocations.map(progressOf));
  const queued = invocations.filter((invocation) => progressOf(invocation) === 'queued');
  const dispatched = queued.slice(0, decision.dispatchCount).map((invocation) => invocation.instanceId);
  await updateInvocations(db, commandId, dispatched, { dispatchedAt: now });
  for (const instanceId of dispatched) await dependencies.wake.notify(db, nodeTopic, instanceId);
  if (decision.isErrorLimitExceeded) {
    const terminated = queued.map((invocation) => invocation.instanceId);
    await updateInvocations(db, commandId, terminated, {
      status: 'Cancelled',
      statusDetails: 'Terminated',
      finishedAt: now,
    });
  }

  const final =
    dispatched.length > 0 || decision.isErrorLimitExceeded ? await listInvocationsOf(db, commandId) : invocations;
  const progress = final.map(progressOf);
  const isFinished = progress.every((each) => each !== 'queued' && each !== 'running');
  const isStarted = final.some((invocation) => invocation.acknowledgedAt);
  const running = isStarted ? 'InProgress' : 'Pending';
  await updateCommand(db, commandId, {
    ...(isFinished ? summarize(command, final) : { status: running, statusDetails: running }),
    completedCount: final.filter((invocation) => invocation.finishedAt).length,
    errorCount: progress.filter((each) => each === 'failed').length,
    deliveryTimedOutCount: final.filter(({ statusDetails }) => statusDetails === 'DeliveryTimedOut').length,
  });
}
