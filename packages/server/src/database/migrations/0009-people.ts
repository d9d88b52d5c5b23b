import { type Kysely, sql } from 'kysely';

/** People above the accounts, their roles in accounts, several keys each. The keys that exist keep what they could do. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table users (
      user_name text primary key,
      created_at timestamptz not null,
      deleted_at timestamptz
    )`.execute(db);
  await sql`
    create table role_bindings (
      user_name text not null references users,
      account_id text not null,
      role text not null check (role in ('administrator', 'operator', 'auditor')),
      tag_limits jsonb not null,
      created_at timestamptz not null,
      primary key (user_name, account_id, role)
    )`.execute(db);
  await sql`
    insert into users (user_name, created_at)
    select user_name, min(created_at) from access_keys group by user_name`.execute(db);
  await sql`
    insert into role_bindings (user_name, account_id, role, tag_limits, created_at)
    select user_name, account_id, role, '[]', min(created_at) from access_keys
    where role = 'administrator' group by user_name, account_id, role`.execute(db);
  await sql`alter table access_keys drop column role`.execute(db);
  await sql`alter table access_keys add column last_used_at timestamptz`.execute(db);
  await sql`alter table access_keys add foreign key (user_name) references users`.execute(db);
  await sql`create index access_keys_by_user on access_keys (user_name, created_at)`.execute(db);
}
