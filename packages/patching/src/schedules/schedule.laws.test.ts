import { assert, constantFrom, date, integer, oneof, property, string, stringMatching } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CronCase, cronArbitrary, dailyCronArbitrary, textOf } from './cron.arbitrary.ts';
import { describeScheduleExpression } from './describe-schedule.ts';
import { formatExecutionTime } from './execution-time.ts';
import { nextOccurrences, occurrencesBetween, previousOccurrence } from './occurrences.ts';
import { parseScheduleExpression } from './parse-expression.ts';
import { parseSchedule } from './schedule.ts';
import { ScheduleError } from './schedule-error.ts';
import { findTimeZone } from './time-zone.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** A wall clock that is read minute by minute: what it shows, by Intl's calendar fields alone. */
interface Watched {
  readonly zone: string;
  readonly from: number;
  readonly shown: readonly number[];
}

function wallClock(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (instant) => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? Number.NaN;
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  };
}

/** Four days around a day, and the day before them. */
function watch(zone: string, day: string): Watched {
  const from = Date.parse(`${day}T00:00Z`) - 3 * DAY;
  const read = wallClock(zone);
  return { zone, from, shown: Array.from({ length: 5 * 1440 }, (_, index) => read(from + index * MINUTE)) };
}

const watched: readonly Watched[] = [
  watch('Europe/Berlin', '2027-03-28'),
  watch('Europe/Berlin', '2027-10-31'),
  watch('America/New_York', '2026-11-01'),
  watch('America/New_York', '2027-03-14'),
  // Half an hour.
  watch('Australia/Lord_Howe', '2027-04-04'),
  watch('Australia/Lord_Howe', '2027-10-03'),
  // At midnight, forward and back.
  watch('America/Sao_Paulo', '2017-10-15'),
  watch('America/Sao_Paulo', '2018-02-18'),
  // A minute after midnight, back over midnight.
  watch('America/St_Johns', '2010-11-07'),
  // 30 December 2011 was no day there.
  watch('Pacific/Apia', '2011-12-30'),
  // Summer time for a single week.
  watch('America/Recife', '2000-10-08'),
  watch('America/Recife', '2000-10-15'),
  watch('Asia/Kathmandu', '2027-03-28'),
  // From 5:30 to 5:45.
  watch('Asia/Kathmandu', '1986-01-01'),
  // Two hours.
  watch('Antarctica/Troll', '2027-03-28'),
  watch('Antarctica/Troll', '2027-10-31'),
  watch('UTC', '2027-03-28'),
];

function isNamed({ minutes, hours, days, month }: CronCase, wallTime: number, offsetDays: number): boolean {
  const date = new Date(wallTime - offsetDays * DAY);
  return (
    minutes.matches(date.getUTCMinutes()) &&
    hours.matches(date.getUTCHours()) &&
    month.matches(date.getUTCMonth() + 1) &&
    days.matches(date)
  );
}

/** The runs of the last four days, by looking at the clock every minute. */
function watchRuns(given: CronCase, { from, shown }: Watched, offsetDays: number): string[] {
  const runs: string[] = [];
  const seen = new Set<number>();
  let previous = shown[0] ?? 0;
  for (const [index, now] of shown.entries()) {
    const skipped: number[] = [];
    for (let each = previous + MINUTE; each < now; each += MINUTE) skipped.push(each);
    const follows = (wallTime: number) => given.hours.isInStretch(new Date(wallTime).getUTCHours());
    const isMoved = skipped.some((each) => isNamed(given, each, offsetDays) && !follows(each));
    const isShown = isNamed(given, now, offsetDays) && (follows(now) || !seen.has(now));
    if (index >= 1440 && (isMoved || isShown)) runs.push(new Date(from + index * MINUTE).toISOString());
    seen.add(now);
    previous = now;
  }
  return runs;
}

