import { archiveDocuments, type InvocationProgress, noProgress, type ProgressCounts } from '@patchbay/patching';
import { sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Reach } from '../../../operations/authorize.ts';
import type { Scope } from '../../../operations/scope.ts';
import { onlineSince } from '../instances/presence.ts';
import { isNodeWithinReach } from '../tags/reach-condition.ts';
import type { Command } from './repository.ts';

/**
 * Ends what is past its time. On expiry AWS reports what was delivered and never answered as DeliveryTimedOut as well:
 * only the agent can say that an execution timed out.
 */
export async function endOverdue(db: Database, command: Command, now: Date): Promise<void> {
  let update = db
    .updateTable('commandInvocations')
    .set({ status: 'TimedOut', statusDetails: 'DeliveryTimedOut', finishedAt: now })
    .where('commandId', '=', command.commandId)
    .where('finishedAt', 'is', null);
  if (command.expiresAfter > now) {
    update = update.where('acknowledgedAt', 'is', null).where('deliveryExpiresAt', '<=', now);
  }
  await update.execute();
}

export interface Progress {
  readonly counts: ProgressCounts;
  /** Whether any invocation has reached its node. */
  readonly isStarted: boolean;
  /** How many were cancelled and have not ended. */
  readonly cancelling: number;
}

export const nothingDone: Progress = { counts: noProgress, isStarted: false, cancelling: 0 };

/** How far the invocations of commands have come: all of them, or those on nodes within somebody's reach. */
export async function listProgress(
  db: Database,
  commandIds: readonly string[],
  limits?: { readonly scope: Scope; readonly reach: Reach },
): Promise<ReadonlyMap<string, Progress>> {
  if (commandIds.length === 0) return new Map();
  const progress = sql<InvocationProgress>`case
    when finished_at is null and dispatched_at is null then 'queued'
    when finished_at is null then 'running'
    when status_details = 'DeliveryTimedOut' then 'undelivered'
    when status_details in ('Undeliverable', 'InvalidPlatform', 'AccessDenied') then 'undeliverable'
    when status = 'Success' then 'succeeded'
    when status = 'Cancelled' then 'cancelled'
    else 'failed' end`;
  let select = db
    .selectFrom('commandInvocations')
    .select((of) => [
      'commandId',
      progress.as('progress'),
      of.fn.countAll<number>().as('count'),
      of.fn.count<number>('acknowledgedAt').as('acknowledged'),
      sql<number>`count(*) filter (where cancel_id is not null)`.as('cancelled'),
    ])
    .where('commandId', 'in', commandIds);
  const withinReach = limits && isNodeWithinReach(limits.reach, limits.scope, 'commandInvocations.instanceId');
  if (withinReach) select = select.where(withinReach);
  const found = new Map<string, Progress>();
  for (const row of await select.groupBy(['commandId', 'progress']).execute()) {
    const { counts, isStarted, cancelling } = found.get(row.commandId) ?? nothingDone;
    found.set(row.commandId, {
      counts: { ...counts, [row.progress]: row.count },
      isStarted: isStarted || row.acknowledged > 0,
      cancelling: row.progress === 'running' ? row.cancelled : cancelling,
    });
  }
  return found;
}

/** How far the invocations of a command have come. */
export async function countProgress(db: Database, commandId: string): Promise<Progress> {
  return (await listProgress(db, [commandId])).get(commandId) ?? nothingDone;
}

/** Lets the next of the queued out, in the order of their ids, and tells which. */
export async function dispatchQueued(db: Database, commandId: string, count: number, now: Date): Promise<string[]> {
  if (count === 0) return [];
  const rows = await db
    .updateTable('commandInvocations')
    .set({ dispatchedAt: now })
    .where('commandId', '=', commandId)
    .where('instanceId', 'in', (select) =>
      select
        .selectFrom('commandInvocations as queued')
        .select('queued.instanceId')
        .where('queued.commandId', '=', commandId)
        .where('queued.dispatchedAt', 'is', null)
        .where('queued.finishedAt', 'is', null)
        .orderBy('queued.instanceId')
        .limit(count),
    )
    .returning('instanceId')
    .execute();
  return rows.map((row) => row.instanceId);
}

/** Ends what was never let out: more errors came before than the command allows. */
export async function terminateQueued(db: Database, commandId: string, now: Date): Promise<void> {
  await db
    .updateTable('commandInvocations')
    .set({ status: 'Cancelled', statusDetails: 'Terminated', finishedAt: now })
    .where('commandId', '=', commandId)
    .where('dispatchedAt', 'is', null)
    .where('finishedAt', 'is', null)
    .execute();
}

/**
 * How many nodes of the account have a command under way that asks archives. One that is offline and has not got it asks
 * nobody, however long it stays away.
 */
export async function countPatching(db: Database, { accountId, region }: Command, now: Date): Promise<number> {
  const row = await db
    .selectFrom('commandInvocations as invocation')
    .innerJoin('commands', 'commands.commandId', 'invocation.commandId')
    .innerJoin('nodes', 'nodes.instanceId', 'invocation.instanceId')
    .select((select) => select.fn.countAll<string>().as('count'))
    .where('invocation.accountId', '=', accountId)
    .where('invocation.region', '=', region)
    .where('invocation.dispatchedAt', 'is not', null)
    .where('invocation.finishedAt', 'is', null)
    .where('commands.documentName', 'in', archiveDocuments)
    .where((where) =>
      where.or([
        where('invocation.acknowledgedAt', 'is not', null),
        where.and([where('nodes.lastPingAt', '>=', onlineSince(now)), where('nodes.stoppedAt', 'is', null)]),
      ]),
    )
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Commands that ask archives, wait for room and have nothing under way: nobody's reply brings them forward. */
export async function listCrowdedOut(db: Database, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('commands')
    .select('commandId')
    .where('status', 'in', ['Pending', 'InProgress'])
    .where('documentName', 'in', archiveDocuments)
    .where(
      sql<boolean>`exists (select from command_invocations queued where queued.command_id = commands.command_id
        and queued.dispatched_at is null and queued.finished_at is null)
      and not exists (select from command_invocations running where running.command_id = commands.command_id
        and running.dispatched_at is not null and running.finished_at is null)`,
    )
    .orderBy('requestedAt')
    .limit(limit)
    .execute();
  return rows.map((row) => row.commandId);
}
