import type { PatchBaseline } from '@patchbay/facts';
import type { ColumnType } from 'kysely';

/** What a command brought along in place of its nodes' baselines, as it was read when the command was taken. */
export interface CommandOverridesTable {
  accountId: string;
  region: string;
  commandId: string;
  kind: 'install-list' | 'baselines';
  address: string;
  /** `sha256:<hex>` of the content. */
  digest: string;
  content: ColumnType<unknown, string, never>;
  readAt: Date;
}

/** One set of approvals that several nodes share under a snapshot id: a baseline and the moment that it is judged at. */
export interface PatchSnapshotsTable {
  accountId: string;
  region: string;
  snapshotId: string;
  patchGroup: string;
  operatingSystem: string;
  baseline: ColumnType<PatchBaseline, string, string>;
  baselineRevision: number;
  createdAt: Date;
}

export interface OverrideTables {
  commandOverrides: CommandOverridesTable;
  patchSnapshots: PatchSnapshotsTable;
}
