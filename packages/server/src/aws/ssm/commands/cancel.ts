import type { OperationContext } from '../../../operations/operation.ts';
import { keepWithinReach } from '../instances/repository.ts';
import { requireWithinReach } from '../instances/within-reach.ts';
import { advanceAfterCommit, advanceCommand, nodeTopic } from './advance.ts';
import { CommandError } from './errors.ts';
import { messageId } from './replies.ts';
import {
  type Command,
  findByCancelId,
  findCommand,
  findStrangers,
  type Invocation,
  lockCommand,
  lockOpenInvocations,
  updateInvocations,
} from './repository.ts';
import type { SendContext } from './service.ts';

function noSuchCommand(commandId: string): CommandError {
  return new CommandError('COMMAND_ID', `There is no command ${commandId}.`);
}

/** The nodes on which this caller cancels the command; an empty list means all of them. */
async function chooseNodes(
  { commandId, instanceIds }: Command,
  named: readonly string[],
  context: SendContext,
): Promise<readonly string[]> {
  if (named.length > 0) {
    await requireWithinReach(named, 'ssm:CancelCommand', context);
    return named;
  }
  if (context.reach.length === 0) return [];
  const reached = await keepWithinReach(context.db, context, instanceIds, context.reach);
  if (reached.length === 0) throw noSuchCommand(commandId);
  return reached;
}

/**
 * Cancels a command, on all of its nodes or on some. What no agent can have yet ends at once; whoever may have it is told,
 * and says how it ended. What has ended stays as it ended (SSM API, CancelCommand: "no guarantee"). Whoever is limited by
 * tags cancels it on the nodes within reach.
 */
export async function cancelCommand(commandId: string, named: readonly string[], context: SendContext): Promise<void> {
  const { db, now, dependencies } = context;
  const command = await findCommand(db, context, commandId);
  if (!command) throw noSuchCommand(commandId);
  const instanceIds = await chooseNodes(command, named, context);
  await lockCommand(db, commandId);
  const [stranger] = await findStrangers(db, commandId, instanceIds);
  if (stranger) throw new CommandError('COMMAND_INSTANCE', `The command ${commandId} was not sent to ${stranger}.`);
  const open = await lockOpenInvocations(db, commandId, instanceIds);
  const untouched = open.filter((invocation) => !invocation.visibleAt).map((invocation) => invocation.instanceId);
  await updateInvocations(db, commandId, untouched, {
    status: 'Cancelled',
    statusDetails: 'Cancelled',
    finishedAt: now,
  });
  const handedOut = open.filter((invocation) => invocation.visibleAt && invocation.cancelId === null);
  for (const { instanceId } of handedOut) {
    await updateInvocations(db, commandId, [instanceId], {
      status: 'Cancelling',
      statusDetails: 'Cancelling',
      cancelId: dependencies.randomId(),
    });
  }
  await dependencies.wake.notify(
    db,
    nodeTopic,
    handedOut.map((invocation) => invocation.instanceId),
  );
  await advanceCommand(commandId, context);
}

/** The cancellation that a message of this node tells of; undefined when the id is none of a cancellation. */
export async function findCancellation(id: string, context: OperationContext): Promise<Invocation | undefined> {
  const cancelId = /^aws\.ssm\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.mi-[0-9a-f]{17}$/.exec(id)?.[1];
  const invocation = cancelId === undefined ? undefined : await findByCancelId(context.db, cancelId);
  const { principal } = context;
  if (!invocation || principal.kind !== 'node' || principal.instanceId !== invocation.instanceId) return undefined;
  return id.endsWith(`.${invocation.instanceId}`) ? invocation : undefined;
}

/**
 * The agent knows of the cancellation. Where it never acknowledged the command, it can have begun nothing that it would
 * still report: that is the end. Otherwise its last reply is.
 */
export async function acknowledgeCancellation(invocation: Invocation, context: OperationContext): Promise<void> {
  const { commandId, instanceId } = invocation;
  const end = invocation.acknowledgedAt
    ? {}
    : { status: 'Cancelled', statusDetails: 'Cancelled', finishedAt: context.now };
  await updateInvocations(context.db, commandId, [instanceId], { ...end, cancelAcknowledgedAt: context.now });
  advanceAfterCommit(commandId, context);
}

/** What agents read of a cancellation (ssm-agent source, messagecontracts). */
export function writeCancelPayload({ commandId, instanceId }: Invocation): string {
  return JSON.stringify({ CancelMessageId: messageId(commandId, instanceId) });
}
