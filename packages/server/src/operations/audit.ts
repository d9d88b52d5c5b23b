import type { Insertable } from 'kysely';
import type { Database } from '../database/tables.ts';
import type { AuditEventsTable } from './tables.ts';

export type AuditEvent = Omit<Insertable<AuditEventsTable>, 'input'> & { readonly input: unknown };

/** Adds to the audit trail, in the transaction of what it tells about. */
export async function recordAuditEvent(db: Database, event: AuditEvent): Promise<void> {
  await db
    .insertInto('auditEvents')
    .values({ ...event, input: JSON.stringify(event.input ?? {}) })
    .execute();
}
