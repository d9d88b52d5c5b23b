import { AvailablePatchError } from './errors.ts';
import type { AvailableConditions } from './repository.ts';
import type { WatchedProduct } from './service.ts';

type Conditions = Omit<AvailableConditions, 'archiveKeys'>;

interface Filter {
  readonly key?: string | undefined;
  readonly values?: readonly string[] | undefined;
}

/** Which archives a filter leaves. */
const archiveFilters = new Map<string, (archive: WatchedProduct, value: string) => boolean>([
  ['PRODUCT', ({ product }, value) => product === value],
  ['REPOSITORY', ({ repository }, value) => repository === value],
  ['SECURITY', ({ isSecurity }, value) => value.toLowerCase() === String(isSecurity)],
  ['CLASSIFICATION', ({ isSecurity }, value) => isSecurity && value.toLowerCase() === 'security'],
]);

const lower = (values: readonly string[]) => values.map((value) => value.toLowerCase());

/** Which rows of them. apt knows no severity: the priority stands for it, as in baselines. */
const rowFilters = new Map<string, (values: readonly string[]) => Conditions>([
  ['NAME', (values) => ({ names: values })],
  ['ARCH', (values) => ({ architectures: values })],
  ['VERSION', (values) => ({ versions: values })],
  ['EPOCH', (values) => ({ epochs: values.filter((value) => /^\d{1,10}$/.test(value)).map(Number) })],
  ['RELEASE', (values) => ({ revisions: values })],
  ['SECTION', (values) => ({ sections: lower(values) })],
  ['PRIORITY', (values) => ({ priorities: lower(values) })],
  ['SEVERITY', (values) => ({ priorities: lower(values) })],
]);

/** What Debian's archives say nothing about, and what only Windows has: no patch has any of these. */
const withoutPatches = new Set([
  'ADVISORY_ID',
  'BUGZILLA_ID',
  'CVE_ID',
  'MSRC_SEVERITY',
  'PATCH_ID',
  'PATCH_SET',
  'PRODUCT_FAMILY',
]);

/**
 * Reads the filters of DescribeAvailablePatches: different keys all hold, values of one are alternatives.
 * @throws AvailablePatchError PATCH_FILTER_INVALID for an unknown key, or one that is given twice
 */
export function readFilters(
  filters: readonly Filter[],
  archives: readonly WatchedProduct[],
): { readonly archives: readonly WatchedProduct[]; readonly conditions: Conditions } {
  let left = archives;
  let conditions: Conditions = {};
  const seen = new Set<string>();
  for (const { key = '', values = [] } of filters) {
    if (seen.has(key)) throw new AvailablePatchError('PATCH_FILTER_INVALID', `The filter ${key} is given twice.`);
    seen.add(key);
    const keepsArchive = archiveFilters.get(key);
    const conditionOf = rowFilters.get(key);
    if (keepsArchive) left = left.filter((archive) => values.some((value) => keepsArchive(archive, value)));
    else if (conditionOf) conditions = merge(conditions, conditionOf(values));
    else if (withoutPatches.has(key)) left = [];
    else {
      const known = [...archiveFilters.keys(), ...rowFilters.keys(), ...withoutPatches].sort().join(', ');
      throw new AvailablePatchError('PATCH_FILTER_INVALID', `Invalid filter key ${key}, valid keys are: ${known}.`);
    }
  }
  return { archives: left, conditions };
}

/** PRIORITY and SEVERITY ask for the same: both must hold. */
function merge(before: Conditions, added: Conditions): Conditions {
  const { priorities } = before;
  if (priorities === undefined || added.priorities === undefined) return { ...before, ...added };
  return { ...before, priorities: added.priorities.filter((priority) => priorities.includes(priority)) };
}
