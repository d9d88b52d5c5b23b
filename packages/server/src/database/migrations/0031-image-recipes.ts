import { type Kysely, sql } from 'kysely';

/**
 * Recipes of Image Builder, for containers and for disks, one row for each version; and the policies of what can have one.
 * `resource_id` is what the ARN of a recipe ends with, which is what tags know it by.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table image_recipes (
      account_id text not null,
      region text not null,
      recipe_type text not null,
      arn_name text collate "C" not null,
      major integer not null,
      minor integer not null,
      patch integer not null,
      resource_id text not null generated always as
        (arn_name || '/' || major::text || '.' || minor::text || '.' || patch::text) stored,
      name text not null,
      parent_image text not null,
      component_arns text[] not null,
      definition jsonb not null,
      date_created timestamptz not null,
      primary key (account_id, region, recipe_type, arn_name, major, minor, patch)
    )`.execute(db);
  await sql`
    create unique index image_recipes_resource_id on image_recipes (account_id, region, recipe_type, resource_id)`.execute(
    db,
  );
  await sql`
    create table image_resource_policies (
      account_id text not null,
      region text not null,
      resource_type text not null,
      resource_id text not null,
      policy text not null,
      primary key (account_id, region, resource_type, resource_id)
    )`.execute(db);
}
