import type { PatchBaseline, PatchFilterKey, PatchRule } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { checkBaseline } from './check-baseline.ts';
import { predefinedBaselineFor } from './predefined-baselines.ts';

function debian(extra: Partial<PatchBaseline>): PatchBaseline {
  return { ...predefinedBaselineFor('DEBIAN'), ...extra };
}

function withRule(rule: Partial<PatchRule>): PatchBaseline {
  const patchRules = [
    {
      patchFilterGroup: { patchFilters: [] },
      complianceLevel: 'UNSPECIFIED' as const,
      enableNonSecurity: false,
      ...rule,
    },
  ];
  return debian({ approvalRules: { patchRules } });
}

function withFilter(key: PatchFilterKey, ...values: string[]): PatchBaseline {
  return debian({ globalFilters: { patchFilters: [{ key, values }] } });
}

describe('checkBaseline', () => {
  it.each([
    ['PRODUCT', 'Debian12'],
    ['PRODUCT', 'Debian14'],
    ['PRODUCT', 'Debian*'],
    ['PRODUCT', '*'],
    ['PRIORITY', 'Required'],
    ['PRIORITY', '*'],
    ['SECTION', 'non-free/libs'],
    ['SECTION', 'net*'],
  ] as const)('accepts %s %s for Debian', (key, value) => {
    expect(checkBaseline(withFilter(key, value))).toEqual([]);
  });

  it.each([
    ['PRODUCT', 'All'],
    ['PRODUCT', 'Ubuntu22.04'],
    ['PRODUCT', 'Ubuntu*'],
    ['PRIORITY', 'Critical'],
    ['SECTION', 'two words'],
  ] as const)('refuses %s %s for Debian in the words of AWS', (key, value) => {
    const [problem, ...others] = checkBaseline(withFilter(key, value));
    expect(others).toEqual([]);
    expect(problem?.path).toBe('GlobalFilters.PatchFilters[0].Values[0]');
    expect(problem?.message).toMatch(
      new RegExp(`^Invalid Filter Value: ${value.replace('*', '\\*')} for Key: ${key}, valid values are: `),
    );
  });

  it('refuses a key that the operating system has not, naming those it has', () => {
    expect(checkBaseline(withFilter('SEVERITY', 'Critical'))).toEqual([
      {
        path: 'GlobalFilters.PatchFilters[0].Key',
        message:
          'Invalid Filter Key: SEVERITY for Operating System: DEBIAN, valid keys are: PRODUCT, PRIORITY, SECTION',
      },
    ]);
  });

  it.each([
    [{}, 'neither is given'],
    [{ approveAfterDays: 0, approveUntilDate: '2026-01-01' }, 'both are given'],
  ])('wants exactly one delay, on Debian too: %j', (rule, words) => {
    expect(checkBaseline(withRule(rule))).toMatchObject([
      { path: 'ApprovalRules.PatchRules[0]', message: expect.stringContaining(words) },
    ]);
  });

  it.each([
    ['2026-02-28', 0],
    ['2028-02-29', 0],
    ['2026-02-29', 1],
    ['2026-13-01', 1],
    ['26-01-01', 1],
    ['2026-1-1', 1],
    ['tomorrow', 1],
  ])('finds %s to have %d problems as a date', (approveUntilDate, count) => {
    expect(checkBaseline(withRule({ approveUntilDate }))).toHaveLength(count);
  });

  it('keeps what is for Linux away from Windows', () => {
    const windows: PatchBaseline = {
      ...predefinedBaselineFor('WINDOWS'),
      approvedPatchesEnableNonSecurity: true,
      sources: [{ name: 'main', products: ['*'], configuration: 'deb x' }],
    };
    expect(checkBaseline(windows).map(({ path }) => path)).toEqual(['ApprovedPatchesEnableNonSecurity', 'Sources']);
  });
});
