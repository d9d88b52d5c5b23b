import { type CronField, cronFieldError, cronFields, readCronValue, readStretch, type Stretch } from './cron-fields.ts';
import { quoted, ScheduleError } from './schedule-error.ts';

/** One item of Day-of-month. */
export type DayOfMonthItem =
  | { readonly kind: 'days'; readonly stretch: Stretch }
  /** `L`, and `L-3` for three days before it. */
  | { readonly kind: 'last-day'; readonly daysBefore: number }
  /** `LW`. */
  | { readonly kind: 'last-weekday' }
  /** `15W`: the day from Monday to Friday nearest to the 15th in the same month. */
  | { readonly kind: 'nearest-weekday'; readonly day: number };

/** One item of Day-of-week; 1 is Sunday. */
export type DayOfWeekItem =
  | { readonly kind: 'weekdays'; readonly stretch: Stretch }
  /** `6L`, `FRIL`: the last Friday of the month. */
  | { readonly kind: 'last'; readonly weekday: number }
  /** `TUE#3`: the third Tuesday of the month. */
  | { readonly kind: 'nth'; readonly weekday: number; readonly nth: number };

/** A cron expression as it was read. Of dayOfMonth and dayOfWeek, the one given as `?` is null. */
export interface CronExpression {
  readonly kind: 'cron';
  readonly seconds: readonly Stretch[];
  readonly minutes: readonly Stretch[];
  readonly hours: readonly Stretch[];
  readonly dayOfMonth: readonly DayOfMonthItem[] | null;
  readonly month: readonly Stretch[];
  readonly dayOfWeek: readonly DayOfWeekItem[] | null;
  readonly year: readonly Stretch[];
}

function readItems<Item>(field: CronField, text: string, readItem: (item: string) => Item): readonly Item[] {
  if (text.includes('?')) {
    const reason = field.wildcards.includes('?')
      ? '"?" stands alone'
      : '"?" belongs to Day-of-month or Day-of-week (six fields are Minutes Hours Day-of-month Month Day-of-week Year, seven have Seconds before them)';
    throw cronFieldError(field, text, reason);
  }
  return text.split(',').map((item) => {
    if (item === '') throw cronFieldError(field, text, 'an item of the list is empty');
    return readItem(item);
  });
}

function readStretches(field: CronField, text: string): readonly Stretch[] {
  return readItems(field, text, (item) => readStretch(field, item));
}

function readDayOfMonth(item: string): DayOfMonthItem {
  const field = cronFields.dayOfMonth;
  if (item === 'L') return { kind: 'last-day', daysBefore: 0 };
  if (item === 'LW') return { kind: 'last-weekday' };
  if (item.startsWith('L-')) {
    const daysBefore = readCronValue(field, item.slice(2));
    if (daysBefore === null || daysBefore > 30) throw cronFieldError(field, item, 'after "L-" comes 1 to 30');
    return { kind: 'last-day', daysBefore };
  }
  if (item.endsWith('W')) {
    const day = readCronValue(field, item.slice(0, -1));
    if (day === null) throw cronFieldError(field, item, 'before "W" comes one day, or "L"');
    return { kind: 'nearest-weekday', day };
  }
  return { kind: 'days', stretch: readStretch(field, item) };
}

function readDayOfWeek(item: string): DayOfWeekItem {
  const field = cronFields.dayOfWeek;
  if (item === 'L') return { kind: 'weekdays', stretch: { first: 7, last: 7, step: 1 } };
  if (item.endsWith('L')) {
    const weekday = readCronValue(field, item.slice(0, -1));
    if (weekday === null) throw cronFieldError(field, item, 'before "L" comes one day, as in 6L or FRIL');
    return { kind: 'last', weekday };
  }
  if (item.includes('#')) {
    const [day = '', nth = ''] = item.split('#', 2);
    const weekday = readCronValue(field, day);
    if (weekday === null || item !== `${day}#${nth}` || !/^[1-5]$/.test(nth)) {
      throw cronFieldError(field, item, 'around "#" stand one day and 1 to 5, as in TUE#3');
    }
    return { kind: 'nth', weekday, nth: Number(nth) };
  }
  return { kind: 'weekdays', stretch: readStretch(field, item) };
}

/**
 * The fields between the brackets of `cron(...)`: Minutes Hours Day-of-month Month Day-of-week Year, with Seconds before
 * them when there are seven. L, W and # mean what they mean to Quartz, and may stand in lists.
 */
export function parseCron(text: string): CronExpression {
  const fields = text.trim().toUpperCase().split(/\s+/);
  if (fields.length !== 6 && fields.length !== 7) {
    throw new ScheduleError(
      'INVALID_EXPRESSION',
      `The cron expression ${quoted(text)} has ${text.trim() === '' ? 0 : fields.length} fields: it takes six (Minutes Hours Day-of-month Month Day-of-week Year) or seven (Seconds before them). Example: cron(0 2 ? * SUN *).`,
    );
  }
  const [seconds = '', minutes = '', hours = '', dayOfMonth = '', month = '', dayOfWeek = '', year = ''] =
    fields.length === 7 ? fields : ['0', ...fields];
  const parsed = {
    kind: 'cron' as const,
    seconds: readStretches(cronFields.seconds, seconds),
    minutes: readStretches(cronFields.minutes, minutes),
    hours: readStretches(cronFields.hours, hours),
    dayOfMonth: dayOfMonth === '?' ? null : readItems(cronFields.dayOfMonth, dayOfMonth, readDayOfMonth),
    month: readStretches(cronFields.month, month),
    dayOfWeek: dayOfWeek === '?' ? null : readItems(cronFields.dayOfWeek, dayOfWeek, readDayOfWeek),
    year: readStretches(cronFields.year, year),
  };
  if ((parsed.dayOfMonth === null) === (parsed.dayOfWeek === null)) {
    throw new ScheduleError(
      'INVALID_EXPRESSION',
      `The Day-of-month field ${quoted(dayOfMonth)} and the Day-of-week field ${quoted(dayOfWeek)} of the cron expression cannot stand together: exactly one of the two must be "?". Example: cron(0 2 ? * SUN *).`,
    );
  }
  return parsed;
}
