import type { PatchCounts, Verdict, VerdictItem } from '@patchbay/facts';
import { type AwsPatchState, countedState, isCompliantItem, stateTable, UNKNOWN_ITEM_NAME } from './state-table.ts';

/** One patch as DescribeInstancePatches shows it (SSM API, PatchComplianceData). */
export interface AwsPatch {
  readonly title: string;
  readonly kbId: string;
  readonly classification: string;
  readonly severity: string;
  readonly state: AwsPatchState;
  /** Seconds since the epoch; dpkg keeps no date of installation, and the member is required. */
  readonly installedTime: 0;
}

const countByState = {
  INSTALLED: 'installedCount',
  INSTALLED_OTHER: 'installedOtherCount',
  INSTALLED_PENDING_REBOOT: 'installedPendingRebootCount',
  INSTALLED_REJECTED: 'installedRejectedCount',
  MISSING: 'missingCount',
  FAILED: 'failedCount',
} as const satisfies Record<AwsPatchState, keyof PatchCounts>;

/** Of a node that was never judged. */
export const noPatchCounts: Readonly<PatchCounts> = {
  installedCount: 0,
  installedOtherCount: 0,
  installedPendingRebootCount: 0,
  installedRejectedCount: 0,
  missingCount: 0,
  failedCount: 0,
  notApplicableCount: 0,
  unreportedNotApplicableCount: 0,
  availableSecurityUpdateCount: 0,
  criticalNonCompliantCount: 0,
  securityNonCompliantCount: 0,
  otherNonCompliantCount: 0,
};

/**
 * The counts of InstancePatchState, all of them of patches. A critical security patch counts as both; `other` is what is
 * neither (SSM API, InstancePatchState).
 */
export function countPatches(verdict: Pick<Verdict, 'items'>): PatchCounts {
  const counts: PatchCounts = { ...noPatchCounts };
  for (const item of verdict.items) {
    const { awsState } = stateTable[countedState(item)];
    if (awsState === null) continue;
    counts[countByState[awsState]] += 1;
    if (isCompliantItem(item)) continue;
    const isCritical = item.complianceLevel === 'CRITICAL';
    const isSecurity = item.classification === 'Security';
    if (isCritical) counts.criticalNonCompliantCount += 1;
    if (isSecurity) counts.securityNonCompliantCount += 1;
    if (!isCritical && !isSecurity) counts.otherNonCompliantCount += 1;
  }
  return counts;
}

/** The patches of a verdict as AWS lists them, one per installed name.architecture. */
export function awsPatches(verdict: Pick<Verdict, 'items'>): AwsPatch[] {
  return verdict.items.flatMap((item) => {
    const patch = awsPatchOf(item);
    return patch === null ? [] : [patch];
  });
}

/** One row of a verdict as AWS lists it; null for what it does not list. */
export function awsPatchOf(item: VerdictItem): AwsPatch | null {
  const state = countedState(item);
  const { awsState } = stateTable[state];
  if (awsState === null) return null;
  const isUnlistedUpdate = state !== item.state;
  // AWS leaves both empty for what the baseline does not approve.
  const isDescribed = awsState !== 'INSTALLED_OTHER';
  return {
    title: titleOf(item, isUnlistedUpdate),
    kbId: item.name === UNKNOWN_ITEM_NAME ? UNKNOWN_ITEM_NAME : `${item.name}.${item.architecture}`,
    classification: isDescribed && !isUnlistedUpdate ? item.classification : '',
    severity: isDescribed ? capitalise(item.priority) : '',
    state: awsState,
    installedTime: 0,
  };
}

function titleOf(item: VerdictItem, isUnlistedUpdate: boolean): string {
  if (item.name === UNKNOWN_ITEM_NAME) return item.reason;
  const version = isUnlistedUpdate ? item.installedVersion : (item.targetVersion ?? item.installedVersion);
  const subject = `${item.name}.${item.architecture}${version === null ? '' : `:${version}`}`;
  if (item.state === 'unknown' || item.state === 'failed') return `${subject} (${item.reason})`;
  const { titleNote } = stateTable[item.state];
  return titleNote === null ? subject : `${subject} (${titleNote}: ${item.reason})`;
}

/** Archives write `optional`, AWS's filter values `Optional`. */
function capitalise(priority: string): string {
  return `${priority.charAt(0).toUpperCase()}${priority.slice(1)}`;
}

/** The status of a node as compliance reports spell it; a node that cannot be judged is not compliant. */
export function patchStateStatus(verdict: Pick<Verdict, 'status'>): 'COMPLIANT' | 'NON_COMPLIANT' {
  return verdict.status === 'compliant' ? 'COMPLIANT' : 'NON_COMPLIANT';
}
