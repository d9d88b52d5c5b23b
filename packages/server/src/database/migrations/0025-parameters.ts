import { type Kysely, sql } from 'kysely';

/**
 * Parameter Store: parameters with their versions and labels, and which versions commands were sent with. Names sort by
 * their bytes, as AWS lists them and so that a path is a range of the index.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table parameters (
      account_id text not null,
      region text not null,
      name text collate "C" not null,
      type text not null,
      version integer not null,
      expires_at timestamptz,
      primary key (account_id, region, name)
    )`.execute(db);
  await sql`create index parameters_expiring on parameters (expires_at) where expires_at is not null`.execute(db);
  await sql`
    create table parameter_versions (
      account_id text not null,
      region text not null,
      name text collate "C" not null,
      version integer not null,
      value text not null,
      tier text not null,
      data_type text not null,
      key_id text,
      description text,
      allowed_pattern text,
      policies jsonb not null,
      modified_at timestamptz not null,
      modified_by text not null,
      primary key (account_id, region, name, version),
      foreign key (account_id, region, name) references parameters on delete cascade
    )`.execute(db);
  await sql`
    create table parameter_labels (
      account_id text not null,
      region text not null,
      name text collate "C" not null,
      label text collate "C" not null,
      version integer not null,
      primary key (account_id, region, name, label),
      foreign key (account_id, region, name, version) references parameter_versions on delete cascade
    )`.execute(db);
  // What was used is kept when the parameter is deleted, so nothing here refers to the tables above.
  await sql`
    create table command_parameters (
      account_id text not null,
      region text not null,
      command_id text not null,
      requested_at timestamptz not null,
      name text not null,
      version integer not null,
      primary key (command_id, name, version)
    )`.execute(db);
  await sql`create index command_parameters_by_age on command_parameters (requested_at)`.execute(db);
}
