import type { ChangelogEvidence, ClockRung } from '@patchbay/facts';
import { parseChangelogDate } from './changelog-date.ts';

/** When one source version first stood in one archive, as far as this control plane saw it itself. */
export interface FirstSeenRecord {
  readonly archiveKey: string;
  readonly source: string;
  readonly sourceVersion: string;
  /** `undated`: it was there at the first look (or after a gap), so its age is not known. */
  readonly rung: 'first-seen' | 'undated';
  /** ISO 8601, the server's receive time; on the rung `undated` only the moment of the first look. */
  readonly firstSeenAt: string;
}

/** All that is known about the date of one source version in one archive. */
export interface ReleaseRecord extends FirstSeenRecord {
  /** Publication date from the archive or an advisory, ISO 8601. */
  readonly publishedAt?: string | null;
  /** What the changelog inside one of the source's packages says, where somebody read it. */
  readonly changelog?: ChangelogEvidence | null;
}

/** The date of a version and the rung of the approval clock that gave it; `availableAt` is null only when undated. */
export interface ReleaseDate {
  readonly rung: ClockRung;
  readonly availableAt: string | null;
  readonly changelog?: ChangelogEvidence;
}

const UNDATED: ReleaseDate = { rung: 'undated', availableAt: null };

/**
 * Climbs the rungs of the approval clock: (a) published, (b) first seen under observation, (c) changelog, (d) undated.
 * A version that nobody recorded is undated. So is one whose date cannot be read: an unreadable date must not delay a fix.
 */
export function dateRelease(record: ReleaseRecord | undefined): ReleaseDate {
  if (record === undefined) return UNDATED;
  if (isInstant(record.publishedAt)) return { rung: 'published', availableAt: record.publishedAt };
  if (record.rung === 'first-seen' && isInstant(record.firstSeenAt)) {
    return { rung: 'first-seen', availableAt: record.firstSeenAt };
  }
  return record.changelog ? dateByChangelog(record, record.changelog) : UNDATED;
}

/**
 * A changelog's date comes from whoever built the package. It cannot be later than the moment at which the version was
 * first looked at; one that says so is no date, and its evidence says why.
 */
function dateByChangelog({ firstSeenAt }: ReleaseRecord, changelog: ChangelogEvidence): ReleaseDate {
  const availableAt = changelog.dateLine === null ? null : parseChangelogDate(changelog.dateLine);
  if (availableAt === null) {
    const problem = changelog.problem ?? 'its date cannot be read';
    return { ...UNDATED, changelog: { ...changelog, problem } };
  }
  if (Date.parse(availableAt) > Date.parse(firstSeenAt)) {
    const problem = `its date lies after ${firstSeenAt}, when the version was there already`;
    return { ...UNDATED, changelog: { ...changelog, problem } };
  }
  return { rung: 'changelog', availableAt, changelog };
}

function isInstant(text: string | null | undefined): text is string {
  return typeof text === 'string' && !Number.isNaN(Date.parse(text));
}
