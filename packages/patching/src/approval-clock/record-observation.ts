import { archiveKey, type InstalledPackage, type Offers } from '@patchbay/facts';
import { versionSchemes } from '@patchbay/versioning';
import type { FirstSeenRecord } from './release-date.ts';

/** When anybody last looked, with success, at what one archive offers for one source package. */
export interface CoverageRecord {
  readonly archiveKey: string;
  readonly source: string;
  /** ISO 8601, the server's receive time. */
  readonly lastObservedAt: string;
}

export interface Observation {
  /** Coverage and versions recorded so far, at least those of the archives and sources below. */
  readonly knownCoverage: readonly CoverageRecord[];
  readonly knownReleases: readonly FirstSeenRecord[];
  /** What the node has installed: it looked for all of it in each of its archives. */
  readonly installed: readonly InstalledPackage[];
  readonly offers: Offers;
  /** The server's receive time; a node's own clock never dates anything. */
  readonly receivedAt: Date;
}

export interface ObservationOutcome {
  /** Versions to add; those known before keep their date. */
  readonly firstSeen: FirstSeenRecord[];
  /** Coverage to write over what was there. */
  readonly coverage: CoverageRecord[];
}

/** A pair of archive and source counts as watched when it was last looked at no longer ago than this. */
const COVERAGE_GAP_HOURS = 48;

/** Stands in coverage for every source package of an archive: somebody read its whole index. */
const EVERY_SOURCE = '*';

const HOUR_MILLISECONDS = 3_600_000;

/**
 * What a submission of facts teaches the approval clock (architecture, section 4, rungs b and d). Coverage is kept per
 * archive and source: a package first installed anywhere long after its archive was first watched is not brand new.
 * Only archives that are `current` count; a version in any other is left for the next good look.
 */
export function recordObservation(observation: Observation): ObservationOutcome {
  const receivedAt = observation.receivedAt.toISOString();
  const { archives, offers } = observation.offers;
  const keys = archives.map((archive) => archiveKey(archive.address));
  const known = groupReleases(observation.knownReleases);
  const lastObserved = new Map(
    observation.knownCoverage.map((record) => [pairKey(record.archiveKey, record.source), record.lastObservedAt]),
  );
  const coverage = new Map<string, CoverageRecord>();
  const firstSeen = new Map<string, FirstSeenRecord>();

  const cover = (key: string, source: string): void => {
    const pair = pairKey(key, source);
    if (coverage.has(pair)) return;
    // Submissions may be handled out of order: coverage never moves backwards.
    const before = lastObserved.get(pair);
    const lastObservedAt = before !== undefined && Date.parse(before) > Date.parse(receivedAt) ? before : receivedAt;
    coverage.set(pair, { archiveKey: key, source, lastObservedAt });
  };

  const sources = new Set(observation.installed.map((installed) => installed.source));
  for (const [position, archive] of archives.entries()) {
    if (archive.status !== 'current') continue;
    for (const source of sources) cover(keys[position] ?? '', source);
  }
  for (const offer of offers) {
    for (const version of offer.versions) {
      for (const position of version.archives) {
        const key = keys[position];
        if (key === undefined || archives[position]?.status !== 'current') continue;
        const pair = pairKey(key, version.source);
        cover(key, version.source);
        const identity = `${pair}\n${version.sourceVersion}`;
        const recorded = known.get(pair);
        if (firstSeen.has(identity) || recorded?.has(version.sourceVersion) === true) continue;
        const isNew =
          (isWatched(lastObserved.get(pair), observation.receivedAt) ||
            isWatched(lastObserved.get(pairKey(key, EVERY_SOURCE)), observation.receivedAt)) &&
          !hasNewerThan(recorded ?? new Set(), version.sourceVersion);
        firstSeen.set(identity, {
          archiveKey: key,
          source: version.source,
          sourceVersion: version.sourceVersion,
          rung: isNew ? 'first-seen' : 'undated',
          firstSeenAt: receivedAt,
        });
      }
    }
  }
  return { firstSeen: [...firstSeen.values()], coverage: [...coverage.values()] };
}

/** One whole index of an archive, as its reader found it. */
export interface IndexObservation {
  readonly archiveKey: string;
  /** Every source version that it holds. */
  readonly versions: readonly { readonly source: string; readonly sourceVersion: string }[];
  /** All that is recorded of this archive. */
  readonly knownCoverage: readonly CoverageRecord[];
  readonly knownReleases: readonly FirstSeenRecord[];
  readonly receivedAt: Date;
}

/**
 * What a whole index teaches the approval clock. It observes every source package, those that it does not hold included:
 * one record of coverage stands for them all.
 */
export function recordIndexObservation(observation: IndexObservation): ObservationOutcome {
  const { archiveKey: key, receivedAt } = observation;
  const known = groupReleases(observation.knownReleases);
  const lastObserved = new Map(
    observation.knownCoverage.map((record) => [pairKey(record.archiveKey, record.source), record.lastObservedAt]),
  );
  const isWholeWatched = isWatched(lastObserved.get(pairKey(key, EVERY_SOURCE)), receivedAt);
  const firstSeen = new Map<string, FirstSeenRecord>();
  for (const { source, sourceVersion } of observation.versions) {
    const pair = pairKey(key, source);
    const identity = `${pair}\n${sourceVersion}`;
    const recorded = known.get(pair);
    if (firstSeen.has(identity) || recorded?.has(sourceVersion) === true) continue;
    const isNew =
      (isWholeWatched || isWatched(lastObserved.get(pair), receivedAt)) &&
      !hasNewerThan(recorded ?? new Set(), sourceVersion);
    const rung = isNew ? 'first-seen' : 'undated';
    firstSeen.set(identity, {
      archiveKey: key,
      source,
      sourceVersion,
      rung,
      firstSeenAt: receivedAt.toISOString(),
    });
  }
  const coverage = [{ archiveKey: key, source: EVERY_SOURCE, lastObservedAt: receivedAt.toISOString() }];
  return { firstSeen: [...firstSeen.values()], coverage };
}

function pairKey(key: string, source: string): string {
  return `${key}\n${source}`;
}

function groupReleases(records: readonly FirstSeenRecord[]): Map<string, Set<string>> {
  const groups = new Map<string, Set<string>>();
  for (const record of records) {
    const pair = pairKey(record.archiveKey, record.source);
    const versions = groups.get(pair);
    if (versions === undefined) groups.set(pair, new Set([record.sourceVersion]));
    else versions.add(record.sourceVersion);
  }
  return groups;
}

function isWatched(lastObservedAt: string | undefined, receivedAt: Date): boolean {
  if (lastObservedAt === undefined) return false;
  return receivedAt.getTime() - Date.parse(lastObservedAt) <= COVERAGE_GAP_HOURS * HOUR_MILLISECONDS;
}

/**
 * Nodes report only what is not older than their installed version, so an older version in an archive that keeps several
 * can stay unreported while others watch. Below a version already known, a report is no arrival.
 */
function hasNewerThan(recorded: ReadonlySet<string>, sourceVersion: string): boolean {
  if (!versionSchemes.dpkg.isValid(sourceVersion)) return false;
  for (const other of recorded) {
    if (versionSchemes.dpkg.isValid(other) && versionSchemes.dpkg.compare(other, sourceVersion) > 0) return true;
  }
  return false;
}
