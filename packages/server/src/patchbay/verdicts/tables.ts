import type { SharedVerdict } from '@patchbay/patching';
import type { ColumnType } from 'kysely';

/**
 * What equal facts amount to under a baseline. One row for each pair of the two, so that it stays as small as the fleet is
 * diverse: a newer revision of anything takes the place of the older.
 */
export interface VerdictCacheTable {
  accountId: string;
  /** Of the facts and the baseline's id. */
  subjectDigest: string;
  /** Of all that may change under the same facts: evaluator, baseline, settings, evidence. */
  revisionDigest: string;
  validFrom: Date;
  /** Null: until one of the digests changes. */
  validUntil: Date | null;
  content: ColumnType<SharedVerdict, string, string>;
  usedAt: Date;
}

export interface VerdictTables {
  verdictCache: VerdictCacheTable;
}
