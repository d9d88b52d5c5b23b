import { type Kysely, sql } from 'kysely';

/** Frozen snapshots of baselines, item counts by severity beside each verdict, quick counts of baselines. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table patch_snapshots (
      account_id text not null,
      region text not null,
      snapshot_key uuid primary key,
      snapshot_id text not null,
      patch_group text not null,
      operating_system text not null,
      instance_id text not null,
      baseline_id text not null,
      baseline_revision integer not null,
      content jsonb not null,
      created_at timestamptz not null
    )`.execute(db);
  await sql`
    create index patch_snapshots_by_identity on patch_snapshots
      (account_id, region, snapshot_id, patch_group, operating_system, instance_id, created_at desc)`.execute(db);
  await sql`alter table patch_operations add column severities jsonb`.execute(db);
  await sql`
    create index patch_baselines_present on patch_baselines (account_id, region, baseline_id)
      where deleted_at is null`.execute(db);
  await sql`create index patch_groups_by_baseline on patch_groups (account_id, region, baseline_id)`.execute(db);
}
