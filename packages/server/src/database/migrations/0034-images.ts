import { type Kysely, sql } from 'kysely';

/**
 * Images: one row for each build, with copies of everything that it was made from. A version of an image is all builds of
 * one recipe version. `image_id` is what facts, verdicts and plans know an image by. A builder holds a build by a lease.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table images (
      image_id text primary key,
      account_id text not null,
      region text not null,
      arn_name text collate "C" not null,
      name text not null,
      version text collate "C" not null,
      version_order bigint[] not null,
      build_number int not null,
      resource_id text collate "C" not null,
      build_type text not null,
      status text not null,
      reason text,
      recipe_arn text not null,
      recipe jsonb not null,
      infrastructure jsonb not null,
      distribution jsonb,
      pipeline_arn text,
      pipeline_name text,
      request jsonb not null,
      patch_group text,
      build_order jsonb not null,
      record jsonb,
      failure jsonb,
      containers jsonb not null default '[]',
      os_version text,
      facts_id uuid,
      lease_id text,
      lease_instance_id text,
      lease_until timestamptz,
      attempts int not null default 0,
      cancel_requested_at timestamptz,
      date_created timestamptz not null,
      started_at timestamptz,
      ended_at timestamptz,
      unique (account_id, region, arn_name, version, build_number)
    )`.execute(db);
  await sql`create index images_to_build on images (account_id, region, date_created)
    where status in ('PENDING', 'BUILDING', 'TESTING', 'DISTRIBUTING')`.execute(db);
  await sql`create index images_by_pipeline on images (pipeline_arn, date_created)`.execute(db);
  await sql`
    create table image_build_steps (
      image_id text not null references images on delete cascade,
      ordinal int not null,
      workflow text not null,
      workflow_execution_id text not null,
      step_execution_id text not null unique,
      name text not null,
      action text not null,
      status text not null,
      message text not null,
      started_at timestamptz,
      ended_at timestamptz,
      primary key (image_id, ordinal)
    )`.execute(db);
  await sql`create index image_build_steps_by_workflow on image_build_steps (workflow_execution_id)`.execute(db);
  await sql`
    create table image_build_lines (
      image_id text not null references images on delete cascade,
      number int not null,
      at timestamptz not null,
      step text not null,
      component text not null,
      phase text not null,
      component_step text not null,
      stream text not null,
      text text not null,
      primary key (image_id, number)
    )`.execute(db);
}
