import { asksArchives, decideDispatch, summarizeCommand } from '@patchbay/patching';
import type { Database } from '../../../database/tables.ts';
import { runInTransaction } from '../../../database/transaction.ts';
import type { Dependencies } from '../../../dependencies.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import {
  countPatching,
  countProgress,
  dispatchQueued,
  endOverdue,
  type Progress,
  terminateQueued,
} from './progress-repository.ts';
import { type Command, lockCommand, updateCommand } from './repository.ts';

/** The topic on which a node's long poll waits. */
export const nodeTopic = 'node';

type Context = Pick<OperationContext, 'db' | 'now'> & {
  readonly dependencies: Pick<Dependencies, 'wake' | 'mostPatchingNodes'>;
};

/** How many nodes more may begin with a command; those that patch ask archives, which have their limits. */
async function findRoom(command: Command, { db, now, dependencies }: Context): Promise<number> {
  const { mostPatchingNodes } = dependencies;
  if (mostPatchingNodes === Number.POSITIVE_INFINITY || !asksArchives(command.documentName)) {
    return Number.POSITIVE_INFINITY;
  }
  return mostPatchingNodes - (await countPatching(db, command, now));
}

/** The status of a command of which some invocations have not ended. */
export function describeOpen({ counts, isStarted, cancelling }: Progress): Pick<Command, 'status' | 'statusDetails'> {
  const isCancelling = cancelling > 0 && cancelling === counts.queued + counts.running;
  const status = isCancelling ? 'Cancelling' : isStarted ? 'InProgress' : 'Pending';
  return { status, statusDetails: status };
}

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
  const decision = decideDispatch(command, before.counts, await findRoom(command, context));
  const dispatched = await dispatchQueued(db, commandId, decision.dispatchCount, now);
  await dependencies.wake.notify(db, nodeTopic, dispatched);
  if (decision.isErrorLimitExceeded) await terminateQueued(db, commandId, now);

  const after = decision.isErrorLimitExceeded ? await countProgress(db, commandId) : before;
  const { counts } = after;
  await updateCommand(db, commandId, {
    ...(decision.isFinished ? summarizeCommand(command, counts) : describeOpen(after)),
    completedCount: command.targetCount - counts.queued - counts.running,
    errorCount: counts.failed,
    deliveryTimedOutCount: counts.undelivered,
  });
}

interface Advance {
  readonly running: Promise<void>;
  /** Begins when the running one has ended; whoever asks meanwhile shares it. */
  next: Promise<void> | null;
}

const advancesOf = new WeakMap<Database, Map<string, Advance>>();

/**
 * Brings a command forward for whoever asks at this moment: those that come while it is being brought forward share the
 * next time, so that thousands of replies do not wait for each other at the command's row. A replica that dies in
 * between leaves it to the sweep.
 */
export function advanceTogether(
  commandId: string,
  db: Database,
  dependencies: Pick<Dependencies, 'wake' | 'mostPatchingNodes' | 'clock'>,
): Promise<void> {
  const advances = advancesOf.get(db) ?? new Map<string, Advance>();
  advancesOf.set(db, advances);
  const start = (): Promise<void> => {
    const running = runInTransaction(db, (transaction) =>
      advanceCommand(commandId, { db: transaction, now: dependencies.clock(), dependencies }),
    );
    const advance: Advance = { running, next: null };
    advances.set(commandId, advance);
    return running.finally(() => {
      if (advance.next === null) advances.delete(commandId);
    });
  };
  const current = advances.get(commandId);
  if (!current) return start();
  current.next ??= current.running.catch(() => undefined).then(start);
  return current.next;
}

/** The same once the transaction of a call is committed. */
export function advanceAfterCommit(commandId: string, { afterCommit, dependencies }: OperationContext): void {
  afterCommit((db) => advanceTogether(commandId, db, dependencies));
}
