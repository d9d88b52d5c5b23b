import type { InnerState, Plan, SimulatedChange, Verdict, VerdictItem } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import type { AptChange } from './apt-judge.ts';
import { compareAfter, compareMissing, comparePlan, compareUpgrades, findNeededEarly } from './compare.ts';

const names = new Map([['security-key', 'Debian-Security/oldstable-security']]);
const inFiveDays = '2026-11-27T00:00:00.000Z';

function item(name: string, state: InnerState, approvedAt: string | null = inFiveDays): VerdictItem {
  return {
    name,
    architecture: 'amd64',
    installedVersion: '1.0',
    state,
    installedState: 'installed',
    targetVersion: '1.2',
    reason: '',
    complianceLevel: 'HIGH',
    classification: 'Security',
    section: 'libs',
    priority: 'optional',
    evidence: {
      candidate: '1.2',
      offered: [{ version: '1.2', archives: ['security-key'], security: true }],
      approvedBy: null,
      clock: {
        source: name,
        sourceVersion: '1.2',
        archive: 'security-key',
        rung: 'changelog',
        availableAt: '2026-11-20T00:00:00.000Z',
        approvedAt,
      },
      notes: [],
    },
  };
}

function verdict(...items: VerdictItem[]): Verdict {
  return {
    status: 'non-compliant',
    unknownReasons: [],
    items,
    baselineId: 'pb-1',
    baselineRevision: 1,
    evaluatorVersion: 1,
    evaluatedAt: '2026-11-22T08:00:00.000Z',
    validUntil: null,
  };
}

function apt(name: string, more: Partial<AptChange> = {}): AptChange {
  return {
    name,
    fromVersion: '1.0',
    toVersion: '1.2',
    archives: ['Debian-Security:12/oldstable-security'],
    ...more,
  };
}

function plan(...names: string[]): Plan {
  const changes = names.map(
    (name): SimulatedChange => ({
      name,
      architecture: 'amd64',
      action: 'upgrade',
      fromVersion: '1.0',
      toVersion: '1.2',
      origins: '',
      filename: '',
      sizeBytes: 0,
      sha256: '',
      archive: '',
      indexDigest: '',
    }),
  );
  const given = { planId: 'p', nodeId: 'n', operationId: 'o', baselineId: 'pb-1', baselineRevision: 1 };
  const rest = { createdAt: '', installedDigest: '', downloadBytes: 0, diskBytes: 0 };
  return { ...given, ...rest, groups: [{ targets: [], changes }] };
}

describe('what apt would upgrade', () => {
  it('is what is missing and what waits for its delay, together', () => {
    const judged = verdict(item('curl', 'missing'), item('nginx', 'waiting'), item('bash', 'installed'));
    expect(
      compareUpgrades(judged, names, [apt('curl'), apt('nginx'), apt('linux-image', { fromVersion: null })]),
    ).toEqual([]);
  });

  it('is different when Patchbay says neither of a package, or apt wants less', () => {
    const judged = verdict(item('curl', 'missing'), item('nginx', 'waiting'), item('bash', 'excluded'));
    expect(compareUpgrades(judged, names, [apt('curl'), apt('bash')])).toEqual([
      'only Patchbay: nginx 1.2 from Debian-Security/oldstable-security',
      'only apt: bash 1.2 from Debian-Security/oldstable-security',
    ]);
  });

  it.each([
    ['version', { toVersion: '1.3' }],
    ['archive', { archives: ['Debian:12/oldstable'] }],
  ])('is different when what waits is of another %s', (_what, change) => {
    expect(compareUpgrades(verdict(item('nginx', 'waiting')), names, [apt('nginx', change)])).toHaveLength(2);
  });

  it.each([null, '2026-11-22T07:00:00.000Z'])('takes no wait that does not end later: %s', (approvedAt) => {
    expect(compareUpgrades(verdict(item('nginx', 'waiting', approvedAt)), names, [apt('nginx')])).toEqual([
      'no end of the wait: nginx 1.2',
    ]);
  });
});

describe('what an image lacks', () => {
  it('is what the apt inside it would upgrade, without what that newly brings along', () => {
    const apts = [apt('curl'), apt('linux-image', { fromVersion: null })];
    expect(compareMissing([item('curl', 'missing')], apts)).toEqual([]);
  });

  it('is different with anything more, less or of another version', () => {
    const lacking = [item('curl', 'missing'), item('nginx', 'missing')];
    expect(compareMissing(lacking, [apt('nginx', { toVersion: '1.3' }), apt('bash')])).toEqual([
      'only Patchbay: curl 1.2',
      'only Patchbay: nginx 1.2',
      'only apt: nginx 1.3',
      'only apt: bash 1.2',
    ]);
  });
});

describe('the plan', () => {
  it('is what apt would do for the approved versions, a waiting one included where they need it', () => {
    const before = verdict(item('curl', 'missing'), item('libcurl4', 'waiting'), item('nginx', 'waiting'));
    const made = plan('curl', 'libcurl4');
    expect(comparePlan(made, [apt('curl'), apt('libcurl4')])).toEqual([]);
    expect(findNeededEarly(made, before)).toEqual(['libcurl4 1.2']);
  });

  it('is not, with anything more or less', () => {
    expect(comparePlan(plan('curl', 'nginx'), [apt('curl'), apt('dash')])).toEqual([
      'only Patchbay: upgrade nginx 1.2',
      'only apt: upgrade dash 1.2',
    ]);
  });
});

describe('after the install', () => {
  it('apt may still want what waits, and a newer version of what was approved', () => {
    const before = verdict(item('curl', 'missing'), item('nginx', 'waiting'));
    expect(compareAfter(before, [apt('nginx'), apt('curl', { fromVersion: '1.2', toVersion: '1.3' })])).toEqual([]);
  });

  it('apt may not want what was approved', () => {
    expect(compareAfter(verdict(item('curl', 'missing')), [apt('curl')])).toEqual(['apt still wants curl 1.2']);
  });
});
