import { sql } from 'kysely';
import type { Database } from '../../database/tables.ts';

/** Removes what was found about images that are gone, and verdicts that nothing refers to. */
export async function forgetUnusedFindings(db: Database, before: Date): Promise<void> {
  const isGone = sql`not exists (select 1 from images where images.image_id = found.image_id)`;
  await sql`delete from image_freshness found where ${isGone}`.execute(db);
  await sql`delete from image_freshness_changes found where ${isGone}`.execute(db);
  // Whoever refers to one while this runs has just said so, and it stays.
  await sql`
    delete from image_verdicts verdict where used_at < ${before}
      and not exists (select 1 from image_freshness found
        where found.account_id = verdict.account_id and found.verdict_digest = verdict.digest)
      and not exists (select 1 from image_freshness_changes change
        where change.account_id = verdict.account_id and change.verdict_digest = verdict.digest)`.execute(db);
  await sql`
    delete from image_verdict_items item where used_at < ${before} and (account_id, digest) not in (
      select account_id, jsonb_array_elements_text((content -> 'faults') || (content -> 'others'))
      from image_verdicts)`.execute(db);
}
