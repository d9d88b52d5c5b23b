import { type Kysely, sql } from 'kysely';

/** What the changelogs of source versions say (rung c of the approval clock), and how an account judges. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table changelog_dates (
      account_id text not null,
      archive_key text not null,
      source text not null,
      source_version text not null,
      package text,
      sha256 text,
      date_line text,
      problem text,
      read_by text not null,
      read_at timestamptz not null,
      primary key (account_id, source, archive_key, source_version)
    )`.execute(db);
  await sql`
    create table evidence_revisions (
      account_id text primary key,
      revision bigint not null
    )`.execute(db);
  await sql`
    create table verdict_cache (
      account_id text not null,
      subject_digest text not null,
      revision_digest text not null,
      valid_from timestamptz not null,
      valid_until timestamptz,
      content jsonb not null,
      used_at timestamptz not null,
      primary key (account_id, subject_digest)
    )`.execute(db);
  await sql`create index verdict_cache_by_use on verdict_cache (used_at)`.execute(db);
  await sql`
    create table patch_settings (
      account_id text not null,
      revision integer not null,
      content jsonb not null,
      changed_at timestamptz not null,
      primary key (account_id, revision)
    )`.execute(db);
}
