import { Verdict } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { selectTargets } from '../plans/select-targets.ts';
import { countPatches } from '../states/aws-patches.ts';
import {
  debianBaseline,
  evaluateSample,
  installedPackage,
  itemNamed,
  MAIN,
  offer,
  offeredVersion,
  rule,
  rulesBaseline,
  type SampleEvaluation,
  SECURITY,
  securityKey,
  seen,
  VENDOR,
} from './sample-machine.ts';

const bash = installedPackage('bash', '1');
const bashFix: SampleEvaluation = {
  installed: [bash],
  offers: [offer('bash', [offeredVersion('bash', '2', [SECURITY]), offeredVersion('bash', '1', [MAIN])])],
};

describe('the states of an update', () => {
  it('reports a security update as missing, with its evidence', () => {
    const verdict = evaluateSample(bashFix);
    expect(Verdict.parse(verdict)).toEqual(verdict);
    expect(verdict.status).toBe('non-compliant');
    expect(itemNamed(verdict, 'bash')).toMatchObject({
      state: 'missing',
      installedState: 'installed-other',
      targetVersion: '2',
      classification: 'Security',
      evidence: {
        candidate: '2',
        offered: [{ version: '2', archives: [securityKey], security: true }],
        approvedBy: 'rule 1',
        clock: { rung: 'undated', approvedAt: '2026-11-20T11:00:00.000Z' },
      },
    });
  });

  it('leaves out an update that no security archive brings', () => {
    const verdict = evaluateSample({
      installed: [bash],
      offers: [offer('bash', [offeredVersion('bash', '2', [MAIN])])],
    });
    expect(itemNamed(verdict, 'bash')).toMatchObject({
      state: 'excluded',
      reason: '2 comes from no security archive, and rule 1 takes security updates only.',
    });
    expect(verdict.status).toBe('compliant');
  });

  it('takes it with a rule that enables non-security updates', () => {
    const verdict = evaluateSample({
      installed: [bash],
      offers: [offer('bash', [offeredVersion('bash', '2', [MAIN])])],
      baseline: rulesBaseline(rule({ enableNonSecurity: true })),
    });
    expect(itemNamed(verdict, 'bash')).toMatchObject({ state: 'missing', classification: '' });
  });

  it('sees a fix hidden behind a newer build of another archive', () => {
    const verdict = evaluateSample({
      installed: [bash],
      offers: [offer('bash', [offeredVersion('bash', '3', [MAIN]), offeredVersion('bash', '2', [SECURITY])])],
    });
    expect(itemNamed(verdict, 'bash')).toMatchObject({
      state: 'missing',
      targetVersion: '3',
      classification: 'Security',
    });
  });

  it('ignores a security version that is older than the installed one', () => {
    const verdict = evaluateSample({
      installed: [bash],
      offers: [offer('bash', [offeredVersion('bash', '2', [MAIN]), offeredVersion('bash', '0.9', [SECURITY])])],
    });
    expect(itemNamed(verdict, 'bash').state).toBe('excluded');
  });

  it('orders an epoch above any version without one', () => {
    const verdict = evaluateSample({
      installed: [installedPackage('bash', '9.9')],
      offers: [offer('bash', [offeredVersion('bash', '1:1.0', [SECURITY])])],
    });
    expect(itemNamed(verdict, 'bash')).toMatchObject({ state: 'missing', targetVersion: '1:1.0' });
  });

  it('reports a held package as held, approved or not obtainable', () => {
    const held = { policy: { holds: [{ name: 'bash', architecture: 'amd64' }] } };
    expect(itemNamed(evaluateSample({ ...bashFix, ...held }), 'bash').state).toBe('held');
    const pinned = [offer('bash', [offeredVersion('bash', '2', [SECURITY])], '1')];
    expect(itemNamed(evaluateSample({ ...bashFix, ...held, offers: pinned }), 'bash').state).toBe('held');
  });

  it('names the pin that keeps an approved version out', () => {
    const verdict = evaluateSample({
      installed: [bash],
      offers: [
        offer(
          'bash',
          [offeredVersion('bash', '2', [SECURITY], { pinPriority: -1 }), offeredVersion('bash', '1', [MAIN])],
          '1',
        ),
      ],
      policy: {
        pins: [
          { file: '/etc/apt/preferences', packages: 'ba*', pin: 'version 1', priority: 1001, explanation: 'frozen' },
        ],
      },
    });
    expect(itemNamed(verdict, 'bash')).toMatchObject({ state: 'pinned', targetVersion: '2' });
    expect(itemNamed(verdict, 'bash').evidence.notes).toEqual([
      'Pinned in /etc/apt/preferences: ba* to version 1 at priority 1001 (frozen).',
    ]);
    expect(verdict.status).toBe('non-compliant');
  });

  it('takes a version of an archive like backports for an offer, unless the owner pinned it there', () => {
    const sample: SampleEvaluation = {
      installed: [bash],
      offers: [
        offer(
          'bash',
          [offeredVersion('bash', '3~bpo12+1', [VENDOR], { pinPriority: 100 }), offeredVersion('bash', '1', [MAIN])],
          '1',
        ),
      ],
      baseline: rulesBaseline(rule({ enableNonSecurity: true })),
    };
    expect(itemNamed(evaluateSample(sample), 'bash').state).toBe('excluded');
    const pin = { file: 'p', packages: 'bash', pin: 'release n=x', priority: 100, explanation: '' };
    expect(itemNamed(evaluateSample({ ...sample, policy: { pins: [pin] } }), 'bash').state).toBe('pinned');
    const offers = [offer('bash', [offeredVersion('bash', '3', [SECURITY], { pinPriority: 100 })], '1')];
    expect(itemNamed(evaluateSample({ ...sample, offers }), 'bash').state).toBe('pinned');
  });

  it('takes what lies below the candidate when only that is a fix', () => {
    const verdict = evaluateSample({
      installed: [bash],
      offers: [offer('bash', [offeredVersion('bash', '3', [SECURITY]), offeredVersion('bash', '2', [SECURITY])], '2')],
    });
    expect(itemNamed(verdict, 'bash')).toMatchObject({ state: 'missing', targetVersion: '2' });
  });

  it('reports a phased update as phased only where this machine is not in its turn', () => {
    const offers = [offer('bash', [offeredVersion('bash', '2', [SECURITY], { phasedUpdatePercentage: 10 })])];
    const phased = { overlay: { phased: [{ name: 'bash', architecture: 'amd64' }] } };
    expect(itemNamed(evaluateSample({ installed: [bash], offers, ...phased }), 'bash').state).toBe('phased');
    expect(itemNamed(evaluateSample({ installed: [bash], offers }), 'bash').state).toBe('missing');
    const released = [offer('bash', [offeredVersion('bash', '2', [SECURITY], { phasedUpdatePercentage: 100 })])];
    expect(itemNamed(evaluateSample({ installed: [bash], offers: released, ...phased }), 'bash').state).toBe('missing');
  });

  it('does not let a phased version hide a pinned fix below it', () => {
    const verdict = evaluateSample({
      installed: [bash],
      offers: [
        offer(
          'bash',
          [
            offeredVersion('bash', '3', [SECURITY], { phasedUpdatePercentage: 10 }),
            offeredVersion('bash', '2', [SECURITY], { pinPriority: -1 }),
          ],
          '1',
        ),
      ],
      overlay: { phased: [{ name: 'bash', architecture: 'amd64' }] },
    });
    expect(itemNamed(verdict, 'bash')).toMatchObject({ state: 'pinned', targetVersion: '2' });
  });

  it.each(['needs-removal', 'dependency-blocked', 'not-obtainable'] as const)(
    'takes %s from a simulation that refused the target',
    (reason) => {
      const refused = [{ name: 'bash', architecture: 'amd64', version: '2', reason, detail: 'it would not go' }];
      const simulation = { groups: [], refused, diskBytes: 0 };
      const item = itemNamed(evaluateSample({ ...bashFix, with: { simulation } }), 'bash');
      expect(item).toMatchObject({ state: reason, targetVersion: '2' });
      expect(item.reason).toContain('it would not go');
    },
  );

  it.each([
    ['needs-removal', { action: 'remove' as const, toVersion: null }, 'it would remove dash'],
    ['dependency-blocked', { action: 'install' as const, toVersion: '1' }, 'it needs dash, which the baseline blocks'],
  ])('finds %s in the group of a target', (state, extra, words) => {
    const change = {
      name: 'bash',
      architecture: 'amd64',
      action: 'upgrade' as const,
      fromVersion: '1',
      toVersion: '2',
      origins: '',
      filename: '',
      sizeBytes: 0,
      sha256: '',
      archive: securityKey,
      indexDigest: '',
    };
    const simulation = { groups: [[change, { ...change, name: 'dash', ...extra }]], refused: [], diskBytes: 0 };
    const baseline = debianBaseline({ rejectedPatches: ['dash'], rejectedPatchesAction: 'BLOCK' });
    const item = itemNamed(evaluateSample({ ...bashFix, baseline, with: { simulation } }), 'bash');
    expect(item.state).toBe(state);
    expect(item.reason).toContain(words);
  });

  it('fails what the last install did not get, until another version is the target', () => {
    const failure = { name: 'bash', architecture: 'amd64', version: '2', reason: 'postinst exited 1' };
    const failed = itemNamed(evaluateSample({ ...bashFix, overlay: { failures: [failure] } }), 'bash');
    expect(failed).toMatchObject({ state: 'failed', targetVersion: '2' });
    const older = { ...failure, version: '1.5' };
    expect(itemNamed(evaluateSample({ ...bashFix, overlay: { failures: [older] } }), 'bash').state).toBe('missing');
  });

  it('fails what dpkg left half done, though nothing newer is offered', () => {
    const overlay = { unconfigured: [{ name: 'bash', architecture: 'amd64', state: 'half-configured' }] };
    expect(itemNamed(evaluateSample({ installed: [bash], overlay }), 'bash').state).toBe('failed');
    expect(itemNamed(evaluateSample({ installed: [], overlay }), 'bash')).toMatchObject({
      state: 'failed',
      installedVersion: null,
    });
    const triggers = { unconfigured: [{ name: 'bash', architecture: 'amd64', state: 'triggers-pending' }] };
    expect(itemNamed(evaluateSample({ installed: [bash], overlay: triggers }), 'bash').state).toBe('installed-other');
  });

  it.each([
    ['missing', {}, [{ name: 'bash', architecture: 'amd64', version: '2' }]],
    [
      'waiting',
      { history: [seen('bash', '2', '2026-11-19T00:00:00Z')], baseline: rulesBaseline(rule({ approveAfterDays: 7 })) },
      [],
    ],
    ['held', { policy: { holds: [{ name: 'bash', architecture: 'amd64' }] } }, []],
    ['pinned', { offers: [offer('bash', [offeredVersion('bash', '2', [SECURITY], { pinPriority: -1 })], '1')] }, []],
  ] as const)(
    'brings what dpkg left half done to no version that is %s otherwise, unless missing',
    (state, change, targets) => {
      const sample = { ...bashFix, ...(change as Partial<SampleEvaluation>) };
      expect(itemNamed(evaluateSample(sample), 'bash').state).toBe(state);
      const overlay = { unconfigured: [{ name: 'bash', architecture: 'amd64', state: 'half-configured' }] };
      const broken = evaluateSample({ ...sample, overlay });
      expect(itemNamed(broken, 'bash')).toMatchObject({ state: 'failed', reason: 'dpkg left it half-configured.' });
      expect(selectTargets(broken)).toEqual(targets);
    },
  );
});

