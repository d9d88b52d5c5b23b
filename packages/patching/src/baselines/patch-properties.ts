import type { OperatingSystem, PatchFilterKey } from '@patchbay/facts';
import { filterValues } from './filter-values.ts';

/** What DescribePatchProperties can be asked for (SSM API, PatchProperty). */
const patchProperties: ReadonlySet<PatchFilterKey> = new Set([
  'PRODUCT',
  'PRODUCT_FAMILY',
  'CLASSIFICATION',
  'MSRC_SEVERITY',
  'PRIORITY',
  'SEVERITY',
]);

/** The properties that an operating system has (SSM API, DescribePatchProperties). */
export function patchPropertiesOf(operatingSystem: OperatingSystem): PatchFilterKey[] {
  return filterValues[operatingSystem].map(({ key }) => key).filter((key) => patchProperties.has(key));
}

/** The known values of a property; undefined when the operating system has no such property. */
export function patchPropertyValues(operatingSystem: OperatingSystem, property: string): readonly string[] | undefined {
  const key = patchPropertiesOf(operatingSystem).find((candidate) => candidate === property);
  return filterValues[operatingSystem].find((values) => values.key === key)?.known;
}
