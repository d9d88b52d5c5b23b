import { Verdict } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { countPatches } from '../states/aws-patches.ts';
import { defaultEvaluationSettings } from './evaluation-settings.ts';
import {
  archive,
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
    expect(itemNamed(verdict, 'bash').state).toBe('excluded');
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

describe('doubts', () => {
  const upToDate: SampleEvaluation = {
    installed: [bash],
    offers: [offer('bash', [offeredVersion('bash', '1', [MAIN, SECURITY])])],
  };

  it('is compliant without any', () => {
    expect(evaluateSample(upToDate)).toMatchObject({ status: 'compliant', unknownReasons: [] });
  });

  it.each(['unreachable', 'badly-signed', 'unsigned', 'expired', 'unreadable'] as const)(
    'cannot judge a node whose security archive is %s, and still lists what it found',
    (status) => {
      const verdict = evaluateSample({ ...bashFix, archives: [archive(MAIN), archive(SECURITY, status)] });
      expect(verdict.status).toBe('unknown');
      expect(verdict.unknownReasons).toMatchObject([{ code: 'archive', archive: securityKey }]);
      expect(itemNamed(verdict, 'patchbay-unknown').reason).toContain(`${status}: connection refused`);
      expect(itemNamed(verdict, 'bash').state).toBe('missing');
      expect(countPatches(verdict)).toMatchObject({ missingCount: 1, failedCount: 1 });
    },
  );

  it('lets a dead vendor archive mark its items only, under a security-only baseline', () => {
    const docker = installedPackage('docker', '5');
    const archives = [archive(MAIN), archive(SECURITY), archive(VENDOR, 'unreachable')];
    const verdict = evaluateSample({ ...upToDate, installed: [bash, docker], archives });
    expect(verdict.status).toBe('compliant');
    expect(itemNamed(verdict, 'docker').evidence.notes).toHaveLength(1);
    expect(itemNamed(verdict, 'bash').evidence.notes).toEqual([]);
  });

  it('lets it make the node unknown where the baseline takes updates from anywhere', () => {
    const archives = [archive(MAIN), archive(SECURITY), archive(VENDOR, 'unreachable')];
    const byRule = rulesBaseline(rule({ enableNonSecurity: true }));
    const byName = debianBaseline({ approvedPatches: ['docker'], approvedPatchesEnableNonSecurity: true });
    expect(evaluateSample({ ...upToDate, archives, baseline: byRule }).status).toBe('unknown');
    expect(evaluateSample({ ...upToDate, archives, baseline: byName }).status).toBe('unknown');
  });

  it('knows a security archive that never verified by its address', () => {
    const dead = { ...archive(SECURITY, 'unreachable'), release: null };
    const verdict = evaluateSample({ ...upToDate, archives: [archive(MAIN), dead] });
    expect(verdict.unknownReasons.map(({ code }) => code)).toEqual(['archive']);
  });

  it.each([
    ['no-security-archive', { archives: [archive(MAIN)] }],
    ['no-security-archive', { archives: [] }],
    ['operating-system', { operatingSystem: { operatingSystem: null } }],
    ['operating-system', { operatingSystem: { operatingSystem: 'UBUNTU' } }],
    ['end-of-life', { operatingSystem: { versionId: '11', product: 'Debian11' } }],
    ['stale-facts', { with: { factsReceivedAt: new Date('2026-11-18T11:59:59.999Z') } }],
    ['no-facts', { with: { facts: null } }],
    ['package-version', { installed: [installedPackage('bash', 'not a version')] }],
    ['package-version', { offers: [offer('bash', [offeredVersion('bash', '2 beta', [SECURITY])])] }],
    ['quarantined', { with: { furtherDoubts: [{ code: 'quarantined', message: 'two live boots', archive: null }] } }],
  ] as const)('is unknown for %s (case %#)', (code, change) => {
    const verdict = evaluateSample({ ...upToDate, ...(change as Partial<SampleEvaluation>) });
    expect(verdict.status).toBe('unknown');
    expect(verdict.unknownReasons.map((reason) => reason.code)).toContain(code);
    expect(itemNamed(verdict, 'patchbay-unknown').state).toBe('unknown');
  });

  it('takes facts of exactly the maximum age', () => {
    const factsReceivedAt = new Date('2026-11-18T12:00:00.000Z');
    expect(evaluateSample({ ...upToDate, with: { factsReceivedAt } }).status).toBe('compliant');
  });

  it('does not count a release as ended where an extended archive is configured', () => {
    const main = archive(MAIN);
    const extended = {
      ...archive(VENDOR),
      release: { origin: 'UbuntuESM', label: 'UbuntuESM', suite: 's', codename: 'c', date: null, validUntil: null },
    };
    const sample: SampleEvaluation = {
      installed: [bash],
      operatingSystem: { operatingSystem: 'UBUNTU', versionId: '20.04', product: 'Ubuntu20.04' },
      baseline: debianBaseline({ operatingSystem: 'UBUNTU' }),
      archives: [main, archive(SECURITY)],
    };
    expect(evaluateSample(sample).unknownReasons.map(({ code }) => code)).toEqual(['end-of-life']);
    expect(evaluateSample({ ...sample, archives: [main, archive(SECURITY), extended] }).status).toBe('compliant');
  });

  it('asks nothing of archives when the baseline can approve nothing on the product', () => {
    const patchFilters = [{ key: 'PRODUCT' as const, values: ['Debian11'] }];
    const baseline = rulesBaseline(rule({ patchFilterGroup: { patchFilters } }));
    expect(evaluateSample({ ...upToDate, baseline, archives: [archive(MAIN)] }).status).toBe('compliant');
  });
});

describe('validUntil', () => {
  it('is the end of the facts when nothing else comes first', () => {
    expect(evaluateSample(bashFix).validUntil).toBe('2026-11-22T11:00:00.001Z');
  });

  it('is the end of support when that comes first', () => {
    const endOfLife = [{ operatingSystem: 'DEBIAN' as const, versionId: '12', supportedUntil: '2026-11-20' }];
    const settings = { ...defaultEvaluationSettings, endOfLife };
    expect(evaluateSample({ ...bashFix, with: { settings } }).validUntil).toBe('2026-11-21T00:00:00.000Z');
  });
});
