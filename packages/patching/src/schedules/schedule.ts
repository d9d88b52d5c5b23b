import { makeCronCalendar } from './cron-calendar.ts';
import { cronInstants, type NextInstant, rateInstants, singleInstant } from './next-instant.ts';
import type { CronExpression } from './parse-cron.ts';
import { parseScheduleExpression, type ScheduleExpression } from './parse-expression.ts';
import { quoted, ScheduleError } from './schedule-error.ts';
import { findTimeZone, type TimeZone } from './time-zone.ts';
import { DAY, FIRST_YEAR, HOUR, LAST_YEAR, MINUTE, parseWallTime } from './wall-time.ts';

/** A schedule as the API takes it: the members of CreateMaintenanceWindow. */
export interface ScheduleDefinition {
  readonly schedule: string;
  /** UTC when not given. */
  readonly scheduleTimezone?: string | null | undefined;
  readonly scheduleOffset?: number | null | undefined;
  readonly startDate?: string | null | undefined;
  readonly endDate?: string | null | undefined;
  /** When this schedule was set: the creation, or the last change of one of the members above. */
  readonly definedAt: Date;
}

/** A schedule that was read and can be asked when it runs (see occurrences.ts). */
export interface Schedule {
  readonly expression: ScheduleExpression;
  readonly timeZone: TimeZone;
  readonly offsetDays: number;
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
  readonly definedAt: Date;
  /** Without regard to startsAt and endsAt. */
  readonly nextInstant: NextInstant;
  /** The first and the last instant (milliseconds since the epoch) at which the schedule can run. */
  readonly bounds: { readonly first: number; readonly last: number };
}

const unitLengths = { minute: MINUTE, hour: HOUR, day: DAY };
// A day early: 1970 began in the east while it was still 1969 in UTC.
const startOfTime = Date.UTC(FIRST_YEAR, 0, 1) - DAY;
const endOfTime = Date.UTC(LAST_YEAR + 1, 0, 1) - 1;

/**
 * The instant of a StartDate or EndDate, or of a filter by time: an ISO 8601 extended date or date and time. Without an
 * offset it is in UTC, since the time zone of the schedule has no influence on these (user guide, "Maintenance window
 * scheduling and active period options").
 */
export function parseScheduleDate(member: string, text: string): Date {
  const match = /^(?<wallTime>[^Z+]+?)(?<offset>Z|[+-]\d\d(?::?\d\d)?)?$/.exec(text);
  const offset = match?.groups?.['offset'] ?? 'Z';
  const hasTime = text.includes('T');
  // Without a time the last part of the date looks like an offset.
  const wallTime = parseWallTime(hasTime ? (match?.groups?.['wallTime'] ?? '') : text);
  const hours = offset === 'Z' || !hasTime ? 0 : Number(offset.slice(1, 3));
  const minutes = offset === 'Z' || !hasTime ? 0 : Number(offset.slice(3).replace(':', ''));
  if (wallTime === null || hours > 18 || minutes > 59) {
    throw new ScheduleError(
      'INVALID_DATE',
      `The ${member} ${quoted(text)} is not valid: it takes a date and time of the years 1970 to 2199 in ISO 8601 extended format, with an offset or in UTC. Example: 2027-04-07T14:29:00-08:00.`,
    );
  }
  const size = hours * HOUR + minutes * MINUTE;
  return new Date(offset.startsWith('-') ? wallTime + size : wallTime - size);
}

function checkOffset(expression: ScheduleExpression, offset: number | null): number {
  if (offset === null) return 0;
  if (expression.kind !== 'cron') {
    throw new ScheduleError(
      'INVALID_OFFSET',
      `The ScheduleOffset ${offset} is not valid with ${expression.kind}(...): only a cron schedule takes an offset. Example: cron(30 23 ? * TUE#3 *) with 2.`,
    );
  }
  if (!Number.isInteger(offset) || offset < 1 || offset > 6) {
    throw new ScheduleError(
      'INVALID_OFFSET',
      `The ScheduleOffset ${offset} is not valid: it is a whole number of days from 1 to 6. Example: cron(30 23 ? * TUE#3 *) with 2.`,
    );
  }
  return offset;
}

/** With an offset, what the cron expression names moves by whole days on the wall clock. */
function shiftedInstants(
  expression: CronExpression,
  zone: TimeZone,
  offsetDays: number,
  definedAt: number,
): NextInstant {
  const calendar = makeCronCalendar(expression);
  if (offsetDays === 0) return cronInstants(calendar, zone);
  const shift = offsetDays * DAY;
  // A cron day that had passed when the window was made does not count, though its offset day is still to come (user
  // guide): what is named up to then is left out.
  const isCounted = (wallTime: number) => zone.instantOf(wallTime) > definedAt;
  const earliest = definedAt + zone.pieceAt(definedAt).offset;
  return cronInstants(
    {
      next(wallTime) {
        let named = calendar.next(Math.max(wallTime - shift, earliest));
        while (named !== null && !isCounted(named)) named = calendar.next(named + 1);
        return named === null ? null : named + shift;
      },
      isInStretch: (wallTime) => calendar.isInStretch(wallTime),
    },
    zone,
  );
}

/**
 * Reads a schedule; throws ScheduleError with what is wrong. A rate counts from a StartDate that was still to come when
 * it was set, that date being its first run, and otherwise from the time when it was set.
 */
export function parseSchedule(definition: ScheduleDefinition): Schedule {
  const expression = parseScheduleExpression(definition.schedule);
  const timeZone = findTimeZone(definition.scheduleTimezone ?? 'UTC');
  const offsetDays = checkOffset(expression, definition.scheduleOffset ?? null);
  const startsAt = definition.startDate == null ? null : parseScheduleDate('StartDate', definition.startDate);
  const endsAt = definition.endDate == null ? null : parseScheduleDate('EndDate', definition.endDate);
  if (startsAt !== null && endsAt !== null && endsAt < startsAt) {
    throw new ScheduleError(
      'INVALID_DATE',
      `The EndDate ${quoted(definition.endDate ?? '')} is not valid: it lies before the StartDate ${quoted(definition.startDate ?? '')}. Give a later EndDate.`,
    );
  }
  const definedAt = definition.definedAt.getTime();
  const starts = startsAt?.getTime() ?? Number.NEGATIVE_INFINITY;
  const nextInstant =
    expression.kind === 'cron'
      ? shiftedInstants(expression, timeZone, offsetDays, definedAt)
      : expression.kind === 'at'
        ? singleInstant(timeZone.instantOf(expression.wallTime))
        : rateInstants(
            Math.max(definedAt, starts),
            expression.count * unitLengths[expression.unit],
            starts > definedAt,
          );
  return {
    expression,
    timeZone,
    offsetDays,
    startsAt,
    endsAt,
    definedAt: definition.definedAt,
    nextInstant,
    bounds: {
      first: Math.max(definedAt + 1, starts, startOfTime),
      last: Math.min(endOfTime, endsAt?.getTime() ?? endOfTime),
    },
  };
}
