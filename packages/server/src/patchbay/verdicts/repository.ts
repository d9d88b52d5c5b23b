import type { SharedVerdict } from '@patchbay/patching';
import type { Database } from '../../database/tables.ts';

/** Under what a shared verdict is kept. */
export interface VerdictKey {
  readonly accountId: string;
  readonly subjectDigest: string;
  readonly revisionDigest: string;
}

/** How often a use is written down. */
const useGrainMilliseconds = 3_600_000;

/** A verdict that holds at an instant under exactly this key. */
export async function findCachedVerdict(db: Database, key: VerdictKey, now: Date): Promise<SharedVerdict | undefined> {
  const row = await db
    .selectFrom('verdictCache')
    .select(['content', 'usedAt'])
    .where('accountId', '=', key.accountId)
    .where('subjectDigest', '=', key.subjectDigest)
    .where('revisionDigest', '=', key.revisionDigest)
    .where('validFrom', '<=', now)
    .where((where) => where.or([where('validUntil', 'is', null), where('validUntil', '>', now)]))
    .executeTakeFirst();
  if (!row) return undefined;
  if (now.getTime() - row.usedAt.getTime() >= useGrainMilliseconds) {
    await db
      .updateTable('verdictCache')
      .set({ usedAt: now })
      .where('accountId', '=', key.accountId)
      .where('subjectDigest', '=', key.subjectDigest)
      .execute();
  }
  return row.content;
}

/** Keeps a verdict in the place of any other of the same facts and baseline. */
export async function keepVerdict(db: Database, key: VerdictKey, verdict: SharedVerdict, now: Date): Promise<void> {
  const row = {
    revisionDigest: key.revisionDigest,
    validFrom: now,
    validUntil: verdict.validUntil === null ? null : new Date(verdict.validUntil),
    content: JSON.stringify(verdict),
    usedAt: now,
  };
  const { accountId, subjectDigest } = key;
  await db
    .insertInto('verdictCache')
    .values({ accountId, subjectDigest, ...row })
    .onConflict((conflict) => conflict.columns(['accountId', 'subjectDigest']).doUpdateSet(row))
    .execute();
}

/** Drops what nobody used lately, and beyond a number of rows what was used longest ago. Answers how many. */
export async function pruneVerdicts(
  db: Database,
  limits: { readonly usedBefore: Date; readonly mostRows: number },
): Promise<number> {
  const unused = await db.deleteFrom('verdictCache').where('usedAt', '<', limits.usedBefore).executeTakeFirst();
  const excess = await db
    .deleteFrom('verdictCache')
    .using((from) =>
      from
        .selectFrom('verdictCache as kept')
        .select(['kept.accountId', 'kept.subjectDigest'])
        .orderBy('kept.usedAt', 'desc')
        .offset(limits.mostRows)
        .as('excess'),
    )
    .whereRef('verdictCache.accountId', '=', 'excess.accountId')
    .whereRef('verdictCache.subjectDigest', '=', 'excess.subjectDigest')
    .executeTakeFirst();
  return Number(unused.numDeletedRows + excess.numDeletedRows);
}
