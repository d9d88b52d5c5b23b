import { type Kysely, sql } from 'kysely';

/** Archives that the server looks at itself, and what they offer now. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table archive_watches (
      account_id text not null,
      watch_id uuid primary key,
      uri text not null,
      suite text not null,
      components jsonb not null,
      architectures jsonb not null,
      keyring_name text not null,
      keyring bytea not null,
      operating_system text,
      product text,
      created_at timestamptz not null,
      last_attempt_at timestamptz,
      last_success_at timestamptz,
      problem text,
      release jsonb,
      last_modified text,
      index_digests jsonb not null default '{}',
      package_count integer not null default 0,
      unique (account_id, uri, suite)
    )`.execute(db);
  // The order of the pages of DescribeAvailablePatches, whatever the database sorts by.
  await sql`
    create table available_packages (
      account_id text not null,
      archive_key text collate "C" not null,
      watch_id uuid not null references archive_watches on delete cascade,
      name text collate "C" not null,
      architecture text collate "C" not null,
      version text collate "C" not null,
      epoch bigint not null,
      upstream_version text not null,
      revision text not null,
      source text not null,
      source_version text not null,
      section text not null,
      priority text not null,
      filename text not null,
      size_bytes bigint not null,
      sha256 text not null,
      phased_update_percentage integer,
      primary key (account_id, name, architecture, version, archive_key)
    )`.execute(db);
  await sql`create index available_packages_by_archive on available_packages (account_id, archive_key)`.execute(db);
  await sql`create index archive_first_seen_by_archive on archive_first_seen (account_id, archive_key)`.execute(db);
  await sql`create index available_packages_by_watch on available_packages (watch_id)`.execute(db);
}