describe('the states of what is installed', () => {
  it.each([
    ['installed', [SECURITY]],
    ['installed', [MAIN, SECURITY]],
    ['installed-other', [MAIN]],
  ] as const)('reports %s for a version from the archives %j', (state, archives) => {
    const offers = [offer('bash', [offeredVersion('bash', '1', [...archives])])];
    expect(itemNamed(evaluateSample({ installed: [bash], offers }), 'bash').state).toBe(state);
  });

  it('ignores the delay for what is already in', () => {
    const offers = [offer('bash', [offeredVersion('bash', '1', [SECURITY])])];
    const history = [
      {
        archiveKey: securityKey,
        source: 'bash',
        sourceVersion: '1',
        rung: 'first-seen' as const,
        firstSeenAt: '2026-11-20T00:00:00Z',
      },
    ];
    const baseline = rulesBaseline(rule({ approveAfterDays: 7 }));
    expect(itemNamed(evaluateSample({ installed: [bash], offers, history, baseline }), 'bash').state).toBe('installed');
  });

  it('knows from the history that a version forgotten by the archives came from security', () => {
    const history = [
      {
        archiveKey: securityKey,
        source: 'bash',
        sourceVersion: '1',
        rung: 'undated' as const,
        firstSeenAt: '2026-01-01T00:00:00Z',
      },
    ];
    expect(itemNamed(evaluateSample({ installed: [bash], history }), 'bash').state).toBe('installed');
  });

  it('is not compliant while a reboot is pending, even where another update waits', () => {
    const overlay = { pendingReboot: [{ name: 'bash', architecture: 'amd64' }] };
    const verdict = evaluateSample({ installed: [bash], overlay });
    expect(itemNamed(verdict, 'bash').state).toBe('pending-reboot');
    const excluded = evaluateSample({
      installed: [bash],
      offers: [offer('bash', [offeredVersion('bash', '2', [MAIN])])],
      overlay,
    });
    expect(itemNamed(excluded, 'bash')).toMatchObject({ state: 'excluded', installedState: 'pending-reboot' });
    expect(excluded.status).toBe('non-compliant');
    expect(countPatches(excluded)).toMatchObject({ installedPendingRebootCount: 1, otherNonCompliantCount: 1 });
  });
});

