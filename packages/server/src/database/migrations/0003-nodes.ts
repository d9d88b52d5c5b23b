import { type Kysely, sql } from 'kysely';

/** Activations, nodes, tags. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table activations (
      account_id text not null,
      region text not null,
      activation_id text primary key,
      code_hash text not null,
      iam_role text not null,
      description text,
      default_instance_name text,
      registration_limit integer not null,
      registrations_count integer not null default 0 check (registrations_count <= registration_limit),
      expiration_date timestamptz not null,
      tags jsonb not null,
      created_date timestamptz not null,
      deleted_at timestamptz
    )`.execute(db);
  await sql`create index activations_by_account on activations (account_id, region, activation_id)`.execute(db);
  await sql`
    create table nodes (
      account_id text not null,
      region text not null,
      instance_id text primary key,
      activation_id text not null references activations,
      iam_role text not null,
      name text,
      public_key text not null,
      public_key_type text not null,
      fingerprint text not null,
      registration_date timestamptz not null,
      deregistered_at timestamptz,
      last_ping_at timestamptz,
      agent_name text,
      agent_version text,
      platform_type text,
      platform_name text,
      platform_version text,
      ip_address text,
      computer_name text
    )`.execute(db);
  await sql`create index nodes_by_account on nodes (account_id, region, instance_id) where deregistered_at is null`.execute(
    db,
  );
  await sql`
    create table resource_tags (
      account_id text not null,
      region text not null,
      resource_type text not null,
      resource_id text not null,
      key text not null,
      value text not null,
      primary key (account_id, region, resource_type, resource_id, key)
    )`.execute(db);
  await sql`create index resource_tags_by_value on resource_tags (account_id, region, resource_type, key, value)`.execute(
    db,
  );
}
