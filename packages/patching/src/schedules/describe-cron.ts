import { type CronField, cronFields, expandStretches, type Stretch } from './cron-fields.ts';
import type { CronExpression, DayOfMonthItem, DayOfWeekItem } from './parse-cron.ts';

const weekdayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const monthNames = 'January February March April May June July August September October November December'.split(' ');
const nthNames = ['first', 'second', 'third', 'fourth', 'fifth'];

// More times than these are told by their fields.
const MOST_LISTED_TIMES = 6;

/** `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

/** `1st`, `22nd`, `13th`. */
function ordinal(value: number): string {
  const isTeen = value % 100 >= 11 && value % 100 <= 13;
  const ending = isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
  return `${value}${ending}`;
}

export function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function isEvery({ first, last, step }: Stretch, field: CronField): boolean {
  return first === field.lowest && last === field.highest && step === 1;
}

/** `minutes 0 and 30`, `every minute`, `every 7th minute from 0`, `hours 8 to 17`. */
function describeNumbers(field: CronField, stretches: readonly Stretch[], unit: string): string {
  if (stretches.some((stretch) => isEvery(stretch, field))) return `every ${unit}`;
  const steps = stretches.filter(({ first, last, step }) => step > 1 && first !== last);
  const others = stretches.filter((stretch) => !steps.includes(stretch));
  const named = others.map(({ first, last }) => (first === last ? `${first}` : `${first} to ${last}`));
  const isOne = others.length === 1 && others[0]?.first === others[0]?.last;
  const words = steps.map(({ first, last, step }) => {
    const to = last === field.highest ? '' : ` to ${last}`;
    return `every ${ordinal(step)} ${unit} from ${first}${to}`;
  });
  return joinWords(named.length === 0 ? words : [`${unit}${isOne ? '' : 's'} ${joinWords(named)}`, ...words]);
}

function describeTime({ seconds, minutes, hours }: CronExpression): string {
  const [second, minute, hour] = [
    expandStretches(cronFields.seconds, seconds),
    expandStretches(cronFields.minutes, minutes),
    expandStretches(cronFields.hours, hours),
  ];
  const hasSeconds = second.length > 1 || second[0] !== 0;
  if (second.length * minute.length * hour.length <= MOST_LISTED_TIMES) {
    const times = hour.flatMap((h) =>
      minute.flatMap((m) =>
        second.map((s) => `${twoDigits(h)}:${twoDigits(m)}${hasSeconds ? `:${twoDigits(s)}` : ''}`),
      ),
    );
    return `At ${joinWords(times)}`;
  }
  const parts = [
    describeNumbers(cronFields.minutes, minutes, 'minute'),
    describeNumbers(cronFields.hours, hours, 'hour'),
  ];
  return `At ${[...(hasSeconds ? [describeNumbers(cronFields.seconds, seconds, 'second')] : []), ...parts].join(' of ')},`;
}

function describeDayOfMonth(item: DayOfMonthItem): string {
  if (item.kind === 'last-day') {
    if (item.daysBefore === 0) return 'the last day';
    return `the ${ordinal(item.daysBefore + 1)} to last day`;
  }
  if (item.kind === 'last-weekday') return 'the last day from Monday to Friday';
  if (item.kind === 'nearest-weekday') return `the day from Monday to Friday nearest to the ${ordinal(item.day)}`;
  const { first, last, step } = item.stretch;
  if (first === last) return `the ${ordinal(first)}`;
  if (step === 1) return `the ${ordinal(first)} to the ${ordinal(last)}`;
  const to = last === cronFields.dayOfMonth.highest ? '' : ` to the ${ordinal(last)}`;
  return `every ${ordinal(step)} day from the ${ordinal(first)}${to}`;
}

function weekdayName(weekday: number): string {
  return weekdayNames[weekday - 1] ?? '';
}

function describeWeekdays({ first, last, step }: Stretch): readonly string[] {
  if (step === 1 && first !== last) return [`${weekdayName(first)}s to ${weekdayName(last)}s`];
  const weekdays = expandStretches(cronFields.dayOfWeek, [{ first, last, step }]);
  return weekdays.map((weekday) => `${weekdayName(weekday)}s`);
}

function describeDayOfWeek(item: Exclude<DayOfWeekItem, { kind: 'weekdays' }>): string {
  const day = weekdayName(item.weekday);
  return item.kind === 'last' ? `the last ${day}` : `the ${nthNames[item.nth - 1] ?? ''} ${day}`;
}

function describeMonths(month: readonly Stretch[]): string | null {
  const months = expandStretches(cronFields.month, month);
  if (months.length === cronFields.month.highest) return null;
  const [only] = month;
  if (month.length === 1 && only?.step === 1 && only.first !== only.last) {
    return `${monthNames[only.first - 1] ?? ''} to ${monthNames[only.last - 1] ?? ''}`;
  }
  return joinWords(months.map((each) => monthNames[each - 1] ?? ''));
}

/** The days, as `every day`, `on Sundays`, `on the third Thursday of every month`. */
function describeDays({ dayOfMonth, dayOfWeek, month }: CronExpression): string {
  const months = describeMonths(month);
  const inMonths = months === null ? '' : ` in ${months}`;
  const everyDay =
    dayOfMonth?.some((item) => item.kind === 'days' && isEvery(item.stretch, cronFields.dayOfMonth)) ||
    dayOfWeek?.some((item) => item.kind === 'weekdays' && isEvery(item.stretch, cronFields.dayOfWeek));
  if (everyDay === true) return `every day${inMonths}`;
  const ofMonth = [
    ...(dayOfMonth ?? []).map(describeDayOfMonth),
    ...(dayOfWeek ?? []).flatMap((item) => (item.kind === 'weekdays' ? [] : [describeDayOfWeek(item)])),
  ];
  const weekly = (dayOfWeek ?? []).flatMap((item) => (item.kind === 'weekdays' ? describeWeekdays(item.stretch) : []));
  const each = [
    ...(weekly.length === 0 ? [] : [`on ${joinWords(weekly)}${inMonths}`]),
    ...(ofMonth.length === 0 ? [] : [`on ${joinWords(ofMonth)} of ${months ?? 'every month'}`]),
  ];
  return each.join(' and ');
}

function describeYears(year: readonly Stretch[]): string {
  if (year.some((stretch) => isEvery(stretch, cronFields.year))) return '';
  const words = year.map(({ first, last, step }) => {
    if (first === last) return `${first}`;
    return step === 1 ? `${first} to ${last}` : `every ${ordinal(step)} year from ${first} to ${last}`;
  });
  return ` in ${joinWords(words)}`;
}

/** A cron expression in words, without its zone. */
export function describeCron(expression: CronExpression): string {
  return `${describeTime(expression)} ${describeDays(expression)}${describeYears(expression.year)}`;
}
