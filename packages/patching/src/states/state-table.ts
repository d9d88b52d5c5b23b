import type { InnerState, VerdictItem } from '@patchbay/facts';

/** The patch states of AWS's wire that a Debian machine can show (SSM API, PatchComplianceDataState). */
export type AwsPatchState =
  | 'INSTALLED'
  | 'INSTALLED_OTHER'
  | 'INSTALLED_PENDING_REBOOT'
  | 'INSTALLED_REJECTED'
  | 'MISSING'
  | 'FAILED';

/** What one inner state amounts to on AWS's wire. */
export interface StateMeaning {
  /** Null when the state is not listed: the installed version's own state then stands for the package. */
  readonly awsState: AwsPatchState | null;
  readonly isCompliant: boolean;
  /** Words that the title carries behind `name.arch:version`; null for none. */
  readonly titleNote: string | null;
}

/** The name of the row that stands for a node that cannot be judged. */
export const UNKNOWN_ITEM_NAME = 'patchbay-unknown';

function meaning(awsState: AwsPatchState | null, isCompliant: boolean, titleNote: string | null = null): StateMeaning {
  return { awsState, isCompliant, titleNote };
}

/** The one table from inner states to AWS's (architecture, section 4). A doubt is never compliant. */
export const stateTable: Readonly<Record<InnerState, StateMeaning>> = {
  installed: meaning('INSTALLED', true),
  'installed-other': meaning('INSTALLED_OTHER', true),
  'pending-reboot': meaning('INSTALLED_PENDING_REBOOT', false),
  'installed-rejected': meaning('INSTALLED_REJECTED', false),
  missing: meaning('MISSING', false),
  held: meaning('MISSING', false, 'held'),
  pinned: meaning('MISSING', false, 'pinned'),
  'needs-removal': meaning('MISSING', false, 'needs a removal'),
  'dependency-blocked': meaning('MISSING', false, 'dependency blocked'),
  'not-obtainable': meaning('MISSING', false, 'not obtainable'),
  waiting: meaning(null, true),
  phased: meaning(null, true),
  excluded: meaning(null, true),
  rejected: meaning(null, true),
  failed: meaning('FAILED', false),
  unknown: meaning('FAILED', false),
};

/** The state that counts on the wire: the item's own, or that of the installed version where its own is not listed. */
export function countedState(item: Pick<VerdictItem, 'state' | 'installedState'>): InnerState {
  if (stateTable[item.state].awsState !== null) return item.state;
  return item.installedState ?? item.state;
}

/** Whether a row lets its node be compliant; a waiting update does not excuse a pending reboot of what is installed. */
export function isCompliantItem(item: Pick<VerdictItem, 'state' | 'installedState'>): boolean {
  return stateTable[countedState(item)].isCompliant;
}
