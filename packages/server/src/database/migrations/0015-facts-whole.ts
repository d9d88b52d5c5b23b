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
    create table patch_settings (
      account_id text not null,
      revision integer not null,
      content jsonb not null,
      changed_at timestamptz not null,
      primary key (account_id, revision)
    )`.execute(db);
}
