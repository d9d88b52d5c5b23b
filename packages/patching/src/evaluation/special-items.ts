import type { PackageName, UnknownReason, VerdictItem } from '@patchbay/facts';
import { UNKNOWN_ITEM_NAME } from '../states/state-table.ts';

/** The row that stands for a node that cannot be judged; its reason becomes the title on AWS's wire. */
export function unknownItem(doubts: readonly UnknownReason[]): VerdictItem {
  return {
    ...withoutEvidence({ name: UNKNOWN_ITEM_NAME, architecture: 'all' }),
    state: 'unknown',
    reason: [...new Set(doubts.map((reason) => reason.message))].join('; '),
  };
}

/** The row of a package that dpkg left half done and that is not among the installed ones. */
export function brokenItem(name: PackageName, state: string): VerdictItem {
  return { ...withoutEvidence(name), state: 'failed', reason: `dpkg left it ${state}.` };
}

function withoutEvidence({ name, architecture }: PackageName): Omit<VerdictItem, 'state' | 'reason'> {
  return {
    name,
    architecture,
    installedVersion: null,
    installedState: null,
    targetVersion: null,
    complianceLevel: 'UNSPECIFIED',
    classification: '',
    section: '',
    priority: '',
    evidence: { candidate: null, offered: [], approvedBy: null, clock: null, notes: [] },
  };
}
