import type { ComplianceLevel, InstalledPackage, InstalledState, Offer, OfferedVersion } from '@patchbay/facts';
import type { Approver } from './compile-baseline.ts';
import type { PackageContext } from './package-context.ts';

/** What the installed version is by itself, and what says so. */
export interface InstalledJudgement {
  readonly state: InstalledState;
  /** The approver's label, or null when nothing approves it. */
  readonly approvedBy: string | null;
  readonly complianceLevel: ComplianceLevel;
  readonly reason: string;
}

/**
 * Judges the installed version: INSTALLED when the baseline approves it with the delay ignored, since what is already in
 * is no longer waited for (user guide, "Patch compliance state values").
 */
export function judgeInstalled(
  context: PackageContext,
  key: string,
  installed: InstalledPackage,
  offer: Offer | undefined,
  explicit: Approver | null,
  rejectedBy: string | null,
): InstalledJudgement {
  const { compiled } = context;
  if (rejectedBy !== null && compiled.baseline.rejectedPatchesAction === 'BLOCK') {
    return {
      state: 'installed-rejected',
      approvedBy: null,
      complianceLevel: 'UNSPECIFIED',
      reason: `Installed although RejectedPatches blocks it (${rejectedBy}).`,
    };
  }
  const offered = offer?.versions.find((version) => version.version === installed.version);
  const approver = rejectedBy === null ? findApprover(context, installed, offered, explicit) : null;
  const approvedBy = approver?.label ?? null;
  const complianceLevel = approver?.complianceLevel ?? 'UNSPECIFIED';
  if (context.pendingReboot.has(key)) {
    const reason = 'Installed; takes effect with a reboot that has not happened yet.';
    return { state: 'pending-reboot', approvedBy, complianceLevel, reason };
  }
  if (approver !== null) {
    return { state: 'installed', approvedBy, complianceLevel, reason: `Installed and approved by ${approver.label}.` };
  }
  const reason =
    rejectedBy === null
      ? 'Installed; the baseline does not approve it.'
      : `Installed; RejectedPatches allows it as a dependency only (${rejectedBy}).`;
  return { state: 'installed-other', approvedBy, complianceLevel, reason };
}

function findApprover(
  context: PackageContext,
  installed: InstalledPackage,
  offered: OfferedVersion | undefined,
  explicit: Approver | null,
): Approver | null {
  const section = offered?.section ?? installed.section;
  const priority = offered?.priority ?? installed.priority;
  let fromSecurity: boolean | null = null;
  const isInScope = (approver: Approver): boolean => {
    if (approver.enableNonSecurity) return true;
    fromSecurity ??= cameFromSecurity(context, installed, offered);
    return fromSecurity;
  };
  for (const rule of context.rules) {
    if ((rule.filters?.(section, priority) ?? true) && isInScope(rule)) return rule;
  }
  return explicit !== null && isInScope(explicit) ? explicit : null;
}

/** From the archives that still carry the version; where none does, from what they were seen to carry. */
function cameFromSecurity(
  context: PackageContext,
  installed: InstalledPackage,
  offered: OfferedVersion | undefined,
): boolean {
  if (offered !== undefined) {
    return offered.archives.some((position) => context.archives[position]?.isSecurity === true);
  }
  return context.archives.some(
    (archive) =>
      archive.isSecurity &&
      context.history(archive.key, installed.source).some((record) => record.sourceVersion === installed.sourceVersion),
  );
}
