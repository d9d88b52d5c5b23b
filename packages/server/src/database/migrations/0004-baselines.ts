import { type Kysely, sql } from 'kysely';

/** Patch baselines with all their revisions, defaults, patch groups. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table patch_baselines (
      account_id text not null,
      region text not null,
      baseline_id text not null,
      name text not null,
      operating_system text not null,
      revision integer not null,
      created_date timestamptz not null,
      modified_date timestamptz not null,
      deleted_at timestamptz,
      primary key (account_id, region, baseline_id)
    )`.execute(db);
  await sql`
    create table patch_baseline_revisions (
      account_id text not null,
      region text not null,
      baseline_id text not null,
      revision integer not null,
      content jsonb not null,
      created_at timestamptz not null,
      primary key (account_id, region, baseline_id, revision)
    )`.execute(db);
  await sql`
    create table default_patch_baselines (
      account_id text not null,
      region text not null,
      operating_system text not null,
      baseline_id text not null,
      primary key (account_id, region, operating_system)
    )`.execute(db);
  await sql`
    create table patch_groups (
      account_id text not null,
      region text not null,
      patch_group text not null,
      operating_system text not null,
      baseline_id text not null,
      primary key (account_id, region, patch_group, operating_system)
    )`.execute(db);
}
