import { cronFields, expandStretches } from './cron-fields.ts';
import type { CronExpression, DayOfMonthItem, DayOfWeekItem } from './parse-cron.ts';
import { DAY, HOUR, MINUTE, SECOND } from './wall-time.ts';

/** The wall-clock times that a cron expression names, whatever the zone. */
export interface CronCalendar {
  /** The first of them not before a wall-clock time, or null when none is left. */
  next(wallTime: number): number | null;
  /** Whether the hour of a wall-clock time is one of a range of hours or of `*` (docs/decisions/0021). */
  isInStretch(wallTime: number): boolean;
}

/** What the days of a month hang on: there are only 28 different months. */
interface Month {
  readonly length: number;
  /** The weekday of the first, 0 is Sunday. */
  readonly firstWeekday: number;
}

/** 1 is Sunday, as in the Day-of-week field. */
function weekdayOf({ firstWeekday }: Month, day: number): number {
  return ((firstWeekday + day - 1) % 7) + 1;
}

/** Quartz: the nearest day from Monday to Friday, never in another month. */
function nearestWeekday(month: Month, day: number): number {
  const weekday = weekdayOf(month, day);
  if (weekday === 7) return day === 1 ? 3 : day - 1;
  if (weekday === 1) return day === month.length ? day - 2 : day + 1;
  return day;
}

function daysOfMonthItem(item: DayOfMonthItem, month: Month): readonly number[] {
  if (item.kind === 'days') return expandStretches(cronFields.dayOfMonth, [item.stretch]);
  if (item.kind === 'last-day') return [month.length - item.daysBefore];
  if (item.kind === 'last-weekday') return [nearestWeekday(month, month.length)];
  return item.day > month.length ? [] : [nearestWeekday(month, item.day)];
}

function daysOfWeekItem(item: DayOfWeekItem, month: Month): readonly number[] {
  const days = Array.from({ length: month.length }, (_, index) => index + 1);
  if (item.kind === 'weekdays') {
    const weekdays = expandStretches(cronFields.dayOfWeek, [item.stretch]);
    return days.filter((day) => weekdays.includes(weekdayOf(month, day)));
  }
  const sameWeekday = days.filter((day) => weekdayOf(month, day) === item.weekday);
  const day = item.kind === 'last' ? sameWeekday.at(-1) : sameWeekday[item.nth - 1];
  return day === undefined ? [] : [day];
}

/** The days of a month that the expression names, ascending. A day that the month lacks is left out. */
function daysIn({ dayOfMonth, dayOfWeek }: CronExpression, month: Month): readonly number[] {
  const days = [
    ...(dayOfMonth ?? []).flatMap((item) => daysOfMonthItem(item, month)),
    ...(dayOfWeek ?? []).flatMap((item) => daysOfWeekItem(item, month)),
  ];
  return [...new Set(days)].filter((day) => day >= 1 && day <= month.length).sort((left, right) => left - right);
}

function first(values: readonly number[]): number {
  return values[0] ?? 0;
}

/** Makes a cron expression ready to be asked many times. */
export function makeCronCalendar(expression: CronExpression): CronCalendar {
  const seconds = expandStretches(cronFields.seconds, expression.seconds);
  const minutes = expandStretches(cronFields.minutes, expression.minutes);
  const hours = expandStretches(cronFields.hours, expression.hours);
  const months = expandStretches(cronFields.month, expression.month);
  const years = new Set(expandStretches(cronFields.year, expression.year));
  const firstYear = Math.min(...years);
  const lastYear = Math.max(...years);
  const stretchHours = new Set(
    expandStretches(
      cronFields.hours,
      expression.hours.filter(({ first, last, step }) => step === 1 && first !== last),
    ),
  );
  const firstTime = first(hours) * HOUR + first(minutes) * MINUTE + first(seconds) * SECOND;
  const daysByMonth = new Map<number, readonly number[]>();

  function daysOf(year: number, month: number): readonly number[] {
    const start = Date.UTC(year, month - 1, 1);
    const length = (Date.UTC(year, month, 1) - start) / DAY;
    // 1 January 1970 was a Thursday.
    const firstWeekday = (start / DAY + 4) % 7;
    const key = length * 7 + firstWeekday;
    let days = daysByMonth.get(key);
    if (days === undefined) {
      days = daysIn(expression, { length, firstWeekday });
      daysByMonth.set(key, days);
    }
    return days;
  }

  /** The first time of day not before the given, both in milliseconds since midnight, or null. */
  function nextTime(time: number): number | null {
    const hour = Math.floor(time / HOUR);
    const minute = Math.floor((time % HOUR) / MINUTE);
    const second = Math.ceil((time % MINUTE) / SECOND);
    if (hours.includes(hour)) {
      const sameMinute = minutes.includes(minute) ? seconds.find((value) => value >= second) : undefined;
      if (sameMinute !== undefined) return hour * HOUR + minute * MINUTE + sameMinute * SECOND;
      const laterMinute = minutes.find((value) => value > minute);
      if (laterMinute !== undefined) return hour * HOUR + laterMinute * MINUTE + first(seconds) * SECOND;
    }
    const laterHour = hours.find((value) => value > hour);
    return laterHour === undefined ? null : laterHour * HOUR + first(minutes) * MINUTE + first(seconds) * SECOND;
  }

  /** The first day not before the given, both as wall-clock times of midnight, or null. */
  function nextDay(day: number): number | null {
    const date = new Date(day);
    const thisYear = date.getUTCFullYear();
    const thisMonth = date.getUTCMonth() + 1;
    const dayOfMonth = date.getUTCDate();
    for (let year = Math.max(thisYear, firstYear); year <= lastYear; year += 1) {
      if (!years.has(year)) continue;
      for (const month of months) {
        if (year === thisYear && month < thisMonth) continue;
        const earliest = year === thisYear && month === thisMonth ? dayOfMonth : 1;
        const found = daysOf(year, month).find((each) => each >= earliest);
        if (found !== undefined) return Date.UTC(year, month - 1, found);
      }
    }
    return null;
  }

  return {
    next(wallTime) {
      const today = Math.floor(wallTime / DAY) * DAY;
      const day = nextDay(today);
      if (day === null || day > today) return day === null ? null : day + firstTime;
      const time = nextTime(wallTime - today);
      if (time !== null) return today + time;
      const later = nextDay(today + DAY);
      return later === null ? null : later + firstTime;
    },
    isInStretch: (wallTime) => stretchHours.has(Math.floor((wallTime % DAY) / HOUR)),
  };
}