describe('the runs of a cron expression', () => {
  it('are those that somebody with a clock would see, over every change of it', () => {
    assert(
      property(
        dailyCronArbitrary,
        constantFrom(...watched),
        integer({ min: 0, max: 2 }),
        (given, clock, offsetDays) => {
          const schedule = parseSchedule({
            schedule: textOf(given),
            scheduleTimezone: clock.zone,
            scheduleOffset: offsetDays === 0 ? null : offsetDays,
            definedAt: new Date('1970-01-01T00:00Z'),
          });
          const after = new Date(clock.from + DAY - 1);
          const until = new Date(clock.from + 5 * DAY - 1);
          const runs = [...occurrencesBetween(schedule, { after, until })].map((run) => run.toISOString());
          expect(runs).toEqual(watchRuns(given, clock, offsetDays));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are on the days that a calendar shows, for years', () => {
    const from = Date.UTC(2026, 0, 1);
    const until = Date.UTC(2032, 11, 31);
    assert(
      property(cronArbitrary, (given) => {
        const schedule = parseSchedule({ schedule: textOf(given), definedAt: new Date(from - 1) });
        const days: string[] = [];
        for (let day = from; day <= until; day += DAY) {
          const date = new Date(day);
          if (given.month.matches(date.getUTCMonth() + 1) && given.days.matches(date)) {
            days.push(date.toISOString().slice(0, 10));
          }
        }
        const found: string[] = [];
        let after = new Date(from - 1);
        for (;;) {
          const [run] = nextOccurrences(schedule, { after, count: 1 });
          if (run === undefined || run.getTime() >= until + DAY) break;
          found.push(run.toISOString().slice(0, 10));
          after = new Date(Math.floor(run.getTime() / DAY) * DAY + DAY - 1);
        }
        expect(found).toEqual(days);
      }),
      { numRuns: 150 },
    );
  });

  it('are found backwards as they are forwards', () => {
    const definedAt = new Date('2026-12-01T00:00Z');
    assert(
      property(
        cronArbitrary,
        constantFrom('Europe/Berlin', 'Australia/Lord_Howe', 'UTC'),
        date({ min: definedAt, max: new Date('2029-01-01T00:00Z'), noInvalidDate: true }),
        (given, scheduleTimezone, after) => {
          const schedule = parseSchedule({ schedule: textOf(given), scheduleTimezone, definedAt });
          const runs = nextOccurrences(schedule, { after, count: 20 });
          for (const [index, run] of runs.entries()) {
            expect(previousOccurrence(schedule, run)).toEqual(run);
            const before = runs[index - 1];
            if (before === undefined) continue;
            expect(run.getTime()).toBeGreaterThan(before.getTime());
            expect(previousOccurrence(schedule, new Date(run.getTime() - 1))).toEqual(before);
          }
        },
      ),
    );
  });
});

describe('a schedule', () => {
  it('is read, or refused with a ScheduleError, whatever is given', () => {
    const text = oneof(
      string(),
      string({ unit: 'binary' }),
      string({ unit: constantFrom(...'0123456789*?/-,#LW '.split('')) }).map((fields) => `cron(${fields})`),
      stringMatching(/^cron\(([0-9*?LW#/,-]{1,4} ){5,6}[0-9*?LW#/,-]{1,4}\)$/),
      stringMatching(/^rate\(\d{1,3} (minute|hour|day|week)s?\)$/),
      stringMatching(/^at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)$/),
    );
    assert(
      property(text, text, text, (schedule, scheduleTimezone, startDate) => {
        for (const given of [{ schedule }, { schedule, scheduleTimezone }, { schedule: 'rate(1 day)', startDate }]) {
          try {
            const parsed = parseSchedule({ ...given, definedAt: new Date('2027-01-01T00:00Z') });
            nextOccurrences(parsed, { after: new Date('2027-01-01T00:00Z'), count: 2 });
          } catch (error) {
            if (!(error instanceof ScheduleError)) throw error;
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('has words for everything it can be', () => {
    assert(
      property(cronArbitrary, (given) => {
        const words = describeScheduleExpression(parseScheduleExpression(textOf(given)));
        expect(words).toMatch(/^At [^{}[\]]+$/);
        expect(words).not.toMatch(/undefined|NaN| {2}|,,| $/);
      }),
    );
  });
});

describe('a time zone', () => {
  it('has the offset that the calendar fields show, at any time', () => {
    const names = constantFrom(...Intl.supportedValuesOf('timeZone'));
    const instants = date({ min: new Date('1970-01-01'), max: new Date('2199-12-31'), noInvalidDate: true });
    assert(
      property(names, instants, (name, instant) => {
        const second = Math.floor(instant.getTime() / 1000) * 1000;
        const zone = findTimeZone(name);
        const piece = zone.pieceAt(second);
        expect(piece.start <= second && second < piece.end).toBe(true);
        expect(second + piece.offset).toBe(wallClock(name)(second));
        expect(zone.instantOf(second + piece.offset)).toBeLessThanOrEqual(second);
        const text = formatExecutionTime({ timeZone: zone }, new Date(second));
        if (piece.offset % MINUTE === 0) expect(Date.parse(text)).toBe(second);
      }),
      { numRuns: 300 },
    );
  });
});
