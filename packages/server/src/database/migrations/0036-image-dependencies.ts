import { type Kysely, sql } from 'kysely';

/** What an image was made from, as its recipe says it and what that was then: what a pipeline compares with. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`alter table images add column dependencies jsonb not null default '[]'`.execute(db);
}
