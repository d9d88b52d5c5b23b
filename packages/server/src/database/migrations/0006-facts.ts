import { type Kysely, sql } from 'kysely';
import { createMonthlyPartitionedTable } from '../partitions.ts';

/** Facts in shared units, what archives were seen to hold and when, operations with their verdicts, plans. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const unit of ['installed_sets', 'offers', 'node_policies']) {
    await sql`
      create table ${sql.table(unit)} (
        account_id text not null,
        digest text not null,
        content jsonb not null,
        first_received_at timestamptz not null,
        primary key (account_id, digest)
      )`.execute(db);
  }
  await createMonthlyPartitionedTable(db, {
    table: 'node_facts',
    column: 'received_at',
    definition: `
    account_id text not null,
    region text not null,
    instance_id text not null,
    facts_id uuid not null,
    received_at timestamptz not null,
    operating_system jsonb not null,
    overlay jsonb not null,
    doubts jsonb not null,
    installed_digest text not null,
    offers_digest text not null,
    policy_digest text not null,
    primary key (received_at, facts_id)`,
  });
  await sql`create index node_facts_by_id on node_facts (facts_id)`.execute(db);
  await sql`
    create table newest_node_facts (
      account_id text not null,
      region text not null,
      instance_id text primary key,
      facts_id uuid not null,
      received_at timestamptz not null
    )`.execute(db);
  await sql`
    create table archive_indexes (
      account_id text not null,
      archive_key text not null,
      index_digest text not null,
      observation jsonb not null,
      first_observed_at timestamptz not null,
      reported_by text not null,
      primary key (account_id, archive_key, index_digest)
    )`.execute(db);
  await sql`
    create table archive_first_seen (
      account_id text not null,
      archive_key text not null,
      source text not null,
      source_version text not null,
      rung text not null check (rung in ('first-seen', 'undated')),
      first_seen_at timestamptz not null,
      reported_by text not null,
      primary key (account_id, source, archive_key, source_version)
    )`.execute(db);
  await sql`
    create table archive_coverage (
      account_id text not null,
      archive_key text not null,
      source text not null,
      first_observed_at timestamptz not null,
      last_observed_at timestamptz not null,
      primary key (account_id, archive_key, source)
    )`.execute(db);
  await sql`
    create table patch_operations (
      account_id text not null,
      region text not null,
      operation_id uuid primary key,
      instance_id text not null,
      operation text not null check (operation in ('Scan', 'Install')),
      command_id text,
      baseline_id text not null,
      baseline_revision integer not null,
      patch_group text not null,
      reboot_option text not null,
      snapshot_id text not null,
      started_at timestamptz not null,
      ended_at timestamptz,
      status text not null,
      counts jsonb,
      facts_id uuid not null,
      plan_id uuid,
      refused jsonb not null default '[]',
      outcomes jsonb not null default '[]'
    )`.execute(db);
  await sql`
    create unique index patch_operations_by_command on patch_operations (command_id, instance_id) where command_id is not null`.execute(
    db,
  );
  await sql`
    create index patch_operations_by_instance on patch_operations (account_id, region, instance_id, started_at desc)`.execute(
    db,
  );
  await createMonthlyPartitionedTable(db, {
    table: 'operation_verdicts',
    column: 'evaluated_at',
    definition: `
    account_id text not null,
    operation_id uuid not null,
    instance_id text not null,
    evaluated_at timestamptz not null,
    verdict jsonb not null,
    primary key (evaluated_at, operation_id)`,
  });
  await sql`create index operation_verdicts_by_operation on operation_verdicts (operation_id)`.execute(db);
  await sql`
    create table newest_patch_operations (
      account_id text not null,
      region text not null,
      instance_id text primary key,
      operation_id uuid not null references patch_operations,
      ended_at timestamptz not null
    )`.execute(db);
  await sql`
    create table plans (
      account_id text not null,
      region text not null,
      plan_id uuid primary key,
      instance_id text not null,
      operation_id uuid not null references patch_operations,
      digest text not null,
      content jsonb not null,
      created_at timestamptz not null
    )`.execute(db);
}
