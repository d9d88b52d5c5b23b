import { type Kysely, sql } from 'kysely';
import { createMonthlyPartitionedTable } from '../partitions.ts';

/** Whole outputs of commands, and what an operation was told to use in place of its baseline. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table command_plugins
      add column whole_output_bytes integer,
      add column whole_error_bytes integer`.execute(db);
  await createMonthlyPartitionedTable(db, {
    table: 'command_outputs',
    column: 'requested_at',
    definition: `
    account_id text not null,
    requested_at timestamptz not null,
    command_id text not null,
    instance_id text not null,
    plugin_name text not null,
    stream text not null check (stream in ('stdout', 'stderr')),
    start_byte integer not null,
    end_byte integer not null,
    content bytea not null,
    primary key (requested_at, command_id, instance_id, plugin_name, stream, start_byte)`,
  });
  await sql`
    alter table patch_operations
      add column step_name text not null default '',
      add column override jsonb`.execute(db);
  await sql`
    create table command_overrides (
      account_id text not null,
      region text not null,
      command_id text primary key references commands,
      kind text not null check (kind in ('install-list', 'baselines')),
      address text not null,
      digest text not null,
      content jsonb not null,
      read_at timestamptz not null
    )`.execute(db);
  await sql`drop index patch_operations_by_command`.execute(db);
  await sql`
    create unique index patch_operations_by_command on patch_operations (command_id, instance_id, step_name)
      where command_id is not null`.execute(db);
}
