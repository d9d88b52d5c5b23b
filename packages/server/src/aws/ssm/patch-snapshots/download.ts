import { printBaselineFile } from '@patchbay/patching';
import type { DownloadSource } from '../../../downloads/serve-downloads.ts';
import { publicBaselineId } from '../patch-baselines/baseline-ids.ts';
import { findSnapshotByKey, type PatchSnapshot } from './repository.ts';

/** A snapshot as a document: what it is of, and the baseline in the spelling of GetPatchBaseline. */
function describeSnapshot(snapshot: PatchSnapshot): Record<string, unknown> {
  const { accountId, region, content: baseline } = snapshot;
  const baselineId = publicBaselineId(snapshot, baseline.baselineId);
  return {
    SnapshotId: snapshot.snapshotId,
    AccountId: accountId,
    Region: region,
    PatchGroup: snapshot.patchGroup,
    OperatingSystem: snapshot.operatingSystem,
    CreatedDate: snapshot.createdAt.toISOString(),
    BaselineRevision: snapshot.baselineRevision,
    Baseline: { ...printBaselineFile(baseline), BaselineId: baselineId === '' ? undefined : baselineId },
  };
}

/** What SnapshotDownloadUrl leads to. */
export const patchSnapshotDownloads: DownloadSource = {
  folder: 'patch-snapshots',
  read: async ([key = ''], { db }) => {
    const snapshot = await findSnapshotByKey(db, key);
    if (!snapshot) return undefined;
    return { contentType: 'application/json', body: Buffer.from(JSON.stringify(describeSnapshot(snapshot))) };
  },
};
