import { OperatingSystem } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { checkBaseline } from './check-baseline.ts';
import { patchPropertiesOf, patchPropertyValues } from './patch-properties.ts';
import { predefinedBaselineFor } from './predefined-baselines.ts';

describe('patch properties', () => {
  // SSM API, DescribePatchProperties: "the properties that can be used in filters for each major operating system type".
  it.each([
    ['AMAZON_LINUX', 'PRODUCT CLASSIFICATION SEVERITY'],
    ['AMAZON_LINUX_2', 'PRODUCT CLASSIFICATION SEVERITY'],
    ['AMAZON_LINUX_2023', 'PRODUCT CLASSIFICATION SEVERITY'],
    ['CENTOS', 'PRODUCT CLASSIFICATION SEVERITY'],
    ['DEBIAN', 'PRODUCT PRIORITY'],
    ['MACOS', 'PRODUCT CLASSIFICATION'],
    ['ORACLE_LINUX', 'PRODUCT CLASSIFICATION SEVERITY'],
    ['REDHAT_ENTERPRISE_LINUX', 'PRODUCT CLASSIFICATION SEVERITY'],
    ['SUSE', 'PRODUCT CLASSIFICATION SEVERITY'],
    ['UBUNTU', 'PRODUCT PRIORITY'],
    ['WINDOWS', 'PRODUCT_FAMILY PRODUCT CLASSIFICATION MSRC_SEVERITY'],
  ] as const)('of %s are %s', (operatingSystem, properties) => {
    expect(patchPropertiesOf(operatingSystem).join(' ')).toBe(properties);
  });

  it.each(OperatingSystem.options)('of %s have values that its baselines accept', (operatingSystem) => {
    for (const key of patchPropertiesOf(operatingSystem)) {
      const values = patchPropertyValues(operatingSystem, key) ?? [];
      expect(values.length).toBeGreaterThan(0);
      expect(new Set(values).size).toBe(values.length);
      for (const value of values) {
        const baseline = {
          ...predefinedBaselineFor(operatingSystem),
          globalFilters: { patchFilters: [{ key, values: [value] }] },
        };
        expect(checkBaseline(baseline)).toEqual([]);
      }
    }
  });

  it('are not found where the system has none of that name', () => {
    expect(patchPropertyValues('DEBIAN', 'SEVERITY')).toBeUndefined();
    expect(patchPropertyValues('DEBIAN', 'SECTION')).toBeUndefined();
    expect(patchPropertyValues('DEBIAN', 'constructor')).toBeUndefined();
  });
});
