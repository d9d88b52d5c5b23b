import { sql } from 'kysely';
import type { Database } from '../../database/tables.ts';

const units = [
  { table: 'installed_sets', reference: 'installed_digest' },
  { table: 'offers', reference: 'offers_digest' },
  { table: 'node_policies', reference: 'policy_digest' },
] as const;

const rowsAtOnce = 500;
const lockName = 'patchbay:facts-units';

/** While facts are being taken, no unit goes: a unit that was just found must still be there when its facts are. */
export async function holdUnits(db: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(hashtext(${lockName}))`.execute(db);
}

/** Removes shared units of facts that no facts refer to any more, a few at a time. Answers how many. */
export async function removeUnusedUnits(db: Database, signal?: AbortSignal): Promise<number> {
  let removed = 0;
  for (const { table, reference } of units) {
    for (;;) {
      if (signal?.aborted === true) return removed;
      const count = await db.transaction().execute(async (transaction) => {
        await sql`select pg_advisory_xact_lock(hashtext(${lockName}))`.execute(transaction);
        const { numAffectedRows = 0n } = await sql`
          delete from ${sql.table(table)} where (account_id, digest) in (
            select account_id, digest from ${sql.table(table)} as unit where not exists (
              select 1 from node_facts
                where node_facts.account_id = unit.account_id and node_facts.${sql.ref(reference)} = unit.digest
            ) limit ${rowsAtOnce}
          )`.execute(transaction);
        return Number(numAffectedRows);
      });
      removed += count;
      if (count < rowsAtOnce) break;
    }
  }
  return removed;
}
