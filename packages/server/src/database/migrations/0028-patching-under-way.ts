import { type Kysely, sql } from 'kysely';

/** What is under way in an account, for the limit of nodes that patch at once. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create index command_invocations_under_way on command_invocations (account_id, region)
      where dispatched_at is not null and finished_at is null`.execute(db);
}
