import { OperatingSystem } from '@patchbay/facts';
import { PatchBaselineError } from './errors.ts';

/** AWS's filter of the patch operations, both members optional on the wire. */
interface WireFilter {
  readonly key?: string | undefined;
  readonly values?: readonly string[] | undefined;
}

/** All filters must hold; of the values of one, any. */
export interface BaselineFilter {
  readonly key: 'NAME_PREFIX' | 'OWNER' | 'OPERATING_SYSTEM';
  readonly values: readonly string[];
}

/** The values that a key is limited to; null for any text. */
const keyValues = new Map<string, readonly string[] | null>([
  ['NAME_PREFIX', null],
  ['OWNER', ['AWS', 'Self']],
  ['OPERATING_SYSTEM', OperatingSystem.options],
]);

function invalid(message: string): PatchBaselineError {
  return new PatchBaselineError('BASELINE_INVALID', message);
}

/** Reads the filters of DescribePatchBaselines and DescribePatchGroups, of which each knows some of the keys. */
export function readBaselineFilters(
  filters: readonly WireFilter[],
  knownKeys: readonly BaselineFilter['key'][],
): BaselineFilter[] {
  return filters.map(({ key: text = '', values = [] }) => {
    const key = knownKeys.find((known) => known === text);
    if (key === undefined) throw invalid(`Invalid Filter Key: ${text}, valid keys are: ${knownKeys.join(', ')}`);
    if (values.length === 0) throw invalid(`The filter ${key} has no values: give at least one.`);
    const allowed = keyValues.get(key);
    const wrong = allowed ? values.find((value) => !allowed.includes(value)) : undefined;
    if (allowed && wrong !== undefined) {
      throw invalid(`Invalid Filter Value: ${wrong} for Key: ${key}, valid values are: ${allowed.join(', ')}`);
    }
    return { key, values };
  });
}
