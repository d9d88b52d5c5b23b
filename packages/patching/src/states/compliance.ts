import { ComplianceLevel, type Verdict, type VerdictItem } from '@patchbay/facts';
import { type AwsPatch, awsPatchOf } from './aws-patches.ts';
import { isCompliantItem } from './state-table.ts';

/** How many there are of each level. */
export type SeverityCounts = Record<ComplianceLevel, number>;

/** The patches of a node that AWS's wire shows, by what they mean for compliance. */
export interface ComplianceCounts {
  readonly compliant: SeverityCounts;
  readonly nonCompliant: SeverityCounts;
}

/** One patch as ListComplianceItems shows it (SSM API, ComplianceItem). */
export interface CompliancePatch {
  readonly patch: AwsPatch;
  readonly status: 'COMPLIANT' | 'NON_COMPLIANT';
  /** The level that the baseline's rule gives, not the vendor's severity. */
  readonly severity: ComplianceLevel;
}

export function noSeverities(): SeverityCounts {
  return { CRITICAL: 0, HIGH: 0, MEDIUM: 0, LOW: 0, INFORMATIONAL: 0, UNSPECIFIED: 0 };
}

/** The patches of a verdict that are listed, each with what it means for compliance. */
export function compliancePatches(items: readonly VerdictItem[]): CompliancePatch[] {
  return items.flatMap((item) => {
    const patch = awsPatchOf(item);
    if (patch === null) return [];
    return [{ patch, status: isCompliantItem(item) ? 'COMPLIANT' : 'NON_COMPLIANT', severity: item.complianceLevel }];
  });
}

export function countCompliance(verdict: Pick<Verdict, 'items'>): ComplianceCounts {
  const counts = { compliant: noSeverities(), nonCompliant: noSeverities() };
  for (const { status, severity } of compliancePatches(verdict.items)) {
    counts[status === 'COMPLIANT' ? 'compliant' : 'nonCompliant'][severity] += 1;
  }
  return counts;
}

/** The sum over all levels. */
export function totalOf(counts: SeverityCounts): number {
  return ComplianceLevel.options.reduce((sum, level) => sum + counts[level], 0);
}

/** A node is compliant when none of its patches speaks against it; its severity is then that of nothing. */
export function overallCompliance(counts: ComplianceCounts): {
  readonly status: 'COMPLIANT' | 'NON_COMPLIANT';
  readonly severity: ComplianceLevel;
} {
  const gravest = ComplianceLevel.options.find((level) => counts.nonCompliant[level] > 0);
  return gravest === undefined
    ? { status: 'COMPLIANT', severity: 'UNSPECIFIED' }
    : { status: 'NON_COMPLIANT', severity: gravest };
}
