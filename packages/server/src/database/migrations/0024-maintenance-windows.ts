import { type Kysely, sql } from 'kysely';

/** Maintenance windows with their targets and tasks, and what ran in them. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table maintenance_windows (
      account_id text not null,
      region text not null,
      window_id text primary key,
      name text not null,
      description text,
      start_date text,
      end_date text,
      schedule text not null,
      schedule_timezone text,
      schedule_offset integer,
      duration integer not null,
      cutoff integer not null,
      allow_unassociated_targets boolean not null,
      enabled boolean not null,
      created_date timestamptz not null,
      modified_date timestamptz not null,
      schedule_changed_at timestamptz not null,
      next_start_at timestamptz
    )`.execute(db);
  await sql`create index maintenance_windows_by_account on maintenance_windows (account_id, region, window_id)`.execute(
    db,
  );
  await sql`create index maintenance_windows_due on maintenance_windows (next_start_at) where enabled`.execute(db);
  await sql`
    create table maintenance_window_targets (
      account_id text not null,
      region text not null,
      window_target_id text primary key,
      window_id text not null references maintenance_windows on delete cascade,
      resource_type text not null,
      targets jsonb not null,
      owner_information text,
      name text,
      description text,
      created_at timestamptz not null
    )`.execute(db);
  await sql`create index maintenance_window_targets_by_window on maintenance_window_targets (window_id)`.execute(db);
  await sql`
    create table maintenance_window_tasks (
      account_id text not null,
      region text not null,
      window_task_id text primary key,
      window_id text not null references maintenance_windows on delete cascade,
      task_arn text not null,
      task_type text not null,
      content jsonb not null,
      priority integer not null,
      registered_by text not null,
      created_at timestamptz not null
    )`.execute(db);
  await sql`create index maintenance_window_tasks_by_window on maintenance_window_tasks (window_id)`.execute(db);
  // What ran is kept when its window is deleted, so nothing here refers to the tables above.
  await sql`
    create table maintenance_window_executions (
      account_id text not null,
      region text not null,
      window_execution_id text primary key,
      window_id text not null,
      scheduled_at timestamptz not null,
      no_starts_after timestamptz not null,
      ends_at timestamptz not null,
      content jsonb not null,
      status text not null,
      status_details text not null,
      started_at timestamptz not null,
      ended_at timestamptz,
      due_at timestamptz,
      unique (window_id, scheduled_at)
    )`.execute(db);
  await sql`
    create index maintenance_window_executions_by_window
      on maintenance_window_executions (account_id, region, window_id, started_at desc, window_execution_id)`.execute(
    db,
  );
  await sql`
    create index maintenance_window_executions_open on maintenance_window_executions (window_id)
      where ended_at is null`.execute(db);
  await sql`
    create table maintenance_window_task_executions (
      task_execution_id text primary key,
      window_execution_id text not null references maintenance_window_executions on delete cascade,
      window_task_id text not null,
      position integer not null,
      content jsonb not null,
      status text not null,
      status_details text not null,
      started_at timestamptz,
      ended_at timestamptz,
      unique (window_execution_id, position)
    )`.execute(db);
  await sql`
    create table maintenance_window_invocations (
      invocation_id text primary key,
      task_execution_id text not null references maintenance_window_task_executions on delete cascade,
      position integer not null,
      window_target_id text,
      owner_information text,
      targets jsonb not null,
      execution_id text,
      parameters text,
      status text not null,
      status_details text not null,
      started_at timestamptz,
      ended_at timestamptz,
      unique (task_execution_id, position)
    )`.execute(db);
  await sql`
    create index maintenance_window_invocations_by_execution on maintenance_window_invocations (execution_id)
      where execution_id is not null`.execute(db);
}
