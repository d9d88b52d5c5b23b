import type { OfferedVersion } from '@patchbay/facts';
import { versionSchemes } from '@patchbay/versioning';
import { dateRelease, type ReleaseDate, type ReleaseRecord } from '../approval-clock/release-date.ts';
import type { ArchiveView } from './archive-view.ts';

/** Everything recorded about one source package in one archive, versions that it has forgotten included. */
export type ReleaseHistory = (archiveKey: string, source: string) => readonly ReleaseRecord[];

/** For a machine that no control plane has watched: every version is undated. */
export const emptyReleaseHistory: ReleaseHistory = () => [];

/** One source version above the installed one, in one archive. */
export interface TimelineEntry {
  readonly source: string;
  readonly sourceVersion: string;
  readonly archiveKey: string;
  readonly isSecurity: boolean;
  readonly release: ReleaseDate;
  /** Of an undated version: when it was first looked at, or null when nobody recorded it. */
  readonly firstSeenAt: string | null;
  /** Position among the offered versions; null when no archive offers it any more. */
  readonly offeredPosition: number | null;
  /** Position of the oldest offered version that contains it: it lies in (installed, that and every newer one]. */
  readonly reach: number;
}

const { dpkg } = versionSchemes;

/**
 * The versions above the installed one, with their dates: those still offered and those that the archives have
 * forgotten. The forgotten ones make the oldest unfixed version findable, so that newer builds cannot starve a delay.
 * @param newer offered versions above the installed one, newest first, all valid
 */
export function buildTimeline(
  installed: { readonly source: string; readonly sourceVersion: string },
  newer: readonly OfferedVersion[],
  archives: readonly ArchiveView[],
  history: ReleaseHistory,
): TimelineEntry[] {
  const entries: TimelineEntry[] = [];
  const offered = new Set<string>();
  for (const [position, version] of newer.entries()) {
    for (const archivePosition of version.archives) {
      const archive = archives[archivePosition];
      if (archive === undefined) continue;
      const record = history(archive.key, version.source).find(
        (candidate) => candidate.sourceVersion === version.sourceVersion,
      );
      offered.add(`${archive.key}\n${version.source}\n${version.sourceVersion}`);
      entries.push(entryOf(archive, version.source, version.sourceVersion, record, position, position));
    }
  }
  // A renamed source package counts its versions anew: only the installed one's forgotten versions can be placed.
  for (const archive of archives) {
    for (const record of history(archive.key, installed.source)) {
      const { source, sourceVersion } = record;
      if (offered.has(`${archive.key}\n${source}\n${sourceVersion}`)) continue;
      if (!dpkg.isValid(sourceVersion) || dpkg.compare(sourceVersion, installed.sourceVersion) <= 0) continue;
      const reach = newer.findLastIndex(
        (version) => version.source === source && dpkg.compare(version.sourceVersion, sourceVersion) >= 0,
      );
      if (reach >= 0) entries.push(entryOf(archive, source, sourceVersion, record, null, reach));
    }
  }
  return entries;
}

function entryOf(
  archive: ArchiveView,
  source: string,
  sourceVersion: string,
  record: ReleaseRecord | undefined,
  offeredPosition: number | null,
  reach: number,
): TimelineEntry {
  return {
    source,
    sourceVersion,
    archiveKey: archive.key,
    isSecurity: archive.isSecurity,
    release: dateRelease(record),
    firstSeenAt: record?.firstSeenAt ?? null,
    offeredPosition,
    reach,
  };
}