describe('approvals and rejections by name', () => {
  it.each([['bash'], ['ba*'], ['bash.amd64'], ['*.amd64']])('rejects by %s', (entry) => {
    const verdict = evaluateSample({ ...bashFix, baseline: debianBaseline({ rejectedPatches: [entry] }) });
    expect(itemNamed(verdict, 'bash')).toMatchObject({ state: 'rejected', installedState: 'installed-other' });
    expect(verdict.status).toBe('compliant');
  });

  it('does not count a rejected package that came from security as approved', () => {
    const offers = [offer('bash', [offeredVersion('bash', '1', [SECURITY])])];
    const baseline = debianBaseline({ rejectedPatches: ['bash'] });
    expect(itemNamed(evaluateSample({ installed: [bash], offers, baseline }), 'bash').state).toBe('installed-other');
  });

  it('lets a rejection beat an explicit approval', () => {
    const baseline = debianBaseline({ approvedPatches: ['bash'], rejectedPatches: ['bash'] });
    expect(itemNamed(evaluateSample({ ...bashFix, baseline }), 'bash').state).toBe('rejected');
  });

  it('reports a blocked package that is installed as rejected, update or not', () => {
    const baseline = debianBaseline({ rejectedPatches: ['bash'], rejectedPatchesAction: 'BLOCK' });
    expect(itemNamed(evaluateSample({ ...bashFix, baseline }), 'bash').state).toBe('installed-rejected');
    expect(itemNamed(evaluateSample({ installed: [bash], baseline }), 'bash').state).toBe('installed-rejected');
  });

  it('lets ApprovedPatches override the filters, at its own level', () => {
    const baseline = debianBaseline({
      globalFilters: { patchFilters: [{ key: 'PRIORITY', values: ['Required'] }] },
      approvedPatches: ['bash'],
      approvedPatchesComplianceLevel: 'CRITICAL',
    });
    const item = itemNamed(evaluateSample({ ...bashFix, baseline }), 'bash');
    expect(item).toMatchObject({ state: 'missing', complianceLevel: 'CRITICAL' });
    expect(item.evidence.approvedBy).toBe('ApprovedPatches: bash');
  });

  it('widens ApprovedPatches to other archives only where that is enabled', () => {
    const offers = [offer('bash', [offeredVersion('bash', '2', [MAIN])])];
    const narrow = debianBaseline({ approvedPatches: ['bash'] });
    const wide = debianBaseline({ approvedPatches: ['bash'], approvedPatchesEnableNonSecurity: true });
    expect(itemNamed(evaluateSample({ installed: [bash], offers, baseline: narrow }), 'bash').state).toBe('excluded');
    expect(itemNamed(evaluateSample({ installed: [bash], offers, baseline: wide }), 'bash').state).toBe('missing');
  });
});

