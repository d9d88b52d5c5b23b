import { describe, expect, it } from 'vitest';
import { decideScheduledRun, type MissingPatch, type ScheduledRunQuestion } from './decide-scheduled-run.ts';
import type { ResolvedDependency } from './dependency-updates.ts';
import { parsePipelineSchedule } from './pipeline-schedule.ts';
import {
  atInstant,
  component,
  dependencies,
  imageArn,
  lastBuild,
  parentArn,
  recipeArn,
  unchanged,
} from './pipelines.test-support.ts';

const nextSunday = atInstant('2026-11-29T02:00');

function decide(change: Partial<ScheduledRunQuestion> = {}) {
  return decideScheduledRun({ ...unchanged, ...change });
}

function reasons(change: Partial<ScheduledRunQuestion> = {}): readonly string[] {
  const decision = decide(change);
  return decision.kind === 'not-due' ? [] : decision.because;
}

/** What resolves now, with one dependency otherwise than in the last image. */
function resolvedWith(change: Partial<ResolvedDependency> & Pick<ResolvedDependency, 'kind'>): ResolvedDependency[] {
  return dependencies.map((each) => (each.kind === change.kind ? { ...each, ...change } : each));
}

const patch = (name: string): MissingPatch => ({ name, version: '1.2-3' });

describe('a pipeline that builds when something has changed', () => {
  it('does not build what would be the same, and says so', () => {
    expect(decide()).toEqual({
      kind: 'skip',
      scheduledAt: unchanged.now,
      next: nextSunday,
      because: [
        `${imageArn} was built from the recipe, parent image and components that a build would take now.`,
        'It lacks no approved patch.',
      ],
    });
  });

  it('builds where there was no image yet', () => {
    expect(decide({ lastBuild: null })).toEqual({
      kind: 'start',
      scheduledAt: unchanged.now,
      next: nextSunday,
      because: ['No image of this pipeline was ever built successfully.'],
    });
  });

  it('builds when a component has a newer version', () => {
    const resolved = resolvedWith({ kind: 'component', resolved: `${component}/1.10.0/1` });
    expect(decide({ resolved })).toMatchObject({
      kind: 'start',
      because: [
        `The component ${component}/1.x.x is now ${component}/1.10.0/1; the last image was built with ${component}/1.2.0/1.`,
      ],
    });
  });

  it('builds when a component has a newer build of the same version', () => {
    const resolved = resolvedWith({ kind: 'component', resolved: `${component}/1.2.0/2` });
    expect(decide({ resolved }).kind).toBe('start');
  });

  it('builds when the parent image has a newer version, or another digest', () => {
    const newer = resolvedWith({ kind: 'parent', resolved: `${parentArn}/2026.11.2/1` });
    expect(decide({ resolved: newer }).kind).toBe('start');
    const reference = { reference: 'registry.example/base:12' };
    const before = resolvedWith({ kind: 'parent', ...reference, resolved: 'registry.example/base@sha256:aa' });
    const after = resolvedWith({ kind: 'parent', ...reference, resolved: 'registry.example/base@sha256:bb' });
    const built = { ...lastBuild, dependencies: before };
    expect(decide({ resolved: before, lastBuild: built }).kind).toBe('skip');
    expect(decide({ resolved: after, lastBuild: built }).kind).toBe('start');
  });

  it('builds when its recipe is another one', () => {
    const other = recipeArn.replace('1.0.0', '1.1.0');
    const resolved = resolvedWith({ kind: 'recipe', reference: other, resolved: other });
    expect(decide({ resolved })).toMatchObject({
      kind: 'start',
      because: [`The recipe ${other} was not what the last image was built from.`],
    });
  });

  it('does not build because something newer was deleted, and says that there is only older', () => {
    const resolved = resolvedWith({ kind: 'component', resolved: `${component}/1.1.0/1` });
    expect(decide({ resolved })).toMatchObject({
      kind: 'skip',
      because: [
        expect.stringContaining('Nothing newer'),
        expect.stringContaining(`older than ${component}/1.2.0/1`),
        'It lacks no approved patch.',
      ],
    });
  });

  it('says what matches nothing any more, whether it builds for another reason or not', () => {
    const resolved = resolvedWith({ kind: 'component', resolved: null });
    const obstacle = `The component ${component}/1.x.x matches nothing that exists.`;
    expect(decide({ resolved })).toMatchObject({ kind: 'skip' });
    expect(reasons({ resolved })).toContain(obstacle);
    const missingPatches = { kind: 'known' as const, missing: [patch('curl')] };
    expect(decide({ resolved, missingPatches })).toMatchObject({
      kind: 'start',
      because: [`${imageArn} lacks what was approved since: curl 1.2-3.`, obstacle],
    });
  });

  it('builds when the image lacks approved patches, and names some', () => {
    const missing = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(patch);
    expect(decide({ missingPatches: { kind: 'known', missing } })).toMatchObject({
      kind: 'start',
      because: [`${imageArn} lacks what was approved since: a 1.2-3, b 1.2-3, c 1.2-3, d 1.2-3, e 1.2-3 and 2 more.`],
    });
  });

  it('does not build again and again for a patch that its recipe does not install', () => {
    const built = { ...lastBuild, lackedWhenBuilt: [patch('curl')] };
    expect(decide({ lastBuild: built, missingPatches: { kind: 'known', missing: [patch('curl')] } })).toMatchObject({
      kind: 'skip',
      because: [
        expect.any(String),
        'It lacks curl 1.2-3 since it was built: its recipe does not install them, nor would it now.',
      ],
    });
    const newer = { name: 'curl', version: '1.2-4' };
    expect(decide({ lastBuild: built, missingPatches: { kind: 'known', missing: [newer] } }).kind).toBe('start');
  });

  it('does not take what is unknown for up to date', () => {
    const missingPatches = { kind: 'unknown' as const, reason: 'its facts are not there' };
    expect(decide({ missingPatches })).toMatchObject({
      kind: 'start',
      because: [
        `It is not known which approved patches ${imageArn} lacks (its facts are not there), so that it may lack some.`,
      ],
    });
  });

  it('does not build for patches that nobody can judge, and says that nobody does', () => {
    const missingPatches = { kind: 'not-judged' as const, reason: 'it has no packages of a supported system' };
    expect(decide({ missingPatches })).toMatchObject({
      kind: 'skip',
      because: [expect.any(String), 'Which patches it lacks is not judged: it has no packages of a supported system.'],
    });
  });

  it('does not build for the same reason twice at once', () => {
    const decision = decide({ lastBuild: null, buildUnderWay: imageArn });
    expect(decision).toMatchObject({ kind: 'skip', because: [expect.stringContaining('is still being built')] });
  });
});

