import { type Kysely, sql } from 'kysely';

/** Distribution configurations of Image Builder, kept as infrastructure configurations are (0029). */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table distribution_configurations (
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
