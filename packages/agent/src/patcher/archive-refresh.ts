import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ArchiveObservation, ArchiveStatus, redactAll } from '@patchbay/facts';
import { archiveStatus, type RefreshOutcome, refresh } from '@patchbay/package-managers';
import { defaultEvaluationSettings } from '@patchbay/patching';
import { z } from 'zod';
import type { Machine } from '../machine/index.ts';
import { writeFileDurably } from '../state/index.ts';
import { type AptWorkspace, ask } from './apt-workspace.ts';
import { describeError } from './patcher-error.ts';

const RecordedOutcome = z.object({
  seen: z.array(z.object({ uri: z.string(), suite: z.string() })),
  problems: z.array(
    z.object({
      uri: z.string(),
      suite: z.string(),
      component: z.string().nullable(),
      architecture: z.string().nullable(),
      status: ArchiveStatus.exclude(['current']),
      reason: z.string(),
    }),
  ),
  warnings: z.array(z.string()),
});

/** How the last refresh of our private lists went: what a scan without a refresh has to go by. */
export const RefreshRecord = z.object({
  /** ISO 8601. */
  refreshedAt: z.string(),
  outcome: RecordedOutcome.nullable(),
  /** Why the refresh as a whole went wrong; null when only single archives did, or nothing. */
  failure: z.string().nullable(),
});
export type RefreshRecord = z.infer<typeof RefreshRecord>;

const recordName = 'refresh.json';

/** A refresh may take long over a slow line; three retries with apt's growing delay were seen to hang. */
const settings = ['Acquire::Retries=1', 'Acquire::Retries::Delay=false', 'Acquire::http::Timeout=30'];
const timeoutSeconds = 900;

/** Lets apt fetch and verify all archives into our private lists. Never throws for what an archive does. */
export async function refreshArchives(
  machine: Machine,
  workspace: AptWorkspace,
  cacheDirectory: string,
  now: Date,
): Promise<RefreshRecord> {
  let outcome: RefreshOutcome | null = null;
  let failure: string | null = null;
  try {
    outcome = await ask(machine, refresh(workspace.options), { settings, timeoutSeconds });
  } catch (error) {
    failure = describeError(error);
  }
  const record = RefreshRecord.parse(redactAll({ refreshedAt: now.toISOString(), outcome, failure }));
  writeFileDurably(join(cacheDirectory, recordName), `${JSON.stringify(record)}\n`);
  return record;
}

/** Null when there never was a refresh of ours, or its record is of no use. */
export function readRefreshRecord(cacheDirectory: string): RefreshRecord | null {
  try {
    return RefreshRecord.parse(JSON.parse(readFileSync(join(cacheDirectory, recordName), 'utf8')));
  } catch {
    // Absent or damaged: the machine's own lists are read in its place.
    return null;
  }
}

/** Lays over an archive what the last refresh said about it, or without one what its own Valid-Until says. */
export function judgeArchive(
  observation: ArchiveObservation,
  record: RefreshRecord | null,
  circumstances: { readonly now: Date; readonly checksValidUntil: boolean },
): ArchiveObservation {
  if (observation.status !== 'current') return withRefreshReason(observation, record);
  if (record !== null) {
    if (record.outcome === null) {
      return {
        ...observation,
        status: 'unreachable',
        reason: `the refresh failed: ${record.failure ?? 'no reason given'}`,
      };
    }
    const judged = archiveStatus(record.outcome, observation.address);
    if (judged.status !== 'current') return { ...observation, ...judged };
    const age = circumstances.now.getTime() - Date.parse(record.refreshedAt);
    // A machine that slept in the midst of an install goes on with the lists that it began with.
    if (age > defaultEvaluationSettings.verdictMaxAgeHours * 3_600_000) {
      const reason = `its lists were fetched at ${record.refreshedAt}, too long ago to show what is missing: refresh`;
      return { ...observation, status: 'expired', reason };
    }
  }
  const validUntil = observation.release?.validUntil ?? null;
  if (circumstances.checksValidUntil && validUntil !== null && Date.parse(validUntil) < circumstances.now.getTime()) {
    const reason = `its Release file was valid until ${validUntil}: refresh, or look at the archive if that was just done`;
    return { ...observation, status: 'expired', reason };
  }
  return observation;
}

/** Of an archive that was never fetched, apt's own words say more than that. */
function withRefreshReason(observation: ArchiveObservation, record: RefreshRecord | null): ArchiveObservation {
  if (observation.status !== 'unreachable' || record === null) return observation;
  if (record.outcome === null) return { ...observation, reason: `the refresh failed: ${record.failure ?? ''}` };
  const judged = archiveStatus(record.outcome, observation.address);
  return judged.status === 'current' ? observation : { ...observation, ...judged };
}
