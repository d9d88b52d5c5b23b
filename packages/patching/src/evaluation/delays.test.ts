import { describe, expect, it } from 'vitest';
import { defaultEvaluationSettings } from './evaluation-settings.ts';
import {
  evaluateSample,
  installedPackage,
  itemNamed,
  MAIN,
  mainKey,
  offer,
  offeredVersion,
  rule,
  rulesBaseline,
  type SampleEvaluation,
  SECURITY,
  seen,
} from './sample-machine.ts';

const week = rulesBaseline(rule({ approveAfterDays: 7 }));
const installed = [installedPackage('bash', '1')];
const wait = { settings: { ...defaultEvaluationSettings, successorPolicy: 'wait' as const } };

function bashOf(sample: Partial<SampleEvaluation>) {
  return itemNamed(evaluateSample({ installed, baseline: week, ...sample }), 'bash');
}

describe('approval delays', () => {
  it('waits from the day a version was first seen, and says until when', () => {
    const sample: SampleEvaluation = {
      installed,
      baseline: week,
      offers: [offer('bash', [offeredVersion('bash', '2', [SECURITY])])],
      history: [seen('bash', '2', '2026-11-14T23:00:00Z')],
    };
    const verdict = evaluateSample(sample);
    expect(itemNamed(verdict, 'bash')).toMatchObject({
      state: 'waiting',
      targetVersion: '2',
      evidence: { clock: { rung: 'first-seen', approvedAt: '2026-11-21T00:00:00.000Z' } },
    });
    expect(verdict).toMatchObject({ status: 'compliant', validUntil: '2026-11-21T00:00:00.000Z' });
    const later = evaluateSample({ ...sample, with: { now: new Date('2026-11-21T00:00:00Z') } });
    expect(itemNamed(later, 'bash').state).toBe('missing');
  });

  it('approves at once what was there at the first look', () => {
    const item = bashOf({
      offers: [offer('bash', [offeredVersion('bash', '2', [SECURITY])])],
      history: [seen('bash', '2', '2026-11-20T10:00:00Z', { rung: 'undated' })],
    });
    expect(item).toMatchObject({
      state: 'missing',
      evidence: { clock: { rung: 'undated', availableAt: null, approvedAt: '2026-11-20T10:00:00Z' } },
    });
  });

  it('prefers a publication date to the day of the first sight', () => {
    const item = bashOf({
      offers: [offer('bash', [offeredVersion('bash', '2', [SECURITY])])],
      history: [seen('bash', '2', '2026-11-19T10:00:00Z', { publishedAt: '2026-11-01T00:00:00Z' })],
    });
    expect(item).toMatchObject({ state: 'missing', evidence: { clock: { rung: 'published' } } });
  });

  it('is not starved by a stream of newer builds that replace each other', () => {
    const history = [
      seen('bash', '2', '2026-11-10T00:00:00Z'),
      seen('bash', '3', '2026-11-15T00:00:00Z'),
      seen('bash', '4', '2026-11-19T00:00:00Z'),
    ];
    const offers = [offer('bash', [offeredVersion('bash', '4', [SECURITY])])];
    const item = bashOf({ offers, history });
    expect(item).toMatchObject({ state: 'missing', targetVersion: '4' });
    expect(item.evidence.notes[0]).toContain('2 was approved and is no longer obtainable; 4 stands in');
    expect(item.evidence.clock).toMatchObject({ sourceVersion: '2', approvedAt: '2026-11-17T00:00:00.000Z' });
    const waiting = bashOf({ offers, history, with: wait });
    expect(waiting).toMatchObject({ state: 'not-obtainable', targetVersion: null });
    expect(waiting.reason).toContain('Source version 2');
  });

  it('takes the approved version while it is still to be had', () => {
    const item = bashOf({
      offers: [offer('bash', [offeredVersion('bash', '3', [SECURITY]), offeredVersion('bash', '2', [SECURITY])])],
      history: [seen('bash', '2', '2026-11-10T00:00:00Z'), seen('bash', '3', '2026-11-19T00:00:00Z')],
    });
    expect(item).toMatchObject({ state: 'missing', targetVersion: '2' });
    expect(item.evidence.notes).toEqual([]);
  });

  it('does not count what was fixed before the installed version', () => {
    const item = bashOf({
      offers: [offer('bash', [offeredVersion('bash', '2', [SECURITY])])],
      history: [seen('bash', '0.5', '2026-10-01T00:00:00Z'), seen('bash', '2', '2026-11-19T00:00:00Z')],
    });
    expect(item.state).toBe('waiting');
  });

  it('does not count a version above all that is offered: the archive took it back', () => {
    const item = bashOf({
      offers: [offer('bash', [offeredVersion('bash', '2', [SECURITY])])],
      history: [seen('bash', '3', '2026-10-01T00:00:00Z'), seen('bash', '2', '2026-11-19T00:00:00Z')],
    });
    expect(item.state).toBe('waiting');
  });

  it('starts the delay of a security-only rule from security versions alone', () => {
    const sample = {
      offers: [offer('bash', [offeredVersion('bash', '3', [SECURITY]), offeredVersion('bash', '2', [MAIN])])],
      history: [
        seen('bash', '2', '2026-10-01T00:00:00Z', { archiveKey: mainKey }),
        seen('bash', '3', '2026-11-19T00:00:00Z'),
      ],
    };
    expect(bashOf(sample).state).toBe('waiting');
    const anything = rulesBaseline(rule({ approveAfterDays: 7, enableNonSecurity: true }));
    expect(bashOf({ ...sample, baseline: anything })).toMatchObject({ state: 'missing', targetVersion: '2' });
  });

  it('does not take an old build of the main archive for a fix that still waits below it', () => {
    const item = bashOf({
      offers: [offer('bash', [offeredVersion('bash', '3', [MAIN]), offeredVersion('bash', '2', [SECURITY])])],
      history: [seen('bash', '2', '2026-11-19T00:00:00Z')],
    });
    expect(item.state).toBe('waiting');
  });

  it('goes past what passes itself when an approved version above it has left the archives', () => {
    const sample = {
      offers: [offer('bash', [offeredVersion('bash', '4', [SECURITY]), offeredVersion('bash', '2', [SECURITY])])],
      history: [
        seen('bash', '2', '2026-11-01T00:00:00Z'),
        seen('bash', '3', '2026-11-05T00:00:00Z'),
        seen('bash', '4', '2026-11-19T00:00:00Z'),
      ],
    };
    expect(bashOf(sample)).toMatchObject({ state: 'missing', targetVersion: '4' });
    expect(bashOf({ ...sample, with: wait })).toMatchObject({ state: 'missing', targetVersion: '2' });
  });

  it('does not take a plain build below the approved fix for the fix', () => {
    const item = bashOf({
      offers: [offer('bash', [offeredVersion('bash', '4', [SECURITY]), offeredVersion('bash', '2', [MAIN])])],
      history: [seen('bash', '3', '2026-11-05T00:00:00Z'), seen('bash', '4', '2026-11-19T00:00:00Z')],
      with: wait,
    });
    expect(item.state).toBe('not-obtainable');
  });

  it('dates a version by the security archive where both carry it', () => {
    const item = bashOf({
      offers: [offer('bash', [offeredVersion('bash', '3', [MAIN, SECURITY]), offeredVersion('bash', '2', [SECURITY])])],
      history: [
        seen('bash', '2', '2026-11-01T00:00:00Z'),
        seen('bash', '3', '2026-11-19T00:00:00Z'),
        seen('bash', '3', '2026-10-01T00:00:00Z', { archiveKey: mainKey }),
      ],
    });
    expect(item).toMatchObject({ state: 'missing', targetVersion: '2' });
  });

  it('does not let an approved version beyond the candidate open the way for a waiting one', () => {
    const item = bashOf({
      offers: [offer('bash', [offeredVersion('bash', '3', [SECURITY]), offeredVersion('bash', '2', [SECURITY])], '2')],
      history: [seen('bash', '2', '2026-11-19T00:00:00Z'), seen('bash', '3', '2026-11-01T00:00:00Z')],
    });
    expect(item).toMatchObject({ state: 'pinned', targetVersion: '3' });
  });

  it('does not fall back on an archive like backports while the candidate waits', () => {
    const item = bashOf({
      baseline: rulesBaseline(rule({ approveAfterDays: 7, enableNonSecurity: true })),
      offers: [
        offer('bash', [
          offeredVersion('bash', '3', [SECURITY]),
          offeredVersion('bash', '2', [MAIN], { pinPriority: 100 }),
        ]),
      ],
      history: [
        seen('bash', '2', '2026-10-01T00:00:00Z', { archiveKey: mainKey }),
        seen('bash', '3', '2026-11-19T00:00:00Z'),
      ],
    });
    expect(item).toMatchObject({ state: 'waiting', targetVersion: '3' });
  });

  it('does not choose what a pin rules out below a candidate that waits', () => {
    const item = bashOf({
      baseline: rulesBaseline(rule({ approveAfterDays: 7, enableNonSecurity: true })),
      offers: [
        offer('bash', [
          offeredVersion('bash', '3', [MAIN]),
          offeredVersion('bash', '2', [SECURITY], { pinPriority: -1 }),
        ]),
      ],
      history: [
        seen('bash', '2', '2026-10-01T00:00:00Z'),
        seen('bash', '3', '2026-11-19T00:00:00Z', { archiveKey: mainKey }),
      ],
      with: wait,
    });
    expect(item).toMatchObject({ state: 'pinned', targetVersion: '2' });
  });

  it.each([
    ['no rule takes', week],
    ['is rejected', { ...week, rejectedPatches: ['bash'] }],
  ])('does not wait for the delay of what %s', (_, baseline) => {
    const archives = baseline === week ? [MAIN] : [SECURITY];
    const verdict = evaluateSample({
      installed,
      baseline,
      offers: [offer('bash', [offeredVersion('bash', '2', archives)])],
      history: [
        baseline === week
          ? seen('bash', '2', '2026-11-14T00:00:00Z', { archiveKey: mainKey })
          : seen('bash', '2', '2026-11-14T00:00:00Z'),
      ],
    });
    expect(verdict.validUntil).toBe('2026-11-22T11:00:00.001Z');
  });

  it.each([
    ['2026-11-18', 'excluded'],
    ['2026-11-19', 'missing'],
    ['2026-11-30', 'missing'],
  ])('with ApproveUntilDate %s gives %s for a version of 19 November', (approveUntilDate, state) => {
    const item = bashOf({
      baseline: rulesBaseline(rule({ approveUntilDate })),
      offers: [offer('bash', [offeredVersion('bash', '2', [SECURITY])])],
      history: [seen('bash', '2', '2026-11-19T23:59:00Z')],
    });
    expect(item.state).toBe(state);
  });

  it('lets the rule with the shortest delay decide, at its own level', () => {
    const item = bashOf({
      baseline: rulesBaseline(
        rule({ approveAfterDays: 30, complianceLevel: 'CRITICAL' }),
        rule({ approveAfterDays: 1, complianceLevel: 'LOW' }),
      ),
      offers: [offer('bash', [offeredVersion('bash', '2', [SECURITY])])],
      history: [seen('bash', '2', '2026-11-10T00:00:00Z')],
    });
    expect(item).toMatchObject({ state: 'missing', complianceLevel: 'LOW', evidence: { approvedBy: 'rule 2' } });
  });

  it('never waits for an explicit approval', () => {
    const item = bashOf({
      baseline: { ...week, approvedPatches: ['bash'] },
      offers: [offer('bash', [offeredVersion('bash', '2', [SECURITY])])],
      history: [seen('bash', '2', '2026-11-20T00:00:00Z')],
    });
    expect(item).toMatchObject({ state: 'missing', evidence: { approvedBy: 'ApprovedPatches: bash' } });
  });

  it('compares a rebuild by its own version where the source is the same', () => {
    const item = bashOf({
      offers: [offer('bash', [offeredVersion('bash', '1+b1', [SECURITY], { sourceVersion: '1' })])],
      history: [seen('bash', '1', '2026-11-19T00:00:00Z')],
    });
    expect(item.state).toBe('waiting');
  });
});
