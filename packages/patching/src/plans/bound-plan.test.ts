import type { InstalledPackage, Plan, SimulatedChange, Simulation } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import {
  debianBaseline,
  evaluateSample,
  installedPackage,
  offer,
  offeredVersion,
  SECURITY,
} from '../evaluation/sample-machine.ts';
import { keepToPlan, limitToPlan } from './bound-plan.ts';
import { simulatedChange as change } from './plans.test-support.ts';

const libnew = change('libnew', { action: 'install', fromVersion: null });

function planOf(...groups: SimulatedChange[][]): Plan {
  const targetsOf = (changes: SimulatedChange[]) =>
    changes
      .filter(({ action }) => action === 'upgrade')
      .map(({ name, architecture, toVersion }) => ({ name, architecture, version: toVersion ?? '' }));
  return {
    planId: 'plan-1',
    nodeId: 'mi-01234567890123456',
    operationId: 'operation-1',
    baselineId: debianBaseline().baselineId,
    baselineRevision: 1,
    createdAt: '2026-11-20T12:00:00.000Z',
    installedDigest: 'sha256:0',
    groups: groups.map((changes) => ({ targets: targetsOf(changes), changes })),
    downloadBytes: 0,
    diskBytes: 0,
  };
}

/** Names with their installed and their offered version. */
type Packages = Record<string, readonly [installed: string, offered: string]>;

function verdictOf(packages: Packages, rejectedPatches: string[] = []) {
  return evaluateSample({
    installed: installedOf(packages),
    offers: Object.entries(packages).map(([name, [, version]]) =>
      offer(name, [offeredVersion(name, version, [SECURITY])]),
    ),
    baseline: debianBaseline({ rejectedPatches, rejectedPatchesAction: 'BLOCK' }),
  });
}

function installedOf(packages: Packages): InstalledPackage[] {
  return Object.entries(packages).map(([name, [version]]) => installedPackage(name, version));
}

const before: Packages = { bash: ['1', '2'], curl: ['1', '2'] };

function limit(plan: Plan, packages: Packages, rejected: string[] = []) {
  return limitToPlan(plan, verdictOf(packages, rejected), installedOf(packages));
}

function keep(plan: Plan, groups: SimulatedChange[][], more: Partial<Simulation> = {}, packages: Packages = before) {
  const simulation = { groups, refused: [], diskBytes: 0, ...more };
  return keepToPlan(plan, verdictOf(packages), installedOf(packages), simulation);
}

describe('limitToPlan', () => {
  it('takes what is still approved in the very version', () => {
    expect(limit(planOf([change('bash')], [change('curl'), libnew]), before)).toEqual({
      settled: [],
      targets: [
        { name: 'bash', architecture: 'amd64', version: '2' },
        { name: 'curl', architecture: 'amd64', version: '2' },
      ],
    });
  });

  it('takes nothing that is not in the plan', () => {
    expect(limit(planOf([change('bash')]), before).targets).toMatchObject([{ name: 'bash' }]);
  });

  it.each<[string, Packages, string[], RegExp]>([
    ['a newer version', { ...before, bash: ['1', '3'] }, [], /^The archive now offers bash\.amd64 3 instead of 2\.$/],
    ['a rejection', before, ['bash'], /^bash\.amd64 2 may not be installed now: .*reject/i],
    ['another installed version', { ...before, bash: ['1.5', '2'] }, [], /1\.5 was installed since the plan was made/],
    ['a newer installed version', { ...before, bash: ['3', '3'] }, [], /3 was installed since the plan was made/],
    ['a removal', { curl: ['1', '2'] }, [], /bash\.amd64 1 was removed since/],
  ])('stops for %s, and takes the rest', (_title, packages, rejected, reason) => {
    const { settled, targets } = limit(planOf([change('bash')], [change('curl')]), packages, rejected);
    expect(settled).toMatchObject([{ targets: [{ name: 'bash' }], status: 'skipped' }]);
    expect(settled[0]?.reason).toMatch(reason);
    expect(targets).toMatchObject([{ name: 'curl' }]);
  });

  it('names the revision of the baseline that took the approval back', () => {
    const verdict = { ...verdictOf(before, ['bash']), baselineRevision: 7 };
    const { settled } = limitToPlan(planOf([change('bash')]), verdict, installedOf(before));
    expect(settled[0]?.reason).toContain('since revision 7 of the baseline (the plan goes by revision 1)');
  });

  it('stops a group whole', () => {
    const { settled, targets } = limit(planOf([change('bash'), change('curl')]), before, ['curl']);
    expect(settled).toMatchObject([{ targets: [{ name: 'bash' }, { name: 'curl' }], status: 'skipped' }]);
    expect(targets).toEqual([]);
  });

  it('counts what came in exactly as planned as done, alone or as part of a group', () => {
    const packages: Packages = { ...before, bash: ['2', '2'] };
    expect(limit(planOf([change('bash')]), packages).settled).toMatchObject([{ status: 'installed' }]);
    expect(limit(planOf([change('bash'), change('curl')]), packages)).toMatchObject({
      settled: [],
      targets: [{ name: 'curl' }],
    });
  });
});

