import { type Insertable, sql } from 'kysely';
import { ConnectionError } from '../database/database-error.ts';
import type { Database } from '../database/tables.ts';
import { runInTransaction } from '../database/transaction.ts';
import type { AuditEventsTable } from './tables.ts';

export type AuditEvent = Omit<Insertable<AuditEventsTable>, 'input'> & { readonly input: unknown };

/** Adds to the audit trail, in the transaction of what it tells about. */
export async function recordAuditEvent(db: Database, event: AuditEvent): Promise<void> {
  await db
    .insertInto('auditEvents')
    .values({ ...event, input: JSON.stringify(event.input ?? {}) })
    .execute();
}

/** Adds what no transaction tells about; resolves when it is durable. */
export type RecordAuditEvent = (event: AuditEvent) => Promise<void>;

const mostEventsAtOnce = 200;

/** While one statement is on its way, the events of other calls gather for the next: one flush to disk serves many. */
export function createAuditTrail(db: Database): RecordAuditEvent {
  let waiting: { event: AuditEvent; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let isWriting = false;

  async function write(): Promise<void> {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, mostEventsAtOnce);
      waiting = waiting.slice(mostEventsAtOnce);
      try {
        await insertEvents(
          db,
          batch.map(({ event }) => event),
        );
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isWriting = false;
  }

  return (event) =>
    new Promise((resolve, reject) => {
      waiting.push({ event, resolve, reject });
      if (!isWriting) void write();
    });
}

/** One statement whatever the number of events, so that it is prepared once. */
async function insertEvents(db: Database, events: readonly AuditEvent[]): Promise<void> {
  const rows = JSON.stringify(
    events.map((event) => ({
      account_id: event.accountId,
      region: event.region,
      event_id: event.eventId,
      happened_at: event.happenedAt,
      principal: event.principal,
      action: event.action,
      resource: event.resource,
      source_address: event.sourceAddress,
      request_id: event.requestId,
      result: event.result,
      input: event.input ?? {},
    })),
  );
  const insert = sql`
    insert into audit_events select * from jsonb_populate_recordset(null::audit_events, ${rows}::jsonb)
    on conflict do nothing`;
  try {
    await insert.execute(db);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    // Whether it was kept before the connection broke cannot be told; an event that is there is not added again.
    await runInTransaction(db, (transaction) => insert.execute(transaction));
  }
}
