import type { InnerState, NodeFacts, PatchBaseline, Verdict } from '@patchbay/facts';
import { assert, constantFrom, double, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReleaseRecord } from '../approval-clock/release-date.ts';
import { awsPatches, countPatches } from '../states/aws-patches.ts';
import { compileBaseline } from './compile-baseline.ts';
import { evaluate } from './evaluate.ts';
import { defaultEvaluationSettings } from './evaluation-settings.ts';
import { baselineArbitrary, historyArbitrary, machineArbitrary, ruleArbitrary } from './machine.arbitrary.ts';
import { historyOf, NOW } from './sample-machine.ts';

interface Situation {
  readonly facts: NodeFacts;
  readonly history: readonly ReleaseRecord[];
  readonly baseline: PatchBaseline;
  readonly successorPolicy: 'approve-successor' | 'wait';
}

const situation = record({
  facts: machineArbitrary,
  history: historyArbitrary,
  baseline: baselineArbitrary,
  successorPolicy: constantFrom('approve-successor' as const, 'wait' as const),
});

const approvedStates: ReadonlySet<InnerState> = new Set<InnerState>([
  'missing',
  'held',
  'pinned',
  'needs-removal',
  'dependency-blocked',
  'not-obtainable',
  'failed',
]);

function judge(given: Situation, now: Date = NOW): Verdict {
  return evaluate({
    facts: given.facts,
    factsReceivedAt: new Date('2026-11-20T11:00:00.000Z'),
    baseline: compileBaseline(given.baseline, 1),
    history: historyOf(given.history),
    simulation: null,
    now,
    settings: { ...defaultEvaluationSettings, successorPolicy: given.successorPolicy },
  });
}

function approvedNames(verdict: Verdict): string[] {
  return verdict.items.filter(({ state }) => approvedStates.has(state)).map(({ name }) => name);
}

