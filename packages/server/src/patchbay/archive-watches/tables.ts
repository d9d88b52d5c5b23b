import type { OperatingSystem, ReleaseFields } from '@patchbay/facts';
import type { ReleaseTraits } from '@patchbay/package-managers';
import type { ColumnType } from 'kysely';

/** An archive that the server looks at itself, with what came of the last look. */
export interface ArchiveWatchesTable {
  accountId: string;
  watchId: string;
  uri: string;
  suite: string;
  components: ColumnType<string[], string, never>;
  architectures: ColumnType<string[], string, never>;
  keyringName: string;
  keyring: Buffer;
  operatingSystem: OperatingSystem | null;
  product: string | null;
  createdAt: Date;
  lastAttemptAt: Date | null;
  lastSuccessAt: Date | null;
  problem: string | null;
  release: ColumnType<ReleaseFields | null, string | null, string | null>;
  /** Of the same file what pins look at besides; null until it has been read by a release that keeps it. */
  releaseTraits: ColumnType<Omit<ReleaseTraits, 'fields'> | null, string | null | undefined, string | null>;
  /** Of the Release file that was read last; null when the next look must read it whatever its age. */
  lastModified: string | null;
  /** By archive key the digest of the index whose content is stored. */
  indexDigests: ColumnType<Record<string, string>, string | undefined, string>;
  packageCount: ColumnType<number, number | undefined, number>;
}

/** What a watched archive offers now: each version once per archive. */
export interface AvailablePackagesTable {
  accountId: string;
  archiveKey: string;
  watchId: string;
  name: string;
  architecture: string;
  version: string;
  epoch: ColumnType<string, number, never>;
  upstreamVersion: string;
  revision: string;
  source: string;
  sourceVersion: string;
  section: string;
  priority: string;
  filename: string;
  sizeBytes: ColumnType<string, number, never>;
  sha256: string;
  phasedUpdatePercentage: number | null;
}

export interface ArchiveWatchTables {
  archiveWatches: ArchiveWatchesTable;
  availablePackages: AvailablePackagesTable;
}
