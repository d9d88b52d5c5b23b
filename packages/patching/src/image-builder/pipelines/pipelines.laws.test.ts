import { array, assert, boolean, constant, constantFrom, date, oneof, option, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { occurrencesBetween } from '../../schedules/occurrences.ts';
import { decideScheduledRun, type MissingPatches, type ScheduledRunQuestion } from './decide-scheduled-run.ts';
import { parsePipelineSchedule } from './pipeline-schedule.ts';
import { atInstant, dependencies, imageArn, lastBuild } from './pipelines.test-support.ts';

const definedAt = atInstant('2026-03-01T00:00');
const instants = date({ min: definedAt, max: atInstant('2026-12-01T00:00'), noInvalidDate: true });
const schedules = record({
  scheduleExpression: constantFrom(
    'cron(0 2 ? * SUN *)',
    'cron(30 2 * * ? *)',
    'cron(0 0/6 * * ? *)',
    'cron(15 3 L * ? *)',
    'cron(0 2 ? * L *)',
    'cron(0 2 1 1 ? 2025)',
  ),
  timezone: constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'),
}).map((definition) => parsePipelineSchedule({ ...definition, definedAt }));

const patches = oneof(
  array(record({ name: constantFrom('curl', 'openssl'), version: constantFrom('1', '2') })).map(
    (missing): MissingPatches => ({ kind: 'known', missing }),
  ),
  constant<MissingPatches>({ kind: 'unknown', reason: 'nobody looked' }),
  constant<MissingPatches>({ kind: 'not-judged', reason: 'nobody can' }),
);
const questions = record({
  pipeline: record({
    status: constantFrom('ENABLED' as const, 'DISABLED' as const),
    schedule: option(schedules, { freq: 10 }),
    startCondition: constantFrom(
      'EXPRESSION_MATCH_ONLY' as const,
      'EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE' as const,
    ),
  }),
  now: instants,
  lastRunAt: option(instants),
  lastBuild: option(constant(lastBuild)),
  resolved: array(boolean(), { minLength: 3, maxLength: 3 }).map((exist) =>
    dependencies.map((each, index) => (exist[index] === true ? each : { ...each, resolved: null })),
  ),
  missingPatches: patches,
  buildUnderWay: option(constant(imageArn)),
});

function timesSince({ pipeline, now, lastRunAt }: ScheduledRunQuestion): Date[] {
  if (pipeline.schedule === null || pipeline.status === 'DISABLED') return [];
  return [...occurrencesBetween(pipeline.schedule, { after: lastRunAt ?? definedAt, until: now })];
}

describe('decisions on scheduled runs', () => {
  it('are made exactly when a time of the schedule came since the last, on the last that came', () => {
    assert(
      property(questions, (question) => {
        const decision = decideScheduledRun(question);
        const last = timesSince(question).at(-1);
        expect(decision.kind === 'not-due').toBe(last === undefined);
        if (decision.kind !== 'not-due') expect(decision.scheduledAt).toEqual(last);
      }),
    );
  });

  it('are made once: whoever keeps the time that was decided on is not asked again before the next', () => {
    assert(
      property(questions, (question) => {
        const decision = decideScheduledRun(question);
        if (decision.kind === 'not-due') return;
        const { scheduledAt, next } = decision;
        expect(decideScheduledRun({ ...question, lastRunAt: scheduledAt })).toEqual({ kind: 'not-due', next });
        if (next === null) return;
        expect(decideScheduledRun({ ...question, lastRunAt: scheduledAt, now: next })).toMatchObject({
          scheduledAt: next,
        });
      }),
    );
  });

  it('always say why', () => {
    assert(
      property(questions, (question) => {
        const decision = decideScheduledRun(question);
        if (decision.kind === 'not-due') return;
        expect(decision.because.length).toBeGreaterThan(0);
        for (const sentence of decision.because) expect(sentence).toMatch(/^[A-Z0-9a-z].*\.$/);
      }),
    );
  });

  it('never leave things as they are because something is unknown', () => {
    assert(
      property(questions, (question) => {
        const decision = decideScheduledRun({
          ...question,
          missingPatches: { kind: 'unknown', reason: 'nobody looked' },
          buildUnderWay: null,
        });
        expect(decision.kind).not.toBe('skip');
      }),
    );
  });

  it('depend on nothing but the schedule where the condition says so', () => {
    assert(
      property(questions, (question) => {
        const pipeline = { ...question.pipeline, startCondition: 'EXPRESSION_MATCH_ONLY' as const };
        expect(decideScheduledRun({ ...question, pipeline }).kind).not.toBe('skip');
      }),
    );
  });
});
