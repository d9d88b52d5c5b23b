import { sql } from 'kysely';
import type { Database } from '../../database/tables.ts';
import type { Scope } from '../../operations/scope.ts';

/**
 * Until this transaction ends, no other one changes what the account's definitions of images (components, recipes, what refers
 * to them) are. Taken before counting, numbering, and looking whether something is referred to.
 */
export async function lockDefinitions(db: Database, { accountId, region }: Scope): Promise<void> {
  const name = `patchbay:image-definitions:${accountId}:${region}`;
  await sql`select pg_advisory_xact_lock(hashtext(${name}))`.execute(db);
}
