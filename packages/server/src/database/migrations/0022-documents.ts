import { type Kysely, sql } from 'kysely';

/** Documents of one's own with their versions, and what each command was sent with. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table documents (
      account_id text not null,
      region text not null,
      name text not null,
      default_version integer not null,
      last_version integer not null,
      target_type text,
      created_at timestamptz not null,
      created_by text not null,
      primary key (account_id, region, name)
    )`.execute(db);
  await sql`
    create table document_versions (
      account_id text not null,
      region text not null,
      name text not null,
      version integer not null,
      version_name text,
      display_name text,
      format text not null check (format in ('JSON', 'YAML')),
      schema_version text not null,
      text text not null,
      hash text not null,
      platform_types text[] not null,
      content json not null,
      created_at timestamptz not null,
      created_by text not null,
      primary key (account_id, region, name, version),
      foreign key (account_id, region, name) references documents on delete cascade
    )`.execute(db);
  await sql`
    create unique index document_versions_by_name on document_versions (account_id, region, name, version_name)
      where version_name is not null`.execute(db);
  await sql`
    create table command_documents (
      account_id text not null,
      region text not null,
      command_id text primary key references commands,
      requested_at timestamptz not null,
      content json not null,
      nested json not null,
      document_names text[] not null
    )`.execute(db);
}
