import type { ComplianceLevel, OperatingSystem, PatchBaseline, PatchFilter } from '@patchbay/facts';
import type { ApprovalDelay } from '../approval-clock/approval-instant.ts';
import { BaselineError } from '../baselines/baseline-error.ts';
import { compileWildcard, compileWildcards, type TextMatcher } from '../wildcard/wildcard.ts';

/** One thing that can approve a version: a rule, or the entry of ApprovedPatches that names the package. */
export interface Approver {
  /** `rule 2` or `ApprovedPatches: openssl`. */
  readonly label: string;
  readonly delay: ApprovalDelay;
  readonly enableNonSecurity: boolean;
  readonly complianceLevel: ComplianceLevel;
  /** Null for an explicit approval, which no filter limits. */
  readonly filters: VersionMatcher | null;
}

/** Whether section and priority of a version pass all filters of a rule and of the baseline. */
export type VersionMatcher = (section: string, priority: string) => boolean;

/** A baseline made ready for many packages; its approvers are those that can approve anything on the product at all. */
export interface CompiledBaseline {
  readonly baseline: PatchBaseline;
  readonly revision: number;
  /** Rules in their order, without those whose PRODUCT filters leave the product out. */
  approversFor(product: string): readonly Approver[];
  /** The entry of ApprovedPatches that names a package, as an approver; null when none does. */
  explicitApprover(name: string, architecture: string): Approver | null;
  /** The entry of RejectedPatches that names a package; null when none does. */
  rejectedBy(name: string, architecture: string): string | null;
}

/** Products, sections and priorities come from nodes: what is remembered of them stays bounded. */
const MOST_ANSWERS = 1000;

/** Operating systems whose package manager and filters the evaluator understands. */
export const evaluatedOperatingSystems: ReadonlySet<OperatingSystem> = new Set(['DEBIAN', 'UBUNTU', 'RASPBIAN']);

/**
 * Prepares a baseline for `evaluate`; do it once per baseline revision.
 * @throws BaselineError `UNSUPPORTED_FILTER_KEY` for a filter that would silently match nothing; `checkBaseline` refuses
 * such a baseline beforehand.
 */
export function compileBaseline(baseline: PatchBaseline, revision: number): CompiledBaseline {
  if (evaluatedOperatingSystems.has(baseline.operatingSystem)) refuseUnsupportedFilters(baseline);
  const explicit = compileEntries(baseline.approvedPatches);
  const rejected = compileEntries(baseline.rejectedPatches);
  const explicitApprovers = new Map(
    baseline.approvedPatches.map((entry) => [entry, explicitApproverOf(baseline, entry)] as const),
  );
  const approversByProduct = new Map<string, readonly Approver[]>();
  return {
    baseline,
    revision,
    approversFor(product) {
      const found = approversByProduct.get(product);
      if (found !== undefined) return found;
      const approvers = compileRules(baseline, product);
      if (approversByProduct.size < MOST_ANSWERS) approversByProduct.set(product, approvers);
      return approvers;
    },
    explicitApprover(name, architecture) {
      const entry = explicit(name, architecture);
      return entry === null ? null : (explicitApprovers.get(entry) ?? null);
    },
    rejectedBy: rejected,
  };
}

function explicitApproverOf(baseline: PatchBaseline, entry: string): Approver {
  return {
    label: `ApprovedPatches: ${entry}`,
    delay: { approveAfterDays: 0 },
    enableNonSecurity: baseline.approvedPatchesEnableNonSecurity,
    complianceLevel: baseline.approvedPatchesComplianceLevel,
    filters: null,
  };
}

function compileRules(baseline: PatchBaseline, product: string): Approver[] {
  const globalFilters = baseline.globalFilters.patchFilters;
  return baseline.approvalRules.patchRules.flatMap((rule, index) => {
    const filters = [...globalFilters, ...rule.patchFilterGroup.patchFilters];
    const coversProduct = filters
      .filter((filter) => filter.key === 'PRODUCT')
      .every((filter) => compileWildcards(filter.values)(product));
    if (!coversProduct) return [];
    return [
      {
        label: `rule ${index + 1}`,
        delay: { approveAfterDays: rule.approveAfterDays, approveUntilDate: rule.approveUntilDate },
        enableNonSecurity: rule.enableNonSecurity,
        complianceLevel: rule.complianceLevel,
        filters: compileVersionFilters(filters),
      },
    ];
  });
}

/** AND of the filters, OR of the values of each. AWS spells priorities `Required`, the archives `required`. */
function compileVersionFilters(filters: readonly PatchFilter[]): VersionMatcher {
  const matchersOf = (key: 'SECTION' | 'PRIORITY'): TextMatcher[] =>
    filters
      .filter((filter) => filter.key === key)
      .map((filter) => rememberAnswers(compileWildcards(filter.values, { ignoreCase: true })));
  const sections = matchersOf('SECTION');
  const priorities = matchersOf('PRIORITY');
  return (section, priority) =>
    sections.every((matches) => matches(section)) && priorities.every((matches) => matches(priority));
}

/** There are some dozens of sections and five priorities, and hundreds of packages on each node. */
function rememberAnswers(matches: TextMatcher): TextMatcher {
  const answers = new Map<string, boolean>();
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = matches(text);
    if (answers.size < MOST_ANSWERS) answers.set(text, answer);
    return answer;
  };
}

/** Entries are bare names, also with the architecture (`bash.amd64`), each `*` standing for any text. */
function compileEntries(entries: readonly string[]): (name: string, architecture: string) => string | null {
  if (entries.length === 0) return () => null;
  const exact = new Map(entries.filter((entry) => !entry.includes('*')).map((entry) => [entry, entry]));
  const patterns = entries
    .filter((entry) => entry.includes('*'))
    .map((entry) => ({ entry, matches: compileWildcard(entry) }));
  return (name, architecture) => {
    const qualified = `${name}.${architecture}`;
    const found = exact.get(name) ?? exact.get(qualified);
    if (found !== undefined) return found;
    return patterns.find(({ matches }) => matches(name) || matches(qualified))?.entry ?? null;
  };
}

function refuseUnsupportedFilters(baseline: PatchBaseline): void {
  const groups = [
    baseline.globalFilters,
    ...baseline.approvalRules.patchRules.map((patchRule) => patchRule.patchFilterGroup),
  ];
  for (const { key } of groups.flatMap((group) => group.patchFilters)) {
    if (key === 'PRODUCT' || key === 'PRIORITY' || key === 'SECTION') continue;
    throw new BaselineError(
      'UNSUPPORTED_FILTER_KEY',
      `Baseline ${baseline.name} filters by ${key}, which ${baseline.operatingSystem} has not; use PRODUCT, PRIORITY or SECTION`,
    );
  }
}
