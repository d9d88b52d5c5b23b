import type { VerdictItem } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { compliancePatches, countCompliance, noSeverities, overallCompliance, totalOf } from './compliance.ts';

function item(extra: Partial<VerdictItem>): VerdictItem {
  return {
    name: 'bash',
    architecture: 'amd64',
    installedVersion: '1',
    state: 'missing',
    installedState: 'installed-other',
    targetVersion: '2',
    reason: 'Because.',
    complianceLevel: 'HIGH',
    classification: 'Security',
    section: 'shells',
    priority: 'required',
    evidence: { candidate: '2', offered: [], approvedBy: null, clock: null, notes: [] },
    ...extra,
  };
}

describe('compliance of patches', () => {
  const items = [
    item({ name: 'missing' }),
    item({ name: 'waiting', state: 'waiting', complianceLevel: 'MEDIUM' }),
    item({ name: 'reboot', state: 'pending-reboot', complianceLevel: 'LOW' }),
    item({ name: 'new', state: 'rejected', installedState: null, installedVersion: null }),
  ];

  it('gives the level of the rule, and a waiting update does not count against its node', () => {
    expect(
      compliancePatches(items).map(({ patch, status, severity }) => [patch.kbId, patch.state, status, severity]),
    ).toEqual([
      ['missing.amd64', 'MISSING', 'NON_COMPLIANT', 'HIGH'],
      ['waiting.amd64', 'INSTALLED_OTHER', 'COMPLIANT', 'MEDIUM'],
      ['reboot.amd64', 'INSTALLED_PENDING_REBOOT', 'NON_COMPLIANT', 'LOW'],
    ]);
  });

  it('counts what is listed and nothing else', () => {
    const counts = countCompliance({ items });
    expect(counts).toEqual({
      compliant: { ...noSeverities(), MEDIUM: 1 },
      nonCompliant: { ...noSeverities(), HIGH: 1, LOW: 1 },
    });
    expect(totalOf(counts.nonCompliant)).toBe(2);
  });

  it('takes the gravest level among what is wrong, whatever else is there', () => {
    expect(overallCompliance(countCompliance({ items }))).toEqual({ status: 'NON_COMPLIANT', severity: 'HIGH' });
    const fine = [item({ state: 'installed', complianceLevel: 'CRITICAL' })];
    expect(overallCompliance(countCompliance({ items: fine }))).toEqual({
      status: 'COMPLIANT',
      severity: 'UNSPECIFIED',
    });
  });
});
