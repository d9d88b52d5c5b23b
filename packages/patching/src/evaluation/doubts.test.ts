import { describe, expect, it } from 'vitest';
import { countPatches } from '../states/aws-patches.ts';
import { compileBaseline } from './compile-baseline.ts';
import { evaluate } from './evaluate.ts';
import { defaultEvaluationSettings } from './evaluation-settings.ts';
import { emptyReleaseHistory } from './release-timeline.ts';
import {
  archive,
  debianBaseline,
  evaluateSample,
  installedPackage,
  itemNamed,
  MAIN,
  machineFacts,
  offer,
  offeredVersion,
  rule,
  rulesBaseline,
  type SampleEvaluation,
  SECURITY,
  securityKey,
  seen,
  VENDOR,
  vendorKey,
} from './sample-machine.ts';

const bash = installedPackage('bash', '1');
const bashFix: SampleEvaluation = {
  installed: [bash],
  offers: [offer('bash', [offeredVersion('bash', '2', [SECURITY]), offeredVersion('bash', '1', [MAIN])])],
};

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

  it('cannot judge a node that did not say what is offered for one of its packages', () => {
    const facts = machineFacts({ installed: [bash, installedPackage('curl', '7')], offers: upToDate.offers ?? [] });
    const offers = { ...facts.offers, offers: facts.offers.offers.filter(({ name }) => name !== 'curl') };
    const verdict = evaluate({
      facts: { ...facts, offers },
      factsReceivedAt: new Date('2026-11-20T00:00:00Z'),
      baseline: compileBaseline(debianBaseline(), 1),
      history: emptyReleaseHistory,
      simulation: null,
      now: new Date('2026-11-20T00:00:00Z'),
      settings: defaultEvaluationSettings,
    });
    expect(verdict.status).toBe('unknown');
    expect(verdict.unknownReasons).toMatchObject([{ code: 'no-facts', message: expect.stringContaining('curl') }]);
  });

  it('lets a dead vendor archive mark its items only, under a security-only baseline', () => {
    const docker = installedPackage('docker', '5');
    const archives = [archive(MAIN), archive(SECURITY), archive(VENDOR, 'unreachable')];
    const verdict = evaluateSample({ ...upToDate, installed: [bash, docker], archives });
    expect(verdict.status).toBe('compliant');
    expect(itemNamed(verdict, 'docker').evidence.notes).toHaveLength(1);
    expect(itemNamed(verdict, 'bash').evidence.notes).toEqual([]);
  });

  it('marks what the dead archive offered or was seen to offer, though others carry it too', () => {
    const archives = [archive(MAIN), archive(SECURITY), archive(VENDOR, 'unreachable')];
    const offered = [offer('bash', [offeredVersion('bash', '1', [MAIN, VENDOR])])];
    expect(itemNamed(evaluateSample({ ...upToDate, archives, offers: offered }), 'bash').evidence.notes).toHaveLength(
      1,
    );
    const history = [seen('bash', '0.9', '2026-11-01T00:00:00Z', { archiveKey: vendorKey })];
    expect(itemNamed(evaluateSample({ ...upToDate, archives, history }), 'bash').evidence.notes).toHaveLength(1);
  });

  it.each([
    ['unstable', { versionId: '' }, 'DEBIAN'],
    ['Raspbian', { operatingSystem: 'RASPBIAN' }, 'RASPBIAN'],
  ] as const)('expects no security archive of %s unless the baseline takes nothing else', (_, change, system) => {
    const sample: SampleEvaluation = { ...upToDate, archives: [archive(MAIN)], operatingSystem: change };
    const securityOnly = debianBaseline({ operatingSystem: system });
    const anything = { ...rulesBaseline(rule({ enableNonSecurity: true })), operatingSystem: system };
    expect(evaluateSample({ ...sample, baseline: securityOnly }).status).toBe('unknown');
    expect(evaluateSample({ ...sample, baseline: anything }).status).toBe('compliant');
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

  it("goes by the machine's own dates of support where it has them, Debian's LTS included", () => {
    const source = '/usr/share/distro-info/debian.csv';
    const endOfSupport = { standard: '2026-06-10', longTerm: '2028-06-30', extended: null, source };
    const evaluated = (longTerm: string | null) =>
      evaluateSample({ ...upToDate, overlay: { endOfSupport: { ...endOfSupport, longTerm } } });
    expect(evaluated('2028-06-30').status).toBe('compliant');
    expect(evaluated(null).unknownReasons).toMatchObject([
      { code: 'end-of-life', message: expect.stringContaining(`since 2026-06-10 (${source})`) },
    ]);
  });

  it.each([
    ['DEBIAN', '7', 'unknown'],
    ['UBUNTU', '12.04', 'unknown'],
    ['UBUNTU', '23.10', 'unknown'],
    ['UBUNTU', '26.04', 'compliant'],
    ['UBUNTU', '26.10', 'compliant'],
  ] as const)('knows of %s %s whether it is still supported', (operatingSystem, versionId, status) => {
    const change = { operatingSystem, versionId };
    const baseline = debianBaseline({ operatingSystem });
    expect(evaluateSample({ ...upToDate, operatingSystem: change, baseline }).status).toBe(status);
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
