import { type Kysely, sql } from 'kysely';

/** When nothing may be changed, who may do so nevertheless, and the switch that stops every start. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table change_freezes (
      account_id text not null,
      freeze_id text primary key,
      name text not null,
      reason text not null,
      time jsonb not null,
      tag_limits jsonb not null,
      created_by text not null,
      created_at timestamptz not null,
      deleted_by text,
      deleted_at timestamptz
    )`.execute(db);
  await sql`create unique index change_freezes_by_name on change_freezes (account_id, name) where deleted_at is null`.execute(
    db,
  );
  await sql`
    create table change_freeze_overrides (
      freeze_id text not null references change_freezes on delete cascade,
      principal text not null,
      reason text not null,
      created_by text not null,
      created_at timestamptz not null,
      until timestamptz not null
    )`.execute(db);
  await sql`create index change_freeze_overrides_by_freeze on change_freeze_overrides (freeze_id, until)`.execute(db);
  await sql`
    create table start_stops (
      account_id text not null,
      stop_id text primary key,
      reason text not null,
      stopped_by text not null,
      stopped_at timestamptz not null,
      resume_reason text,
      resumed_by text,
      resumed_at timestamptz
    )`.execute(db);
  await sql`create unique index start_stops_in_force on start_stops (account_id) where resumed_at is null`.execute(db);
  await sql`
    alter table commands
      add column is_change boolean not null default true,
      add column overridden_freezes jsonb not null default '[]'`.execute(db);
}
