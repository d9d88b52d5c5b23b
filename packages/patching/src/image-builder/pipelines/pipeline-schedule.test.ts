import { describe, expect, it } from 'vitest';
import { dueRun, mostMissedCounted, nextRun, parsePipelineSchedule } from './pipeline-schedule.ts';
import { atInstant } from './pipelines.test-support.ts';

const definedAt = atInstant('2026-11-22T12:00');

function next(scheduleExpression: string, timezone?: string): string | undefined {
  const schedule = parsePipelineSchedule({ scheduleExpression, timezone, definedAt });
  return nextRun({ status: 'ENABLED', schedule }, definedAt)?.toISOString();
}

describe('the schedule of a pipeline', () => {
  // The examples of the user guide, "Use cron expressions in Image Builder", and what its table of wildcards says.
  it.each([
    ['cron(0 10 * * ? *)', undefined, '2026-11-23T10:00:00.000Z'],
    ['cron(15 12 ? * 2-6 *)', undefined, '2026-11-23T12:15:00.000Z'],
    ['cron(0 0 1 * ? *)', undefined, '2026-12-01T00:00:00.000Z'],
    ['cron(0 0 ? * sun *)', 'Europe/Berlin', '2026-11-28T23:00:00.000Z'],
    ['cron(30 2 L * ? *)', undefined, '2026-11-30T02:30:00.000Z'],
    ['cron(0 2 3W * ? *)', undefined, '2026-12-03T02:00:00.000Z'],
    ['cron(0 2 ? * fri#2 *)', undefined, '2026-12-11T02:00:00.000Z'],
    ['cron(0 0 1 jan,jul ? 2028)', 'Etc/UTC', '2028-01-01T00:00:00.000Z'],
  ])('%s %s runs next at %s', (expression, timezone, expected) => {
    expect(next(expression, timezone)).toBe(expected);
  });

  it('takes L among the days of the week for Sunday, as the user guide says', () => {
    expect(next('cron(0 2 ? * L *)')).toBe('2026-11-29T02:00:00.000Z');
    expect(next('cron(0 2 ? * MON,L *)')).toBe('2026-11-23T02:00:00.000Z');
    expect(next('cron(0 2 ? * FRIL *)')).toBe('2026-11-27T02:00:00.000Z');
  });

  it.each([
    ['rate(1 day)', 'it must be cron(...)'],
    ['at(2027-01-01T00:00:00)', 'it must be cron(...)'],
    ['0 2 ? * SUN *', 'it must be cron(...)'],
    ['cron(0 2 * * *)', 'has 5 fields'],
    ['cron(0 0 2 ? * SUN *)', 'has 7 fields'],
    ['cron()', 'has 0 fields'],
    ['cron(0 2 * * SUN *)', 'exactly one of the two must be "?"'],
    ['cron(60 2 ? * SUN *)', 'Minutes'],
    ['cron(0 2 ? * 0 *)', 'Day-of-week'],
  ])('is not %s', (expression, message) => {
    expect(() => next(expression)).toThrow(message);
  });

  it('is not in a time zone that there is not', () => {
    expect(() => next('cron(0 2 ? * SUN *)', 'Europe/Nowhere')).toThrow('The time zone "Europe/Nowhere"');
  });

  it('may have no time left', () => {
    expect(next('cron(0 2 ? * SUN 2025)')).toBeUndefined();
    expect(next('cron(0 2 30 2 ? *)')).toBeUndefined();
  });

  it('is quiet while the pipeline is disabled', () => {
    const schedule = parsePipelineSchedule({ scheduleExpression: 'cron(* * * * ? *)', definedAt });
    expect(nextRun({ status: 'DISABLED', schedule }, definedAt)).toBeNull();
    expect(nextRun({ status: 'ENABLED', schedule: null }, definedAt)).toBeNull();
  });

  it('counts what was missed, up to a bound', () => {
    const schedule = parsePipelineSchedule({ scheduleExpression: 'cron(* * * * ? *)', definedAt });
    const due = dueRun({ status: 'ENABLED', schedule }, { now: atInstant('2027-11-22T12:00'), lastRunAt: null });
    expect(due).toEqual({
      scheduledAt: atInstant('2027-11-22T12:00'),
      missed: { count: mostMissedCounted, first: atInstant('2026-11-22T12:01') },
    });
  });
});