describe('keepToPlan', () => {
  it('lets pass what was planned, in whatever order, from whichever archive has the file', () => {
    const groups = [
      [change('curl', { archive: 'http://mirror.test x main amd64', indexDigest: 'sha256:9' }), libnew],
      [change('bash')],
    ];
    const kept = keep(planOf([change('bash')], [change('curl'), libnew]), groups);
    expect(kept).toMatchObject({ settled: [], simulation: { groups } });
  });

  it.each<[string, SimulatedChange[], RegExp]>([
    ['another package comes along', [change('bash'), libnew], /not in the plan: install libnew\.amd64 2/],
    ['the file is another', [change('bash', { sha256: 'b'.repeat(64) })], /is not the one of the plan/],
    ['the version is another', [change('bash', { toVersion: '3' })], /Planned was upgrade bash\.amd64 1 -> 2; now/],
    ['it goes away', [change('bash', { action: 'remove', toVersion: null })], /now it would be remove bash/],
    ['nothing is announced', [], /no longer announces upgrade bash\.amd64 1 -> 2/],
  ])('stops where %s, and lets the rest pass', (_title, changes, reason) => {
    const groups = changes.length === 0 ? [] : [changes];
    const kept = keep(planOf([change('bash')], [change('curl')]), [...groups, [change('curl')]]);
    expect(kept.settled).toMatchObject([{ targets: [{ name: 'bash' }], status: 'skipped' }]);
    expect(kept.settled[0]?.reason).toMatch(reason);
    expect(kept.simulation.groups).toEqual([[change('curl')]]);
  });

  it('stops what the package manager refuses now', () => {
    const refused = [
      { name: 'bash', architecture: 'amd64', version: '2', reason: 'needs-removal' as const, detail: 'dash would go' },
    ];
    const kept = keep(planOf([change('bash')]), [], { refused });
    expect(kept.settled[0]?.reason).toBe('The package manager now refuses bash.amd64 2: dash would go.');
    expect(kept.simulation.refused).toEqual(refused);
  });

  it('lets no group pass in part', () => {
    const kept = keep(planOf([change('bash'), libnew]), [[change('bash')]]);
    expect(kept).toMatchObject({ settled: [{ targets: [{ name: 'bash' }] }], simulation: { groups: [] } });
  });

  it('lets groups pass that announce themselves together, and stops them together', () => {
    const plan = planOf([change('bash')], [change('curl')]);
    const together = [[change('bash'), change('curl')]];
    expect(keep(plan, together)).toMatchObject({ settled: [], simulation: { groups: together } });
    const spoilt = keep(plan, [[change('bash'), change('curl', { sha256: 'b' })]]);
    expect(spoilt.simulation.groups).toEqual([]);
    expect(spoilt.settled.map(({ targets }) => targets[0]?.name)).toEqual(['bash', 'curl']);
  });

  it('stops a group of which one part is announced differently, though the other is not', () => {
    const kept = keep(planOf([change('bash'), change('curl')]), [[change('bash')], [change('curl', { sha256: 'b' })]]);
    expect(kept).toMatchObject({ settled: [{ status: 'skipped' }], simulation: { groups: [] } });
  });
});
