import { archiveKey, type PatchBaseline, Plan, type SimulatedChange, type Simulation } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { compileBaseline } from '../evaluation/compile-baseline.ts';
import {
  archive,
  debianBaseline,
  evaluateSample,
  installedPackage,
  MAIN,
  offer,
  offeredVersion,
  SECURITY,
  VENDOR,
} from '../evaluation/sample-machine.ts';
import { comparePlanWithSimulation } from './compare-plan.ts';
import { makePlan, type PlanRequest, planDigest } from './make-plan.ts';
import { simulatedChange as change } from './plans.test-support.ts';
import { blockedPackages, selectTargets } from './select-targets.ts';

const vendorKey = archiveKey(archive(VENDOR).address);

function simulationOf(...groups: SimulatedChange[][]): Simulation {
  return { groups, refused: [], diskBytes: 4096 };
}

const names = ['bash', 'curl'];

function requestOf(simulation: Simulation, baseline: PatchBaseline = debianBaseline()): PlanRequest {
  return {
    planId: 'plan-1',
    nodeId: 'mi-01234567890123456',
    operationId: 'operation-1',
    createdAt: '2026-11-20T12:00:00.000Z',
    verdict: evaluateSample({
      installed: names.map((name) => installedPackage(name, '1')),
      offers: names.map((name) => offer(name, [offeredVersion(name, '2', [SECURITY])])),
    }),
    simulation,
    baseline: compileBaseline(baseline, 1),
    installedDigest: 'sha256:0',
    policy: { holds: [{ name: 'kept', architecture: 'amd64' }] },
    archives: [archive(MAIN), archive(SECURITY), archive(VENDOR, 'expired')],
  };
}

describe('selectTargets', () => {
  it('takes what is missing or failed, and nothing that is held back', () => {
    const verdict = evaluateSample({
      installed: ['bash', 'curl', 'dash', 'zsh'].map((name) => installedPackage(name, '1')),
      offers: ['bash', 'curl', 'dash', 'zsh'].map((name) =>
        offer(name, [offeredVersion(name, '2', [name === 'zsh' ? MAIN : SECURITY])]),
      ),
      policy: { holds: [{ name: 'dash', architecture: 'amd64' }] },
      overlay: { failures: [{ name: 'curl', architecture: 'amd64', version: '2', reason: 'postinst' }] },
    });
    expect(selectTargets(verdict)).toEqual([
      { name: 'bash', architecture: 'amd64', version: '2' },
      { name: 'curl', architecture: 'amd64', version: '2' },
    ]);
  });
});

describe('blockedPackages', () => {
  it('blocks holds always and rejections only under BLOCK', () => {
    const holds = [{ name: 'kept', architecture: 'amd64' }];
    const allowing = debianBaseline({ rejectedPatches: ['curl', 'lib*'] });
    expect(blockedPackages(allowing, { holds })).toEqual({ rejected: [], held: holds });
    const blocking = debianBaseline({ rejectedPatches: ['curl', 'lib*'], rejectedPatchesAction: 'BLOCK' });
    expect(blockedPackages(blocking, { holds })).toEqual({ rejected: ['curl', 'lib*'], held: holds });
  });
});

