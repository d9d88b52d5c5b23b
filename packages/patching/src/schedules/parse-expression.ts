import { type CronExpression, parseCron } from './parse-cron.ts';
import { quoted, ScheduleError } from './schedule-error.ts';
import { parseWallTime } from './wall-time.ts';

export interface RateExpression {
  readonly kind: 'rate';
  readonly count: number;
  readonly unit: 'minute' | 'hour' | 'day';
}

export interface AtExpression {
  readonly kind: 'at';
  /** The wall-clock time, as milliseconds since 1970-01-01T00:00 on that wall clock. */
  readonly wallTime: number;
}

export type ScheduleExpression = CronExpression | RateExpression | AtExpression;

function parseRate(text: string): RateExpression {
  const match = /^\s*(?<count>\d{1,6})\s+(?<unit>minute|hour|day)(?<plural>s?)\s*$/.exec(text);
  const count = Number(match?.groups?.['count'] ?? 0);
  const unit = match?.groups?.['unit'] as RateExpression['unit'] | undefined;
  if (unit === undefined || count < 1) {
    throw new ScheduleError(
      'INVALID_EXPRESSION',
      `The rate ${quoted(text)} is not valid: it takes a positive whole number of at most six digits and one of minute, minutes, hour, hours, day, days. Example: rate(7 days).`,
    );
  }
  if ((count === 1) === (match?.groups?.['plural'] === 's')) {
    const right = count === 1 ? unit : `${unit}s`;
    throw new ScheduleError(
      'INVALID_EXPRESSION',
      `The unit of the rate ${quoted(text)} is not valid: with ${count} it must be "${right}". Example: rate(${count} ${right}).`,
    );
  }
  return { kind: 'rate', count, unit };
}

function parseAt(text: string): AtExpression {
  const wallTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? parseWallTime(text) : null;
  if (wallTime === null) {
    throw new ScheduleError(
      'INVALID_EXPRESSION',
      `The time ${quoted(text)} of the at expression is not valid: it takes a date and time of the years 1970 to 2199 as YYYY-MM-DDThh:mm:ss, without an offset. Example: at(2027-07-07T13:15:30).`,
    );
  }
  return { kind: 'at', wallTime };
}

/**
 * Reads `cron(...)`, `rate(...)` or `at(...)` (Systems Manager user guide, "Reference: Cron and rate expressions").
 * Throws ScheduleError for everything else.
 */
export function parseScheduleExpression(expression: string): ScheduleExpression {
  const [, form, text = ''] = /^(cron|rate|at)\((.*)\)$/s.exec(expression) ?? [];
  if (form === 'cron') return parseCron(text);
  if (form === 'rate') return parseRate(text);
  if (form === 'at') return parseAt(text);
  throw new ScheduleError(
    'INVALID_EXPRESSION',
    `The schedule ${quoted(expression)} is not valid: it must be cron(...), rate(...) or at(...). Examples: cron(0 2 ? * SUN *), rate(7 days), at(2027-07-07T13:15:30).`,
  );
}
