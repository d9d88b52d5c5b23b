import { type Kysely, sql } from 'kysely';

/**
 * Infrastructure configurations of Image Builder. An ARN holds the name in small letters with hyphens for spaces, so that
 * form is what must be unique. It sorts by its bytes, as pages go on.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table infrastructure_configurations (
      account_id text not null,
      region text not null,
      arn_name text collate "C" not null,
      name text not null,
      definition jsonb not null,
      date_created timestamptz not null,
      date_updated timestamptz,
      primary key (account_id, region, arn_name)
    )`.execute(db);
}
