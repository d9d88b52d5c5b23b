import { type Kysely, sql } from 'kysely';
import { createMonthlyPartitionedTable } from '../partitions.ts';

/** Commands, their invocations, and the output of each step. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table commands (
      account_id text not null,
      region text not null,
      command_id text primary key,
      document_name text not null,
      document_version text not null,
      comment text not null,
      parameters jsonb not null,
      instance_ids jsonb not null,
      targets jsonb not null,
      timeout_seconds integer not null,
      max_concurrency text not null,
      max_errors text not null,
      requested_by text not null,
      requested_at timestamptz not null,
      expires_after timestamptz not null,
      status text not null,
      status_details text not null,
      target_count integer not null,
      completed_count integer not null default 0,
      error_count integer not null default 0,
      delivery_timed_out_count integer not null default 0
    )`.execute(db);
  await sql`create index commands_by_account on commands (account_id, region, requested_at desc, command_id)`.execute(
    db,
  );
  await sql`create index commands_unfinished on commands (expires_after) where status in ('Pending', 'InProgress', 'Cancelling')`.execute(
    db,
  );
  await sql`
    create table command_invocations (
      account_id text not null,
      region text not null,
      command_id text not null references commands,
      instance_id text not null,
      instance_name text not null,
      status text not null,
      status_details text not null,
      trace_output text not null default '',
      requested_at timestamptz not null,
      dispatched_at timestamptz,
      visible_at timestamptz,
      acknowledged_at timestamptz,
      finished_at timestamptz,
      delivery_expires_at timestamptz not null,
      primary key (command_id, instance_id)
    )`.execute(db);
  await sql`
    create index command_invocations_waiting on command_invocations (instance_id, requested_at)
      where acknowledged_at is null and finished_at is null`.execute(db);
  await sql`
    create index command_invocations_by_instance on command_invocations (account_id, region, instance_id, requested_at desc)`.execute(
    db,
  );
  await createMonthlyPartitionedTable(db, {
    table: 'command_plugins',
    column: 'requested_at',
    definition: `
    account_id text not null,
    requested_at timestamptz not null,
    command_id text not null,
    instance_id text not null,
    plugin_name text not null,
    position integer not null,
    action text not null,
    status text not null,
    response_code integer not null,
    started_at timestamptz,
    finished_at timestamptz,
    standard_output text not null,
    standard_error text not null,
    primary key (requested_at, command_id, instance_id, plugin_name)`,
  });
}
