import { type Kysely, sql } from 'kysely';

/**
 * Pipelines of Image Builder, and what was decided at each time of their schedules. Whoever looks for pipelines whose time has
 * come reads only those that have a time.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table image_pipelines (
      account_id text not null,
      region text not null,
      arn_name text collate "C" not null,
      name text not null,
      definition jsonb not null,
      infrastructure_configuration_arn text not null,
      distribution_configuration_arn text,
      recipe_arn text not null,
      status text not null,
      schedule_changed_at timestamptz not null,
      next_run_at timestamptz,
      last_run_at timestamptz,
      consecutive_failures integer not null,
      disabled_because text,
      date_created timestamptz not null,
      date_updated timestamptz,
      primary key (account_id, region, arn_name)
    )`.execute(db);
  await sql`
    create index image_pipelines_due on image_pipelines (next_run_at) where next_run_at is not null`.execute(db);
  await sql`
    create table image_pipeline_runs (
      account_id text not null,
      region text not null,
      arn_name text collate "C" not null,
      scheduled_at timestamptz not null,
      decided_at timestamptz not null,
      decision text not null,
      because text[] not null,
      image_arn text,
      primary key (account_id, region, arn_name, scheduled_at),
      foreign key (account_id, region, arn_name) references image_pipelines on delete cascade
    )`.execute(db);
  await sql`create index image_pipeline_runs_decided_at on image_pipeline_runs (decided_at)`.execute(db);
}
