import type { PatchBaseline } from '@patchbay/facts';
import type { ColumnType } from 'kysely';

/** What a patch group was to be patched by at one moment. */
export interface PatchSnapshotsTable {
  accountId: string;
  region: string;
  /** Ours; the caller's snapshot id may come again when this one has aged. */
  snapshotKey: string;
  snapshotId: string;
  patchGroup: string;
  operatingSystem: string;
  /** Empty for a snapshot of the whole group; the node whose own override it holds otherwise. */
  instanceId: string;
  baselineId: string;
  baselineRevision: number;
  content: ColumnType<PatchBaseline, string, never>;
  createdAt: Date;
}

export interface PatchSnapshotTables {
  patchSnapshots: PatchSnapshotsTable;
}
