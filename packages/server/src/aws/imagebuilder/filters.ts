import { invalidValue } from './errors.ts';

/** Image Builder's filter, both members optional on the wire. */
interface WireFilter {
  readonly name?: string | undefined;
  readonly values?: readonly string[] | undefined;
}

/** All filters must hold; of the values of one, any. */
export interface ImageBuilderFilter<Name extends string> {
  readonly name: Name;
  readonly values: readonly string[];
}

/** Reads the filters of an operation, which knows some names. */
export function readFilters<Name extends string>(
  filters: readonly WireFilter[] | undefined,
  knownNames: readonly Name[],
): ImageBuilderFilter<Name>[] {
  return (filters ?? []).map(({ name: text = '', values = [] }, index) => {
    const name = knownNames.find((known) => known === text);
    if (name === undefined) {
      throw invalidValue(`filters[${index}].name`, `Valid names are: ${knownNames.join(', ')}.`);
    }
    if (values.length === 0) throw invalidValue(`filters[${index}].values`, 'Give at least one.');
    return { name, values };
  });
}

/** The values that the filters with a name allow, one list for each filter. */
export function valuesOf<Name extends string>(
  filters: readonly ImageBuilderFilter<Name>[],
  wanted: Name,
): readonly (readonly string[])[] {
  return filters.filter(({ name }) => name === wanted).map(({ values }) => values);
}
