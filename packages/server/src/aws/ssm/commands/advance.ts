import { decideDispatch, summarizeCommand } from '@patchbay/patching';
import type { Dependencies } from '../../../dependencies.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { countProgress, dispatchQueued, endOverdue, terminateQueued } from './progress-repository.ts';
import { lockCommand, updateCommand } from './repository.ts';

/** The topic on which a node's long poll waits. */
export const nodeTopic = 'node';

type Context = Pick<OperationContext, 'db' | 'now'> & { readonly dependencies: Pick<Dependencies, 'wake'> };

/**
 * Brings a command forward as far as it goes at this moment: ends what is overdue, lets out what may go, sums up. It
 * is safe to call at any time and from any replica; the locked row makes one caller wait for the other. What it does is
 * counted and changed by the database, so that a reply costs the same for ten nodes and for ten thousand.
 */
export async function advanceCommand(commandId: string, context: Context): Promise<void> {
  const { db, now, dependencies } = context;
  const command = await lockCommand(db, commandId);
  if (!command || ['Success', 'Failed', 'Cancelled', 'TimedOut'].includes(command.status)) return;
  await endOverdue(db, command, now);
  const before = await countProgress(db, commandId);
  const decision = decideDispatch(command, before.counts);
  const dispatched = await dispatchQueued(db, commandId, decision.dispatchCount, now);
  await dependencies.wake.notify(db, nodeTopic, dispatched);
  if (decision.isErrorLimitExceeded) await terminateQueued(db, commandId, now);

  const { counts, isStarted, cancelling } = decision.isErrorLimitExceeded ? await countProgress(db, commandId) : before;
  const isCancelling = cancelling > 0 && cancelling === counts.queued + counts.running;
  const running = isCancelling ? 'Cancelling' : isStarted ? 'InProgress' : 'Pending';
  await updateCommand(db, commandId, {
    ...(decision.isFinished ? summarizeCommand(command, counts) : { status: running, statusDetails: running }),
    completedCount: command.targetCount - counts.queued - counts.running,
    errorCount: counts.failed,
    deliveryTimedOutCount: counts.undelivered,
  });
}