describe('makePlan', () => {
  it('freezes the groups with their targets and names what else they bring', () => {
    const dependency = change('libnew1', { action: 'install', fromVersion: null });
    const outcome = makePlan(requestOf(simulationOf([change('bash'), dependency], [change('curl')])));
    if (!outcome.ok) throw new Error(outcome.problems.join('; '));
    expect(Plan.parse(outcome.plan)).toEqual(outcome.plan);
    expect(outcome.plan).toMatchObject({
      planId: 'plan-1',
      baselineRevision: 1,
      downloadBytes: 3000,
      diskBytes: 4096,
      groups: [
        { targets: [{ name: 'bash', architecture: 'amd64', version: '2' }], changes: [{ name: 'bash' }, dependency] },
        { targets: [{ name: 'curl', architecture: 'amd64', version: '2' }], changes: [{ name: 'curl' }] },
      ],
    });
    expect(outcome.dependencies).toEqual([dependency]);
    expect(outcome).toMatchObject({ refusedGroups: [], refusedTargets: [], unansweredTargets: [] });
  });

  it.each([
    ['removal', change('libold1', { action: 'remove', toVersion: null, archive: '' })],
    ['blocked', change('evil', { action: 'install', fromVersion: null })],
    ['downgrade', change('libx', { fromVersion: '3', toVersion: '2' })],
    ['held', change('kept')],
    ['archive-not-current', change('tool', { archive: vendorKey })],
    ['archive-not-current', change('tool', { archive: 'http://nobody.test x main amd64' })],
    ['other-version', change('curl', { toVersion: '3' })],
    ['invalid-version', change('libx', { toVersion: 'no version' })],
  ] as const)('refuses a group for %s and keeps the others', (code, bad) => {
    const baseline = debianBaseline({ rejectedPatches: ['evil'], rejectedPatchesAction: 'BLOCK' });
    const extra = bad.name === 'curl' ? [] : [[change('curl')]];
    const outcome = makePlan(
      requestOf(simulationOf([change('bash'), bad], ...extra, [change('bash', { name: 'unasked' })]), baseline),
    );
    const [first, second, ...others] = outcome.refusedGroups;
    expect(first?.problems.map((problem) => problem.code)).toEqual([code]);
    expect(second?.problems.map((problem) => problem.code)).toEqual(['no-target']);
    expect(others).toEqual([]);
    expect(outcome.ok ? outcome.plan.groups.map(({ targets }) => targets[0]?.name) : []).toEqual(
      extra.flat().map(({ name }) => name),
    );
  });

  it('lets in what ALLOW_AS_DEPENDENCY rejects when an approved patch needs it', () => {
    const baseline = debianBaseline({ rejectedPatches: ['evil'] });
    const needed = change('evil', { action: 'install', fromVersion: null });
    const outcome = makePlan(requestOf(simulationOf([change('bash'), needed], [change('curl')]), baseline));
    expect(outcome).toMatchObject({ ok: true, dependencies: [{ name: 'evil' }], refusedGroups: [] });
  });

  it('says what is wrong when nothing of what is approved can be done', () => {
    const refused = [
      {
        name: 'bash',
        architecture: 'amd64',
        version: '2',
        reason: 'dependency-blocked' as const,
        detail: 'needs libz',
      },
    ];
    const outcome = makePlan(requestOf({ groups: [], refused, diskBytes: 0 }));
    expect(outcome).toMatchObject({
      ok: false,
      problems: [
        'bash.amd64 2 is dependency-blocked: needs libz',
        'The package manager said nothing about curl.amd64 2',
      ],
    });
  });

  it('is an empty plan when nothing is missing', () => {
    const request = requestOf(simulationOf());
    const verdict = evaluateSample({ installed: [installedPackage('bash', '1')] });
    expect(makePlan({ ...request, verdict })).toMatchObject({ ok: true, plan: { groups: [], diskBytes: 0 } });
  });
});

describe('planDigest', () => {
  it('changes with any part of the plan', () => {
    const outcome = makePlan(requestOf(simulationOf([change('bash')], [change('curl')])));
    if (!outcome.ok) throw new Error(outcome.problems.join('; '));
    const digest = planDigest(outcome.plan);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(planDigest(structuredClone(outcome.plan))).toBe(digest);
    expect(planDigest({ ...outcome.plan, downloadBytes: 1 })).not.toBe(digest);
  });
});

describe('comparePlanWithSimulation', () => {
  const group = {
    targets: [{ name: 'bash', architecture: 'amd64', version: '2' }],
    changes: [change('bash'), change('libx')],
  };

  it('finds the same changes equal, in whatever order and grouping', () => {
    expect(comparePlanWithSimulation(group, simulationOf([change('libx')], [change('bash')]))).toEqual({
      isEqual: true,
    });
  });

  it.each([
    [simulationOf([change('bash')]), 'libx.amd64: planned upgrade 1 2, now nothing'],
    [simulationOf([change('bash'), change('libx'), change('new')]), 'new.amd64: not planned, now upgrade 1 2'],
    [
      simulationOf([change('bash', { toVersion: '3' }), change('libx')]),
      'bash.amd64: toVersion was planned as 2, now 3',
    ],
    [
      simulationOf([change('bash', { sha256: 'b' }), change('libx')]),
      `bash.amd64: sha256 was planned as ${'a'.repeat(64)}, now b`,
    ],
    [
      simulationOf([change('bash', { action: 'install', fromVersion: null }), change('libx')]),
      'bash.amd64: action was planned as upgrade, now install',
    ],
  ])('says in words what differs (case %#)', (simulation, words) => {
    const comparison = comparePlanWithSimulation(group, simulation);
    expect(comparison.isEqual ? [] : comparison.differences).toContain(words);
  });

  it('takes a refusal for a difference even if the changes are the same', () => {
    const refused = [
      { name: 'bash', architecture: 'amd64', version: '2', reason: 'needs-removal' as const, detail: 'x' },
    ];
    const comparison = comparePlanWithSimulation(group, { ...simulationOf(group.changes), refused });
    expect(comparison.isEqual).toBe(false);
  });
});
