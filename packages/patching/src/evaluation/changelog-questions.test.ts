import { describe, expect, it } from 'vitest';
import { findChangelogQuestions } from './changelog-questions.ts';
import {
  evaluateSample,
  evaluationInput,
  installedPackage,
  itemNamed,
  MAIN,
  mainKey,
  NOW,
  offer,
  offeredVersion,
  rule,
  rulesBaseline,
  type SampleEvaluation,
  SECURITY,
  securityKey,
  seen,
} from './sample-machine.ts';

const week = rulesBaseline(rule({ approveAfterDays: 7 }));
const undated = (source = 'bash', version = '2') => seen(source, version, '2026-11-20T10:00:00Z', { rung: 'undated' });
const sample: SampleEvaluation = {
  installed: [installedPackage('bash', '1')],
  baseline: week,
  offers: [offer('bash', [offeredVersion('bash', '2', [SECURITY])])],
  history: [undated()],
};
const read = {
  package: 'bash_2_amd64',
  sha256: 'a'.repeat(64),
  dateLine: ' -- Ann <a@example.test>  Tue, 10 Nov 2026 08:00:00 +0000',
  problem: null,
  readBy: 'mi-1',
  readAt: '2026-11-20T11:00:00.000Z',
};
const ask = (change: Partial<SampleEvaluation> = {}) =>
  findChangelogQuestions(evaluationInput({ ...sample, ...change }));

describe('what changelogs are read for', () => {
  it('is a version that was there at the first look, where a rule waits', () => {
    expect(ask()).toMatchObject([
      {
        source: 'bash',
        sourceVersion: '2',
        archives: [securityKey],
        packages: [{ name: 'bash', architecture: 'amd64', version: '2', sizeBytes: 1000, sha256: 'a'.repeat(64) }],
      },
    ]);
  });

  it('is asked once for a source, with its packages from small to large', () => {
    const of = (name: string, sizeBytes: number) => ({
      installed: installedPackage(name, '1', { source: 'gcc' }),
      offer: offer(name, [offeredVersion(name, '2', [SECURITY], { source: 'gcc', sizeBytes })]),
    });
    const packages = [of('large', 900), of('small', 10), of('middle', 20)];
    const questions = ask({
      installed: packages.map((each) => each.installed),
      offers: packages.map((each) => each.offer),
      history: [undated('gcc')],
    });
    expect(questions.map((question) => question.packages.map(({ name }) => name))).toEqual([
      ['small', 'middle', 'large'],
    ]);
  });

  it.each<[string, Partial<SampleEvaluation>]>([
    ['without a delay', { baseline: rulesBaseline(rule({ approveAfterDays: 0 })) }],
    [
      'when another rule takes it at once',
      { baseline: rulesBaseline(rule({ approveAfterDays: 7 }), rule({ approveAfterDays: 0 })) },
    ],
    ['when it is approved by name', { baseline: { ...week, approvedPatches: ['bash'] } }],
    ['when it is rejected', { baseline: { ...week, rejectedPatches: ['bash'] } }],
    ['outside the scope of the rule', { offers: [offer('bash', [offeredVersion('bash', '2', [MAIN])])] }],
    ['when it came under observation', { history: [seen('bash', '2', '2026-11-20T10:00:00Z')] }],
    ['when nobody recorded it', { history: [] }],
    ['when it is installed', { installed: [installedPackage('bash', '2')] }],
    ['once it was read', { history: [{ ...undated(), changelog: read }] }],
    [
      'soon after an attempt that failed',
      { history: [{ ...undated(), changelog: { ...read, dateLine: null, problem: 'no' } }] },
    ],
  ])('is nothing %s', (_, change) => {
    expect(ask(change)).toEqual([]);
  });

  it('is asked again a day after an attempt that failed', () => {
    const readAt = new Date(NOW.getTime() - 86_400_000).toISOString();
    const failed = { ...read, dateLine: null, problem: 'no', readAt };
    expect(ask({ history: [{ ...undated(), changelog: failed }] })).toHaveLength(1);
  });

  it('under ApproveUntilDate decides too', () => {
    expect(ask({ baseline: rulesBaseline(rule({ approveUntilDate: '2026-11-01' })) })).toHaveLength(1);
  });

  it('names the archives in which the version has no date', () => {
    const questions = ask({
      baseline: rulesBaseline(rule({ approveAfterDays: 7, enableNonSecurity: true })),
      offers: [offer('bash', [offeredVersion('bash', '2', [MAIN, SECURITY])])],
      history: [{ ...undated(), archiveKey: mainKey }, seen('bash', '2', '2026-11-20T10:00:00Z')],
    });
    expect(questions.map(({ archives }) => archives)).toEqual([[mainKey]]);
  });
});

describe('a changelog', () => {
  it('dates what was there at the first look, and the evidence says who read it where', () => {
    const item = (changelog: typeof read) =>
      itemNamed(evaluateSample({ ...sample, history: [{ ...undated(), changelog }] }), 'bash');
    const old = item(read);
    expect(old).toMatchObject({ state: 'missing' });
    expect(old.evidence.clock).toMatchObject({
      rung: 'changelog',
      availableAt: '2026-11-10T08:00:00.000Z',
      approvedAt: '2026-11-17T00:00:00.000Z',
      changelog: read,
    });
    const young = item({ ...read, dateLine: ' -- Ann <a@example.test>  Thu, 19 Nov 2026 08:00:00 +0000' });
    expect(young).toMatchObject({ state: 'waiting' });
  });

  it('of the future is no date, and the evidence says so', () => {
    const changelog = { ...read, dateLine: ' -- Ann <a@example.test>  Fri, 20 Nov 2026 10:00:01 +0000' };
    const item = itemNamed(evaluateSample({ ...sample, history: [{ ...undated(), changelog }] }), 'bash');
    expect(item.state).toBe('missing');
    expect(item.evidence.clock).toMatchObject({
      rung: 'undated',
      changelog: { problem: expect.stringContaining('when the version was there already') },
    });
  });
});
