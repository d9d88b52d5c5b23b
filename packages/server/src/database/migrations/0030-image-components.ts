import { type Kysely, sql } from 'kysely';

/**
 * Components of Image Builder, one row for each build of a version. `resource_id` is what its ARN ends with, which is what tags
 * know it by.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table image_components (
      account_id text not null,
      region text not null,
      arn_name text collate "C" not null,
      major integer not null,
      minor integer not null,
      patch integer not null,
      build integer not null,
      resource_id text not null generated always as
        (arn_name || '/' || major::text || '.' || minor::text || '.' || patch::text || '/' || build::text) stored,
      name text not null,
      platform text not null,
      type text not null,
      description text,
      supported_os_versions text[] not null,
      change_description text,
      data text not null,
      date_created timestamptz not null,
      primary key (account_id, region, arn_name, major, minor, patch, build)
    )`.execute(db);
  await sql`
    create unique index image_components_resource_id on image_components (account_id, region, resource_id)`.execute(db);
  // The number of a build that was deleted never names another one: records of images refer to it.
  await sql`
    create table image_component_numbers (
      account_id text not null,
      region text not null,
      version_id text not null,
      last_build integer not null,
      primary key (account_id, region, version_id)
    )`.execute(db);
}
