import { type Kysely, sql } from 'kysely';

/** Cancelling commands, answers that come late, and what a node says about the machine that it is. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table command_invocations
      add column cancel_id uuid unique,
      add column cancel_visible_at timestamptz,
      add column cancel_acknowledged_at timestamptz,
      add column answered_at timestamptz`.execute(db);
  await sql`drop index command_invocations_waiting`.execute(db);
  await sql`
    create index command_invocations_open on command_invocations (instance_id, requested_at)
      where finished_at is null`.execute(db);
  await sql`
    alter table nodes
      add column previous_instance_id text references nodes,
      add column machine_id_hash text,
      add column boot_id text,
      add column agent_run_id text,
      add column earlier_run_ids jsonb not null default '[]',
      add column clock_skew_seconds integer,
      add column presence_at timestamptz,
      add column stopped_at timestamptz,
      add column quarantined_at timestamptz,
      add column quarantine_reason text,
      add column archived_at timestamptz`.execute(db);
  await sql`create index nodes_by_machine on nodes (account_id, region, machine_id_hash)`.execute(db);
  await sql`create index nodes_by_fingerprint on nodes (account_id, region, fingerprint)`.execute(db);
}
