import { InnerState, type VerdictItem } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { awsPatches, countPatches, patchStateStatus } from './aws-patches.ts';
import { isCompliantItem, stateTable } from './state-table.ts';

function item(extra: Partial<VerdictItem>): VerdictItem {
  return {
    name: 'bash',
    architecture: 'amd64',
    installedVersion: '1',
    state: 'missing',
    installedState: 'installed-other',
    targetVersion: '2',
    reason: 'Because.',
    complianceLevel: 'UNSPECIFIED',
    classification: 'Security',
    section: 'shells',
    priority: 'required',
    evidence: { candidate: '2', offered: [], approvedBy: null, clock: null, notes: [] },
    ...extra,
  };
}

// Architecture, section 4: inner state, state on the wire, compliant.
const expected = [
  ['installed', 'INSTALLED', 'installedCount', true],
  ['installed-other', 'INSTALLED_OTHER', 'installedOtherCount', true],
  ['pending-reboot', 'INSTALLED_PENDING_REBOOT', 'installedPendingRebootCount', false],
  ['installed-rejected', 'INSTALLED_REJECTED', 'installedRejectedCount', false],
  ['missing', 'MISSING', 'missingCount', false],
  ['held', 'MISSING', 'missingCount', false],
  ['pinned', 'MISSING', 'missingCount', false],
  ['needs-removal', 'MISSING', 'missingCount', false],
  ['dependency-blocked', 'MISSING', 'missingCount', false],
  ['not-obtainable', 'MISSING', 'missingCount', false],
  ['failed', 'FAILED', 'failedCount', false],
  ['unknown', 'FAILED', 'failedCount', false],
  // Not listed: the installed version's own state stands for the package.
  ['waiting', 'INSTALLED_OTHER', 'installedOtherCount', true],
  ['phased', 'INSTALLED_OTHER', 'installedOtherCount', true],
  ['excluded', 'INSTALLED_OTHER', 'installedOtherCount', true],
  ['rejected', 'INSTALLED_OTHER', 'installedOtherCount', true],
] as const;

describe('the state table', () => {
  it('has every inner state', () => {
    expect(Object.keys(stateTable).sort()).toEqual([...InnerState.options].sort());
    expect(expected.map(([state]) => state).sort()).toEqual([...InnerState.options].sort());
  });

  it.each(expected)('shows %s as %s, counted in %s, compliant: %s', (state, awsState, count, isCompliant) => {
    const items = [item({ state })];
    expect(awsPatches({ items })).toMatchObject([{ state: awsState, kbId: 'bash.amd64', installedTime: 0 }]);
    const counts = countPatches({ items });
    expect(counts[count]).toBe(1);
    expect(counts.securityNonCompliantCount).toBe(isCompliant ? 0 : 1);
    expect(isCompliantItem({ state, installedState: 'installed-other' })).toBe(isCompliant);
  });

  it('does not let a waiting update excuse what is installed', () => {
    expect(isCompliantItem({ state: 'waiting', installedState: 'pending-reboot' })).toBe(false);
    expect(isCompliantItem({ state: 'excluded', installedState: 'installed-rejected' })).toBe(false);
  });
});

describe('awsPatches', () => {
  it.each([
    ['missing', 'bash.amd64:2'],
    ['held', 'bash.amd64:2 (held: Because.)'],
    ['pinned', 'bash.amd64:2 (pinned: Because.)'],
    ['needs-removal', 'bash.amd64:2 (needs a removal: Because.)'],
    ['dependency-blocked', 'bash.amd64:2 (dependency blocked: Because.)'],
    ['not-obtainable', 'bash.amd64:2 (not obtainable: Because.)'],
    ['failed', 'bash.amd64:2 (Because.)'],
    ['waiting', 'bash.amd64:1'],
  ] as const)('titles %s %s', (state, title) => {
    expect(awsPatches({ items: [item({ state })] })[0]?.title).toBe(title);
  });

  it('makes the reason the title of what cannot be judged', () => {
    const unknown = item({ name: 'patchbay-unknown', architecture: 'all', state: 'unknown', installedState: null });
    expect(awsPatches({ items: [unknown] })).toMatchObject([
      { title: 'Because.', kbId: 'patchbay-unknown', state: 'FAILED' },
    ]);
  });

  it('describes no class and no severity of what the baseline does not approve', () => {
    const items = [item({ state: 'installed-other' }), item({ state: 'missing' })];
    expect(awsPatches({ items })).toMatchObject([
      { classification: '', severity: '' },
      { classification: 'Security', severity: 'Required' },
    ]);
  });
});

describe('countPatches', () => {
  it('counts a critical security patch as both, and what is neither as other', () => {
    const items = [
      item({ complianceLevel: 'CRITICAL' }),
      item({ name: 'zsh', complianceLevel: 'CRITICAL', classification: '' }),
      item({ name: 'curl', classification: '' }),
      item({ name: 'dash', state: 'installed', complianceLevel: 'CRITICAL' }),
    ];
    expect(countPatches({ items })).toMatchObject({
      missingCount: 3,
      installedCount: 1,
      criticalNonCompliantCount: 2,
      securityNonCompliantCount: 1,
      otherNonCompliantCount: 1,
    });
  });
});

describe('patchStateStatus', () => {
  it.each([
    ['compliant', 'COMPLIANT'],
    ['non-compliant', 'NON_COMPLIANT'],
    ['unknown', 'NON_COMPLIANT'],
  ] as const)('shows %s as %s', (status, expectedStatus) => {
    expect(patchStateStatus({ status })).toBe(expectedStatus);
  });
});
