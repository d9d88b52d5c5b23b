import type { PatchBaseline, PatchFilter, PatchRule } from '@patchbay/facts';
import { compileWildcard } from '../wildcard/wildcard.ts';
import { type FilterValues, filterValues } from './filter-values.ts';

/** One thing that a baseline may not say, where it says it, and what would be allowed. */
export interface BaselineProblem {
  /** As on the wire: `ApprovalRules.PatchRules[0].ApproveUntilDate`. */
  readonly path: string;
  readonly message: string;
}

/** What AWS checks beyond the shape of a baseline; an empty list when all is well. */
export function checkBaseline(baseline: PatchBaseline): BaselineProblem[] {
  const problems: BaselineProblem[] = [];
  for (const [index, filter] of baseline.globalFilters.patchFilters.entries()) {
    problems.push(...checkFilter(baseline, filter, `GlobalFilters.PatchFilters[${index}]`));
  }
  for (const [index, rule] of baseline.approvalRules.patchRules.entries()) {
    const path = `ApprovalRules.PatchRules[${index}]`;
    problems.push(...checkRule(rule, path));
    if (rule.enableNonSecurity) problems.push(...checkLinuxOnly(baseline, `${path}.EnableNonSecurity`));
    for (const [filterIndex, filter] of rule.patchFilterGroup.patchFilters.entries()) {
      problems.push(...checkFilter(baseline, filter, `${path}.PatchFilterGroup.PatchFilters[${filterIndex}]`));
    }
  }
  if (baseline.approvedPatchesEnableNonSecurity) {
    problems.push(...checkLinuxOnly(baseline, 'ApprovedPatchesEnableNonSecurity'));
  }
  if (baseline.sources.length > 0) problems.push(...checkLinuxOnly(baseline, 'Sources'));
  if (baseline.availableSecurityUpdatesComplianceStatus !== undefined && baseline.operatingSystem !== 'WINDOWS') {
    const path = 'AvailableSecurityUpdatesComplianceStatus';
    problems.push({ path, message: `${path} is only supported for WINDOWS, not for ${baseline.operatingSystem}` });
  }
  return problems;
}

function checkLinuxOnly(baseline: PatchBaseline, path: string): BaselineProblem[] {
  if (baseline.operatingSystem !== 'WINDOWS' && baseline.operatingSystem !== 'MACOS') return [];
  return [{ path, message: `${path} applies to Linux only, not to ${baseline.operatingSystem}; leave it out` }];
}

function checkRule(rule: PatchRule, path: string): BaselineProblem[] {
  const { approveAfterDays, approveUntilDate } = rule;
  if ((approveAfterDays === undefined) === (approveUntilDate === undefined)) {
    // AWS documents both as without effect on Debian and Ubuntu and wants one of them there too.
    const found = approveAfterDays === undefined ? 'neither is given' : 'both are given';
    return [{ path, message: `Exactly one of ApproveAfterDays and ApproveUntilDate is required; ${found}` }];
  }
  if (approveUntilDate !== undefined && !isCalendarDate(approveUntilDate)) {
    return [
      {
        path: `${path}.ApproveUntilDate`,
        message: `Invalid ApproveUntilDate: ${approveUntilDate}, valid values are: a calendar date as YYYY-MM-DD`,
      },
    ];
  }
  return [];
}

/** Whether a text is a day that exists, written `YYYY-MM-DD`. */
function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const instant = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text);
}

function checkFilter(baseline: PatchBaseline, filter: PatchFilter, path: string): BaselineProblem[] {
  const allowed = filterValues[baseline.operatingSystem];
  const values = allowed.find((candidate) => candidate.key === filter.key);
  if (values === undefined) {
    const keys = allowed.map((candidate) => candidate.key).join(', ');
    const message = `Invalid Filter Key: ${filter.key} for Operating System: ${baseline.operatingSystem}, valid keys are: ${keys}`;
    return [{ path: `${path}.Key`, message }];
  }
  return filter.values
    .map((value, index) => ({ value, path: `${path}.Values[${index}]` }))
    .filter(({ value }) => !acceptsValue(values, value))
    .map(({ value, path: valuePath }) => ({
      path: valuePath,
      message: `Invalid Filter Value: ${value} for Key: ${filter.key}, valid values are: ${values.known.join(', ')}, *`,
    }));
}

function acceptsValue(values: FilterValues, value: string): boolean {
  if (/^\*+$/.test(value)) return true;
  const matches = compileWildcard(value, { ignoreCase: values.key === 'PRIORITY' || values.key === 'SECTION' });
  if (values.known.some(matches)) return true;
  if (values.plausible === null) return false;
  // A pattern such as `Debian14*` is plausible when one of the texts it stands for is.
  return ['', '1', '.1'].some((filling) => values.plausible?.test(value.replaceAll('*', filling)));
}
