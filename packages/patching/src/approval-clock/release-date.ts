import type { ClockRung } from '@patchbay/facts';

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
  /** Date of the changelog inside one of the source's packages, ISO 8601. */
  readonly changelogAt?: string | null;
}

/** The date of a version and the rung of the approval clock that gave it; `availableAt` is null only when undated. */
export interface ReleaseDate {
  readonly rung: ClockRung;
  readonly availableAt: string | null;
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
  if (isInstant(record.changelogAt)) return { rung: 'changelog', availableAt: record.changelogAt };
  return UNDATED;
}

function isInstant(text: string | null | undefined): text is string {
  return typeof text === 'string' && !Number.isNaN(Date.parse(text));
}
