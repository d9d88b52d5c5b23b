import { type Kysely, sql } from 'kysely';

/**
 * `origin_id` is what nodes that were made from an image name. What an image was made from, as its recipe says it and what that was then, and which approved patches it lacked when it was
 * built: what a pipeline compares with.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table images
      add column dependencies jsonb not null default '[]',
      add column lacked_when_built jsonb not null default '[]',
      add column origin_id text`.execute(db);
}
