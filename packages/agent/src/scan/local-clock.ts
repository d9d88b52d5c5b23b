import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeFacts } from '@patchbay/facts';
import { type ReleaseHistory, recordObservation } from '@patchbay/patching';
import { z } from 'zod';
import { writeFileDurably } from '../state/index.ts';

const FirstSeen = z.object({
  archiveKey: z.string(),
  source: z.string(),
  sourceVersion: z.string(),
  rung: z.enum(['first-seen', 'undated']),
  firstSeenAt: z.iso.datetime(),
});

const Coverage = z.object({ archiveKey: z.string(), source: z.string(), lastObservedAt: z.iso.datetime() });

/** What earlier scans saw: the approval clock of a machine without a control plane. */
const LocalClock = z.object({ firstSeen: z.array(FirstSeen), coverage: z.array(Coverage) });
type LocalClock = z.infer<typeof LocalClock>;

const fileName = 'approval-clock.json';

/** A damaged clock is put aside: everything is then undated, as at a first look. */
function readClock(directory: string): LocalClock {
  const path = join(directory, fileName);
  if (!existsSync(path)) return { firstSeen: [], coverage: [] };
  try {
    return LocalClock.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return { firstSeen: [], coverage: [] };
  }
}

/**
 * Records what a scan saw and answers what is known of every version's age.
 * @param observedAt when the archives offered it: now after a refresh, otherwise the age of the lists
 */
export function observeLocally(directory: string, facts: NodeFacts, observedAt: Date): ReleaseHistory {
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
  };
  writeFileDurably(join(directory, fileName), `${JSON.stringify(clock)}\n`);
  const bySource = new Map<string, LocalClock['firstSeen']>();
  for (const record of clock.firstSeen) {
    const key = `${record.archiveKey}\n${record.source}`;
    const records = bySource.get(key);
    if (records === undefined) bySource.set(key, [record]);
    else records.push(record);
  }
  return (archiveKey, source) => bySource.get(`${archiveKey}\n${source}`) ?? [];
}
