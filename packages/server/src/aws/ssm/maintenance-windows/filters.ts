import { parseScheduleDate } from '@patchbay/patching';
import { MaintenanceWindowError } from './errors.ts';

/** AWS's filter of the maintenance window operations, both members optional on the wire. */
interface WireFilter {
  readonly key?: string | undefined;
  readonly values?: readonly string[] | undefined;
}

/** All filters must hold; of the values of one, any. */
export interface WindowFilter<Key extends string> {
  readonly key: Key;
  readonly values: readonly string[];
}

/** Reads the filters of an operation, which knows some keys. */
export function readWindowFilters<Key extends string>(
  filters: readonly WireFilter[] | undefined,
  knownKeys: readonly Key[],
): WindowFilter<Key>[] {
  return (filters ?? []).map(({ key: text = '', values = [] }) => {
    const key = knownKeys.find((known) => known === text);
    if (key === undefined) {
      throw new MaintenanceWindowError(
        'WINDOW_INVALID',
        `Invalid Filter Key: ${text}, valid keys are: ${knownKeys.join(', ')}`,
      );
    }
    if (values.length === 0) {
      throw new MaintenanceWindowError('WINDOW_INVALID', `The filter ${key} has no values: give at least one.`);
    }
    return { key, values };
  });
}

/** The values that the filters with a key allow, one list for each filter. */
export function valuesOf<Key extends string>(
  filters: readonly WindowFilter<Key>[],
  wanted: Key,
): readonly (readonly string[])[] {
  return filters.filter(({ key }) => key === wanted).map(({ values }) => values);
}

/** The instants that the filters with a key give, one each. */
export function instantsOf<Key extends string>(filters: readonly WindowFilter<Key>[], wanted: Key): readonly Date[] {
  return valuesOf(filters, wanted).map(([text = '', ...more]) => {
    if (more.length > 0) throw new MaintenanceWindowError('WINDOW_INVALID', `The filter ${wanted} takes one value.`);
    return parseScheduleDate(wanted, text);
  });
}
