import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Invocation } from './repository.ts';

/**
 * A command that is to be handed to its node and not held back by a stop of all starts, or a cancellation that its node is
 * to be told of; of `waiting`.
 */
function isDeliverable(now: Date, agentRunId: string | null) {
  return sql<boolean>`waiting.dispatched_at is not null and waiting.finished_at is null
    and case when waiting.cancel_id is null
      then waiting.acknowledged_at is null and waiting.delivery_expires_at > ${now}
        and (waiting.visible_at is null or waiting.visible_at <= ${now})
        and not exists (
          select from start_stops where start_stops.account_id = waiting.account_id and start_stops.resumed_at is null)
      else waiting.cancel_acknowledged_at is null
        and (waiting.cancel_visible_at is null or waiting.cancel_visible_at <= ${now}) end
    and not exists (
      select from nodes where nodes.instance_id = waiting.instance_id
        and (nodes.quarantined_at is not null or nodes.earlier_run_ids @> to_jsonb(${agentRunId}::text)))`;
}

/** Nodes that have something to fetch; `isFree`, about `waiting`, tells which commands no freeze holds back. */
export async function listDeliverableNodes(
  db: Database,
  now: Date,
  isFree: RawBuilder<boolean> = sql<boolean>`true`,
): Promise<string[]> {
  const rows = await db
    .selectFrom('commandInvocations as waiting')
    .select('waiting.instanceId')
    .distinct()
    .where(isDeliverable(now, null))
    .where(sql<boolean>`(waiting.cancel_id is not null or ${isFree})`)
    .execute();
  return rows.map((row) => row.instanceId);
}

/**
 * Takes the oldest message that may go out to a node, a cancellation before a command, and hides it from the next call
 * until `visibleAt`, so that two polls of one node never get the same message at once. A command that has to be handed
 * out again is `Delayed` (Run Command, "Understanding command statuses"). A quarantined node gets nothing, nor does a life
 * of its agent that had ended; null for an agent that does not say which it is. `isFree`, about `waiting`, tells which
 * commands no freeze holds back.
 */
export async function takeDeliverable(
  db: Database,
  { instanceId, agentRunId }: { readonly instanceId: string; readonly agentRunId: string | null },
  now: Date,
  visibleAt: Date,
  isFree: RawBuilder<boolean> = sql<boolean>`true`,
): Promise<Invocation | undefined> {
  return await db
    .updateTable('commandInvocations')
    .set({
      visibleAt: sql<Date>`case when cancel_id is null then ${visibleAt} else visible_at end`,
      cancelVisibleAt: sql<Date>`case when cancel_id is null then null else ${visibleAt}::timestamptz end`,
      status: sql<string>`case when cancel_id is null and visible_at is not null then 'Delayed' else status end`,
      statusDetails: sql<string>`case when cancel_id is null and visible_at is not null then 'Delayed' else status_details end`,
    })
    .where('instanceId', '=', instanceId)
    .where('finishedAt', 'is', null)
    .where((where) => where.or([where('acknowledgedAt', 'is', null), where('cancelId', 'is not', null)]))
    .where('commandId', '=', (select) =>
      select
        .selectFrom('commandInvocations as waiting')
        .select('waiting.commandId')
        .where('waiting.instanceId', '=', instanceId)
        .where(isDeliverable(now, agentRunId))
        .where(sql<boolean>`(waiting.cancel_id is not null or ${isFree})`)
        .orderBy(sql`waiting.cancel_id is null`)
        .orderBy('waiting.requestedAt')
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .executeTakeFirst();
}
