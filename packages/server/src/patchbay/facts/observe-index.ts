import { type ArchiveObservation, archiveKey } from '@patchbay/facts';
import { recordIndexObservation } from '@patchbay/patching';
import type { Database } from '../../database/tables.ts';
import {
  insertArchiveIndexes,
  insertFirstSeen,
  listCoverage,
  listFirstSeenOfArchive,
  upsertCoverage,
} from './repository.ts';

/** One archive as the server itself found it: current. */
export interface ObservedIndex {
  readonly accountId: string;
  readonly observation: ArchiveObservation;
  /** Every source version in it; null when it is the index of the last time. */
  readonly versions: readonly { readonly source: string; readonly sourceVersion: string }[] | null;
  readonly observedBy: string;
  readonly observedAt: Date;
}

/** Feeds the approval clock with a whole index. */
export async function observeIndex(db: Database, observed: ObservedIndex): Promise<void> {
  const { accountId, observation, observedBy, observedAt } = observed;
  const key = archiveKey(observation.address);
  const known = await listCoverage(db, accountId, [key]);
  const outcome = recordIndexObservation({
    archiveKey: key,
    versions: observed.versions ?? [],
    knownCoverage: known.map((row) => ({ ...row, lastObservedAt: row.lastObservedAt.toISOString() })),
    knownReleases: observed.versions === null ? [] : await listFirstSeenOfArchive(db, accountId, key),
    receivedAt: observedAt,
  });
  await insertFirstSeen(
    db,
    accountId,
    outcome.firstSeen
      .map((record) => ({ ...record, firstSeenAt: new Date(record.firstSeenAt), reportedBy: observedBy }))
      .sort((left, right) => (left.source < right.source ? -1 : 1)),
  );
  const coverage = { firstObservedAt: observedAt, lastObservedAt: observedAt };
  await upsertCoverage(
    db,
    outcome.coverage.map(({ source }) => ({ accountId, archiveKey: key, source, ...coverage })),
  );
  if (observation.indexDigest === null) return;
  await insertArchiveIndexes(db, [
    {
      accountId,
      archiveKey: key,
      indexDigest: observation.indexDigest,
      observation: JSON.stringify(observation),
      firstObservedAt: observedAt,
      reportedBy: observedBy,
    },
  ]);
}
