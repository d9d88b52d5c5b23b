import { type Kysely, sql } from 'kysely';

/** Plans over many nodes: what each would change, decided before anything is touched. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table patch_plans (
      account_id text not null,
      region text not null,
      patch_plan_id uuid primary key,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      created_by text not null,
      window_id text,
      targets jsonb not null,
      command_id text not null
    )`.execute(db);
  await sql`create index patch_plans_by_account on patch_plans (account_id, region, created_at desc)`.execute(db);
  await sql`
    create table patch_plan_nodes (
      account_id text not null,
      region text not null,
      patch_plan_id uuid not null references patch_plans on delete cascade,
      instance_id text not null,
      operation_id uuid,
      planned_at timestamptz,
      plan_id uuid,
      reboot jsonb,
      applied_operation_id uuid,
      primary key (patch_plan_id, instance_id)
    )`.execute(db);
  await sql`alter table patch_operations add column patch_plan_id uuid`.execute(db);
}
