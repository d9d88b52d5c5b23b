import { type Kysely, sql } from 'kysely';
import { createMonthlyPartitionedTable } from '../partitions.ts';

/** Access keys of people and programs, the audit trail, idempotency tokens. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table access_keys (
      access_key_id text primary key,
      account_id text not null,
      user_name text not null,
      role text not null,
      sealed_secret text not null,
      created_at timestamptz not null,
      revoked_at timestamptz
    )`.execute(db);
  await createMonthlyPartitionedTable(db, {
    table: 'audit_events',
    column: 'happened_at',
    definition: `
    account_id text not null,
    region text not null,
    event_id uuid not null,
    happened_at timestamptz not null,
    principal text not null,
    action text not null,
    resource text not null,
    source_address text not null,
    request_id text not null,
    result text not null,
    input jsonb not null,
    primary key (happened_at, event_id)`,
  });
  await sql`create index audit_events_by_action on audit_events (account_id, region, action, happened_at)`.execute(db);
  await sql`
    create table idempotency_tokens (
      account_id text not null,
      region text not null,
      operation text not null,
      token text not null,
      input_hash text not null,
      output jsonb not null,
      created_at timestamptz not null,
      primary key (account_id, region, operation, token)
    )`.execute(db);
}