describe('evaluation', () => {
  it('never approves a rejected patch', () => {
    assert(
      property(situation, (given) => {
        const compiled = compileBaseline(given.baseline, 1);
        for (const item of judge(given).items) {
          if (compiled.rejectedBy(item.name, item.architecture) === null) continue;
          expect(approvedStates.has(item.state)).toBe(false);
          expect(item.targetVersion).toBeNull();
        }
      }),
    );
  });

  it('never loses an approval by another rule', () => {
    assert(
      property(situation, ruleArbitrary, integer({ min: 0, max: 3 }), (given, added, at) => {
        const patchRules = given.baseline.approvalRules.patchRules.toSpliced(at, 0, added);
        const baseline = { ...given.baseline, approvalRules: { patchRules } };
        const after = approvedNames(judge({ ...given, baseline }));
        expect(after).toEqual(expect.arrayContaining(approvedNames(judge(given))));
      }),
    );
  });

  it('does not depend on the order of packages, archives, offers and records', () => {
    assert(
      property(situation, (given) => {
        const { installed, offers } = given.facts;
        const last = offers.archives.length - 1;
        const facts: NodeFacts = {
          ...given.facts,
          installed: { packages: installed.packages.toReversed() },
          offers: {
            archives: offers.archives.toReversed(),
            offers: offers.offers.toReversed().map((offer) => ({
              ...offer,
              versions: offer.versions.toReversed().map((version) => ({
                ...version,
                archives: version.archives.map((position) => last - position),
              })),
            })),
          },
        };
        expect(judge({ ...given, facts, history: given.history.toReversed() })).toEqual(judge(given));
      }),
    );
  });

  it('is never compliant while an archive that could supply an approved patch is not current', () => {
    const statuses = constantFrom(
      'unreachable' as const,
      'badly-signed' as const,
      'unsigned' as const,
      'expired' as const,
      'unreadable' as const,
    );
    assert(
      property(situation, integer({ min: 0, max: 2 }), statuses, (given, position, status) => {
        const { patchRules } = given.baseline.approvalRules;
        const active = patchRules.filter(
          (rule) => !rule.patchFilterGroup.patchFilters.some(({ values }) => values.includes('Debian11')),
        );
        const names = given.baseline.approvedPatches.length > 0;
        const takesAnything =
          active.some((rule) => rule.enableNonSecurity) || (names && given.baseline.approvedPatchesEnableNonSecurity);
        const couldSupply = position === 1 ? active.length > 0 || names : takesAnything;
        const archives = given.facts.offers.archives.with(position, {
          ...given.facts.offers.archives[position],
          status,
        } as NodeFacts['offers']['archives'][number]);
        const offers = { ...given.facts.offers, archives };
        const verdict = judge({ ...given, facts: { ...given.facts, offers } });
        expect(verdict.status === 'unknown').toBe(couldSupply);
        // What was found missing stays listed, and the doubt is counted besides.
        if (couldSupply) {
          expect(approvedNames(verdict)).toEqual(approvedNames(judge(given)));
          expect(countPatches(verdict).failedCount).toBe(countPatches(judge(given)).failedCount + 1);
        }
      }),
    );
  });

  it('never takes an approval back as time goes by', () => {
    assert(
      property(situation, integer({ min: 0, max: 40 * 24 }), (given, hours) => {
        const later = judge(given, new Date(NOW.getTime() + hours * 3_600_000));
        expect(approvedNames(later)).toEqual(expect.arrayContaining(approvedNames(judge(given))));
      }),
    );
  });

  it('stays as it is until validUntil', () => {
    assert(
      property(situation, (given) => {
        const verdict = judge(given);
        expect(verdict.validUntil).not.toBeNull();
        const last = new Date(Date.parse(verdict.validUntil ?? '') - 1);
        const { evaluatedAt: _, ...later } = judge(given, last);
        expect(verdict).toMatchObject(later);
      }),
    );
  });

  it('is the same at every instant before validUntil', () => {
    assert(
      property(situation, double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (given, share) => {
        const verdict = judge(given);
        const end = Date.parse(verdict.validUntil ?? '');
        const instant = new Date(Math.min(end - 1, Math.floor(NOW.getTime() + share * (end - NOW.getTime()))));
        const { evaluatedAt: _, ...later } = judge(given, instant);
        expect(verdict).toMatchObject(later);
      }),
    );
  });

  it('is not cached longer than it holds: what differs later differs from validUntil on or after it', () => {
    assert(
      property(situation, integer({ min: 1, max: 40 * 24 }), (given, hours) => {
        const verdict = judge(given);
        const instant = new Date(NOW.getTime() + hours * 3_600_000);
        const later = judge(given, instant);
        const isSame = later.status === verdict.status && JSON.stringify(later.items) === JSON.stringify(verdict.items);
        if (!isSame) expect(instant.getTime()).toBeGreaterThanOrEqual(Date.parse(verdict.validUntil ?? ''));
      }),
    );
  });

  it('is compliant only when every listed patch is, and counts each of them once', () => {
    assert(
      property(situation, (given) => {
        const verdict = judge(given);
        const counts = countPatches(verdict);
        const listed = awsPatches(verdict);
        const faulty =
          counts.missingCount + counts.failedCount + counts.installedRejectedCount + counts.installedPendingRebootCount;
        expect(counts.installedCount + counts.installedOtherCount + faulty).toBe(listed.length);
        expect(listed).toHaveLength(given.facts.installed.packages.length);
        expect(verdict.status).toBe(faulty === 0 ? 'compliant' : 'non-compliant');
      }),
    );
  });

  it('chooses only versions above the installed one that the machine may take', () => {
    assert(
      property(situation, (given) => {
        for (const item of judge(given).items) {
          if (item.state !== 'missing') continue;
          const offer = given.facts.offers.offers.find(({ name }) => name === item.name);
          const versions = offer?.versions.map(({ version }) => version) ?? [];
          const position = versions.indexOf(item.targetVersion ?? '');
          expect(position).toBeGreaterThanOrEqual(versions.indexOf(offer?.candidate ?? ''));
          expect(item.targetVersion).not.toBe(item.installedVersion);
        }
      }),
    );
  });
});