describe('filters', () => {
  it.each([
    ['PRODUCT', ['Debian12'], 'missing'],
    ['PRODUCT', ['Debian*'], 'missing'],
    ['PRODUCT', ['*'], 'missing'],
    ['PRODUCT', ['Debian11', 'Ubuntu22.04'], 'excluded'],
    ['PRIORITY', ['Optional'], 'missing'],
    ['PRIORITY', ['Required', 'Important'], 'excluded'],
    ['SECTION', ['LIBS'], 'missing'],
    ['SECTION', ['net'], 'excluded'],
  ] as const)('%s %j gives %s', (key, values, state) => {
    const patchFilters = [{ key, values: [...values] }];
    const byRule = rulesBaseline(rule({ patchFilterGroup: { patchFilters } }));
    const globally = debianBaseline({ globalFilters: { patchFilters } });
    expect(itemNamed(evaluateSample({ ...bashFix, baseline: byRule }), 'bash').state).toBe(state);
    expect(itemNamed(evaluateSample({ ...bashFix, baseline: globally }), 'bash').state).toBe(state);
  });

  it('needs all filters of one rule, and only one of the rules', () => {
    const optionalNet = rule({
      patchFilterGroup: {
        patchFilters: [
          { key: 'PRIORITY', values: ['Optional'] },
          { key: 'SECTION', values: ['net'] },
        ],
      },
    });
    expect(itemNamed(evaluateSample({ ...bashFix, baseline: rulesBaseline(optionalNet) }), 'bash').state).toBe(
      'excluded',
    );
    const item = itemNamed(
      evaluateSample({ ...bashFix, baseline: rulesBaseline(optionalNet, rule({ complianceLevel: 'HIGH' })) }),
      'bash',
    );
    expect(item).toMatchObject({ state: 'missing', complianceLevel: 'HIGH' });
    expect(item.evidence.approvedBy).toBe('rule 2');
  });
});
