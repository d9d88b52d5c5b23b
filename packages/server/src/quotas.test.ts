import { describe, expect, it } from 'vitest';
import { defaultQuotas, parseQuotas } from './quotas.ts';

describe('quotas', () => {
  it("are AWS's unless told otherwise", () => {
    expect(parseQuotas([])).toEqual({
      'patch-baselines': 50,
      'patch-groups-per-baseline': 25,
      'maintenance-windows': 50,
      'targets-per-maintenance-window': 100,
      'tasks-per-maintenance-window': 20,
      'standard-parameters': 10_000,
      'advanced-parameters': 100_000,
      documents: 500,
      'versions-per-document': 1000,
      'infrastructure-configurations': 1000,
      'component-builds': 10_000,
      'container-recipes': 1000,
      'image-recipes': 1000,
      'distribution-configurations': 1000,
      'image-pipelines': 75,
    });
  });

  it('are set one by one, the last one winning', () => {
    expect(parseQuotas(['patch-baselines=100', 'patch-groups-per-baseline=0', 'patch-baselines=7'])).toEqual({
      ...defaultQuotas,
      'patch-baselines': 7,
      'patch-groups-per-baseline': 0,
    });
    expect(parseQuotas(['patch-baselines=unlimited'])).toEqual({ ...defaultQuotas, 'patch-baselines': Infinity });
  });

  it.each([
    'patch-baselines',
    'patch-baselines=',
    'patch-baselines=-1',
    'patch-baselines=1.5',
    'patch-baselines=1=2',
    'patch-baselines=99999999999',
    'patch-windows=1',
    'constructor=1',
    '',
  ])('are not %j', (text) => {
    expect(parseQuotas([text])).toHaveProperty('problem');
  });
});
