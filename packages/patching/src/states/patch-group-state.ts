import type { PatchCounts } from '@patchbay/facts';

/** How many nodes of a patch group have at least one patch of a kind (SSM API, DescribePatchGroupState). */
export interface PatchGroupState {
  instances: number;
  instancesWithInstalledPatches: number;
  instancesWithInstalledOtherPatches: number;
  instancesWithInstalledPendingRebootPatches: number;
  instancesWithInstalledRejectedPatches: number;
  instancesWithMissingPatches: number;
  instancesWithFailedPatches: number;
  instancesWithNotApplicablePatches: number;
  instancesWithUnreportedNotApplicablePatches: number;
  instancesWithCriticalNonCompliantPatches: number;
  instancesWithSecurityNonCompliantPatches: number;
  instancesWithOtherNonCompliantPatches: number;
  instancesWithAvailableSecurityUpdates: number;
}

/** Counts nodes, not patches; those that were never scanned are instances and nothing else. */
export function countPatchGroup(instances: number, nodes: readonly PatchCounts[]): PatchGroupState {
  const having = (count: keyof PatchCounts) => nodes.filter((counts) => counts[count] > 0).length;
  return {
    instances,
    instancesWithInstalledPatches: having('installedCount'),
    instancesWithInstalledOtherPatches: having('installedOtherCount'),
    instancesWithInstalledPendingRebootPatches: having('installedPendingRebootCount'),
    instancesWithInstalledRejectedPatches: having('installedRejectedCount'),
    instancesWithMissingPatches: having('missingCount'),
    instancesWithFailedPatches: having('failedCount'),
    instancesWithNotApplicablePatches: having('notApplicableCount'),
    instancesWithUnreportedNotApplicablePatches: having('unreportedNotApplicableCount'),
    instancesWithCriticalNonCompliantPatches: having('criticalNonCompliantCount'),
    instancesWithSecurityNonCompliantPatches: having('securityNonCompliantCount'),
    instancesWithOtherNonCompliantPatches: having('otherNonCompliantCount'),
    instancesWithAvailableSecurityUpdates: having('availableSecurityUpdateCount'),
  };
}
