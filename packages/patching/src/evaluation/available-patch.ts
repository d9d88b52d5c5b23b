import type { ComplianceLevel } from '@patchbay/facts';
import { approvalInstant } from '../approval-clock/approval-instant.ts';
import { dateRelease, type ReleaseRecord } from '../approval-clock/release-date.ts';
import type { CompiledBaseline } from './compile-baseline.ts';

/** One version in one archive, whether any machine wants it or not. */
export interface AvailableVersion {
  readonly name: string;
  readonly architecture: string;
  readonly section: string;
  readonly priority: string;
  readonly isSecurity: boolean;
  /** What the approval clock recorded about it in this archive. */
  readonly record: ReleaseRecord | undefined;
}

/** SSM API, PatchStatus. */
export interface AvailablePatchStatus {
  readonly deploymentStatus: 'APPROVED' | 'PENDING_APPROVAL' | 'EXPLICIT_APPROVED' | 'EXPLICIT_REJECTED';
  readonly complianceLevel: ComplianceLevel;
  /** When it was or will be approved, ISO 8601; null for a rejected one, and where nobody knows since when it is there. */
  readonly approvalDate: string | null;
}

/**
 * What a baseline says about a version by itself, on one product; null when nothing approves or rejects it (SSM API,
 * DescribeEffectivePatchesForPatchBaseline). On a machine the delay may have begun with an older version.
 */
export function judgeAvailable(
  compiled: CompiledBaseline,
  product: string,
  version: AvailableVersion,
  now: Date,
): AvailablePatchStatus | null {
  const { name, architecture, section, priority, isSecurity, record } = version;
  if (compiled.rejectedBy(name, architecture) !== null) {
    return { deploymentStatus: 'EXPLICIT_REJECTED', complianceLevel: 'UNSPECIFIED', approvalDate: null };
  }
  const release = dateRelease(record);
  const explicit = compiled.explicitApprover(name, architecture);
  if (explicit !== null && (explicit.enableNonSecurity || isSecurity)) {
    const approvalDate = release.availableAt ?? record?.firstSeenAt ?? null;
    return { deploymentStatus: 'EXPLICIT_APPROVED', complianceLevel: explicit.complianceLevel, approvalDate };
  }
  let pending: { readonly until: number; readonly complianceLevel: ComplianceLevel } | null = null;
  for (const rule of compiled.approversFor(product)) {
    if (!(rule.enableNonSecurity || isSecurity) || !(rule.filters?.(section, priority) ?? true)) continue;
    const { complianceLevel } = rule;
    const approvedAt = approvalInstant(rule.delay, release);
    if (approvedAt === null) continue;
    if (approvedAt > now.getTime()) {
      if (pending === null || approvedAt < pending.until) pending = { until: approvedAt, complianceLevel };
      continue;
    }
    const approvalDate = Number.isFinite(approvedAt)
      ? new Date(approvedAt).toISOString()
      : (record?.firstSeenAt ?? null);
    return { deploymentStatus: 'APPROVED', complianceLevel, approvalDate };
  }
  if (pending === null) return null;
  const { until, complianceLevel } = pending;
  return { deploymentStatus: 'PENDING_APPROVAL', complianceLevel, approvalDate: new Date(until).toISOString() };
}
