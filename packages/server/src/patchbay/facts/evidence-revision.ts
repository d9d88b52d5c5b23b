import type { Database } from '../../database/tables.ts';

/**
 * How often the evidence of an account has changed: what was first seen, and what changelogs said. Part of the key of
 * cached verdicts.
 */
export async function readEvidenceRevision(db: Database, accountId: string): Promise<string> {
  const row = await db
    .selectFrom('evidenceRevisions')
    .select('revision')
    .where('accountId', '=', accountId)
    .executeTakeFirst();
  return row?.revision ?? '0';
}

/** In the transaction that changes evidence, and only when it did. */
export async function raiseEvidenceRevision(db: Database, accountId: string): Promise<void> {
  await db
    .insertInto('evidenceRevisions')
    .values({ accountId, revision: '1' })
    .onConflict((conflict) =>
      conflict.column('accountId').doUpdateSet((row) => ({ revision: row('evidenceRevisions.revision', '+', '1') })),
    )
    .execute();
}
