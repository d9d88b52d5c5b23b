import { type Kysely, sql } from 'kysely';

/**
 * Builds that begin again and images that are imported: what the next builder prints comes after what the last one did, where a
 * build was when it ended says whether it can be tried again, and an import has neither recipe nor infrastructure.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table images
      add column first_line int not null default 0,
      add column ended_in text,
      alter column recipe_arn drop not null,
      alter column recipe drop not null,
      alter column infrastructure drop not null`.execute(db);
  await sql`update images set build_order = build_order || '{"kind": "build"}'`.execute(db);
  // The number of a build that was deleted never names another one: its tag in registries is still there.
  await sql`
    create table image_numbers (
      account_id text not null,
      region text not null,
      version_id text collate "C" not null,
      last_build int not null,
      primary key (account_id, region, version_id)
    )`.execute(db);
  await sql`
    insert into image_numbers
    select account_id, region, arn_name || '/' || version, max(build_number) from images group by 1, 2, 3`.execute(db);
}