describe('a pipeline that builds at every time of its schedule', () => {
  const pipeline = { ...unchanged.pipeline, startCondition: 'EXPRESSION_MATCH_ONLY' as const };

  it('builds although nothing has changed, and although it builds already', () => {
    for (const buildUnderWay of [null, imageArn]) {
      expect(decide({ pipeline, buildUnderWay })).toEqual({
        kind: 'start',
        scheduledAt: unchanged.now,
        next: nextSunday,
        because: ['The pipeline builds at every time of its schedule.'],
      });
    }
  });
});

describe('a time of the schedule', () => {
  it('is not due before it comes, nor when it was decided on', () => {
    const before = { now: new Date(unchanged.now.getTime() - 1) };
    expect(decide(before)).toEqual({ kind: 'not-due', next: unchanged.now });
    expect(decide({ lastRunAt: unchanged.now })).toEqual({ kind: 'not-due', next: nextSunday });
  });

  it('does not exist for a pipeline that is disabled or that only people start', () => {
    const none = { kind: 'not-due', next: null };
    expect(decide({ pipeline: { ...unchanged.pipeline, status: 'DISABLED' } })).toEqual(none);
    expect(decide({ pipeline: { ...unchanged.pipeline, schedule: null } })).toEqual(none);
  });

  it('does not count when it lies before the schedule was set', () => {
    const definedAt = atInstant('2026-11-16T00:00');
    const schedule = parsePipelineSchedule({ scheduleExpression: 'cron(0 2 ? * SUN *)', definedAt });
    const pipeline = { ...unchanged.pipeline, schedule };
    const now = atInstant('2026-11-21T00:00');
    expect(decide({ pipeline, now, lastRunAt: null }).kind).toBe('not-due');
  });

  it('is decided on late after the control plane was down, and says so', () => {
    const because = reasons({ now: atInstant('2026-11-22T02:31') });
    expect(because.at(-1)).toBe('Nobody looked at 2026-11-22T02:00:00.000Z: this is decided 31 minutes late.');
    expect(reasons({ now: atInstant('2026-11-22T02:01') })).toHaveLength(2);
  });

  it('stands for all that passed undecided: there is one run for them', () => {
    const now = atInstant('2026-12-20T02:00');
    const decision = decide({ now, lastBuild: null });
    expect(decision).toMatchObject({
      kind: 'start',
      scheduledAt: now,
      because: [
        expect.any(String),
        '4 earlier times of the schedule passed undecided, the first at 2026-11-22T02:00:00.000Z: one run stands for all of them.',
      ],
    });
    expect(decide({ now, lastBuild: null, lastRunAt: now }).kind).toBe('not-due');
    expect(reasons({ now: atInstant('2026-11-29T02:00') }).at(-1)).toBe(
      'One earlier time of the schedule passed undecided, the first at 2026-11-22T02:00:00.000Z: one run stands for all of them.',
    );
  });
});
