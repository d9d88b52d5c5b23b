import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChangelogReading } from '@patchbay/contracts';
import { ChangelogEvidence, type NodeFacts } from '@patchbay/facts';
import { type ChangelogQuestion, type ReleaseHistory, type ReleaseRecord, recordObservation } from '@patchbay/patching';
import { z } from 'zod';
import { AgentError } from '../agent-error.ts';
import { lockState, writeFileDurably } from '../state/index.ts';

const FirstSeen = z.object({
  archiveKey: z.string(),
  source: z.string(),
  sourceVersion: z.string(),
  rung: z.enum(['first-seen', 'undated']),
  firstSeenAt: z.iso.datetime(),
});

const Coverage = z.object({ archiveKey: z.string(), source: z.string(), lastObservedAt: z.iso.datetime() });

const Changelog = z.object({
  archiveKey: z.string(),
  source: z.string(),
  sourceVersion: z.string(),
  evidence: ChangelogEvidence,
});

/** What earlier scans saw: the approval clock of a machine without a control plane. */
const LocalClock = z.object({
  firstSeen: z.array(FirstSeen),
  coverage: z.array(Coverage),
  changelogs: z.array(Changelog).default([]),
});
type LocalClock = z.infer<typeof LocalClock>;

const fileName = 'approval-clock.json';

/** A damaged clock is put aside: everything is then undated, as at a first look. */
function readClock(directory: string): LocalClock {
  const path = join(directory, fileName);
  if (!existsSync(path)) return { firstSeen: [], coverage: [], changelogs: [] };
  try {
    return LocalClock.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return { firstSeen: [], coverage: [], changelogs: [] };
  }
}

/**
 * Records what a scan saw and answers what is known of every version's age.
 * @param observedAt when the archives offered it: now after a refresh, otherwise the age of the lists
 */
export function observeLocally(directory: string, facts: NodeFacts, observedAt: Date): ReleaseHistory {
  return holdingClock(directory, () => observe(directory, facts, observedAt));
}

function observe(directory: string, facts: NodeFacts, observedAt: Date): ReleaseHistory {
  const known = readClock(directory);
  const outcome = recordObservation({
    knownCoverage: known.coverage,
    knownReleases: known.firstSeen,
    installed: facts.installed.packages,
    offers: facts.offers,
    receivedAt: observedAt,
  });
  const coverage = new Map(
    [...known.coverage, ...outcome.coverage].map((record) => [`${record.archiveKey}\n${record.source}`, record]),
  );
  const clock: LocalClock = {
    firstSeen: [...known.firstSeen, ...outcome.firstSeen],
    coverage: [...coverage.values()],
    changelogs: known.changelogs,
  };
  writeClock(directory, clock);
  return historyOf(clock);
}

/** Keeps what changelogs said and answers what is known with them. A date that was read before stays. */
export function rememberChangelogs(
  directory: string,
  questions: readonly ChangelogQuestion[],
  readings: readonly ChangelogReading[],
  readAt: Date,
): ReleaseHistory {
  return holdingClock(directory, () => remember(directory, questions, readings, readAt));
}

function remember(
  directory: string,
  questions: readonly ChangelogQuestion[],
  readings: readonly ChangelogReading[],
  readAt: Date,
): ReleaseHistory {
  const clock = readClock(directory);
  const changelogs = new Map(clock.changelogs.map((record) => [changelogKey(record), record]));
  for (const { source, sourceVersion, package: read, dateLine, problem } of readings) {
    const asked = questions.find((each) => each.source === source && each.sourceVersion === sourceVersion);
    for (const archiveKey of asked?.archives ?? []) {
      const record = { archiveKey, source, sourceVersion };
      if (changelogs.get(changelogKey(record))?.evidence.dateLine) continue;
      const evidence: ChangelogEvidence = {
        package: read === null ? null : `${read.name}_${read.version}_${read.architecture}`,
        sha256: read?.sha256 ?? null,
        dateLine,
        problem,
        readBy: 'this scan',
        readAt: readAt.toISOString(),
      };
      changelogs.set(changelogKey(record), { ...record, evidence });
    }
  }
  const wiser = { ...clock, changelogs: [...changelogs.values()] };
  writeClock(directory, wiser);
  return historyOf(wiser);
}

/** A clock that many images share is changed by one process at a time; each change takes some milliseconds. */
function holdingClock<Result>(directory: string, change: () => Result): Result {
  const place = join(directory, 'approval-clock');
  mkdirSync(place, { recursive: true, mode: 0o700 });
  for (let attempt = 1; ; attempt += 1) {
    let lock: { release(): void };
    try {
      lock = lockState(place);
    } catch (error) {
      if (!(error instanceof AgentError) || error.code !== 'STATE_IN_USE' || attempt === 500) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      continue;
    }
    try {
      return change();
    } finally {
      lock.release();
    }
  }
}

function writeClock(directory: string, clock: LocalClock): void {
  writeFileDurably(join(directory, fileName), `${JSON.stringify(clock)}\n`);
}

function changelogKey(record: Pick<ReleaseRecord, 'archiveKey' | 'source' | 'sourceVersion'>): string {
  return `${record.archiveKey}\n${record.source}\n${record.sourceVersion}`;
}

function historyOf(clock: LocalClock): ReleaseHistory {
  const changelogs = new Map(clock.changelogs.map((record) => [changelogKey(record), record.evidence]));
  const bySource = new Map<string, ReleaseRecord[]>();
  for (const seen of clock.firstSeen) {
    const key = `${seen.archiveKey}\n${seen.source}`;
    const record = { ...seen, changelog: changelogs.get(changelogKey(seen)) ?? null };
    const records = bySource.get(key);
    if (records === undefined) bySource.set(key, [record]);
    else records.push(record);
  }
  return (archiveKey, source) => bySource.get(`${archiveKey}\n${source}`) ?? [];
}
