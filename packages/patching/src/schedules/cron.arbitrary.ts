import { type Arbitrary, constantFrom, integer, oneof, record, tuple, uniqueArray } from 'fast-check';

/** One field of a cron expression with what it means, told without the code under test. */
interface Field {
  readonly text: string;
  readonly matches: (value: number) => boolean;
}

export interface DayField {
  /** Day-of-month and Day-of-week. */
  readonly text: readonly [string, string];
  readonly matches: (date: Date) => boolean;
}

export interface HoursField extends Field {
  /** Whether the hour is in a range of hours or in `*`. */
  readonly isInStretch: (hour: number) => boolean;
}

export interface CronCase {
  readonly minutes: Field;
  readonly hours: HoursField;
  readonly days: DayField;
  readonly month: Field;
}

const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

function isBetween(value: number, first: number, last: number): boolean {
  return first <= last ? value >= first && value <= last : value >= first || value <= last;
}

/** `drawn` are the values that the text may name, if not all that the field has. */
function fieldArbitrary(
  lowest: number,
  highest: number,
  nameOf: (value: number) => string = String,
  drawn: Arbitrary<number> = integer({ min: lowest, max: highest }),
): Arbitrary<HoursField> {
  const step = integer({ min: 1, max: highest - lowest });
  const size = highest - lowest + 1;
  const never = () => false;
  const range = (first: number, last: number) => ({
    text: `${nameOf(first)}-${nameOf(last)}`,
    matches: (each: number) => isBetween(each, first, last),
    isInStretch: (each: number) => first !== last && isBetween(each, first, last),
  });
  return oneof(
    constantFrom({ text: '*', matches: () => true, isInStretch: () => true }),
    uniqueArray(drawn, { minLength: 1, maxLength: 4 }).map((values) => ({
      text: values.map(nameOf).join(','),
      matches: (each: number) => values.includes(each),
      isInStretch: never,
    })),
    tuple(drawn, drawn).map(([first, last]) => range(first, last)),
    tuple(drawn, step).map(([first, every]) => ({
      text: `${nameOf(first)}/${every}`,
      matches: (each: number) => each >= first && (each - first) % every === 0,
      isInStretch: (each: number) => every === 1 && first !== highest && each >= first,
    })),
    step.map((every) => ({
      text: `*/${every}`,
      matches: (each: number) => (each - lowest) % every === 0,
      isInStretch: () => every === 1,
    })),
    tuple(drawn, drawn, step).map(([first, last, every]) => ({
      text: `${nameOf(first)}-${nameOf(last)}/${every}`,
      // How many values one goes on from the first, over the end of the field.
      matches: (each: number) => isBetween(each, first, last) && ((each - first + size) % size) % every === 0,
      isInStretch: (each: number) => every === 1 && first !== last && isBetween(each, first, last),
    })),
    tuple(drawn, drawn, drawn).map(([first, last, single]) => ({
      ...range(first, last),
      text: `${range(first, last).text},${nameOf(single)}`,
      matches: (each: number) => isBetween(each, first, last) || each === single,
    })),
  );
}

function addDays(date: Date, days: number): Date {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + days));
}

function isWorkday(date: Date): boolean {
  return date.getUTCDay() >= 1 && date.getUTCDay() <= 5;
}

/** No other day from Monday to Friday of the same month is nearer to `day`, which the month has. */
function isNearestWorkday(date: Date, day: number): boolean {
  const month = date.getUTCMonth();
  const wanted = new Date(Date.UTC(date.getUTCFullYear(), month, day));
  if (wanted.getUTCMonth() !== month || !isWorkday(date)) return false;
  const distance = Math.abs(date.getUTCDate() - day);
  return [-2, -1, 0, 1, 2]
    .map((days) => addDays(wanted, days))
    .filter((each) => isWorkday(each) && each.getUTCMonth() === month)
    .every((each) => Math.abs(each.getUTCDate() - day) >= distance);
}

function isLastWorkday(date: Date): boolean {
  if (!isWorkday(date)) return false;
  for (let later = addDays(date, 1); later.getUTCMonth() === date.getUTCMonth(); later = addDays(later, 1)) {
    if (isWorkday(later)) return false;
  }
  return true;
}

const dayOfMonth: Arbitrary<DayField> = oneof(
  fieldArbitrary(1, 31).map(({ text, matches }) => ({
    text: [text, '?'] as const,
    matches: (date: Date) => matches(date.getUTCDate()),
  })),
  integer({ min: 0, max: 30 }).map((before) => ({
    text: [before === 0 ? 'L' : `L-${before}`, '?'] as const,
    matches: (date: Date) =>
      addDays(date, before).getUTCMonth() === date.getUTCMonth() && addDays(date, before + 1).getUTCDate() === 1,
  })),
  integer({ min: 1, max: 31 }).map((day) => ({
    text: [`${day}W`, '?'] as const,
    matches: (date: Date) => isNearestWorkday(date, day),
  })),
  constantFrom<DayField>({ text: ['LW', '?'], matches: isLastWorkday }),
);

const weekdayName = (value: number) => weekdays[value - 1] ?? '';

const dayOfWeek: Arbitrary<DayField> = oneof(
  fieldArbitrary(1, 7, weekdayName).map(({ text, matches }) => ({
    text: ['?', text] as const,
    matches: (date: Date) => matches(date.getUTCDay() + 1),
  })),
  integer({ min: 1, max: 7 }).map((weekday) => ({
    text: ['?', `${weekday}L`] as const,
    matches: (date: Date) => date.getUTCDay() + 1 === weekday && addDays(date, 7).getUTCMonth() !== date.getUTCMonth(),
  })),
  tuple(integer({ min: 1, max: 7 }), integer({ min: 1, max: 5 })).map(([weekday, nth]) => ({
    text: ['?', `${weekdayName(weekday)}#${nth}`] as const,
    matches: (date: Date) => date.getUTCDay() + 1 === weekday && Math.ceil(date.getUTCDate() / 7) === nth,
  })),
);

/** Any cron expression without seconds and years. */
export const cronArbitrary: Arbitrary<CronCase> = record({
  minutes: fieldArbitrary(0, 59),
  hours: fieldArbitrary(0, 23),
  days: oneof(dayOfMonth, dayOfWeek),
  month: fieldArbitrary(1, 12, (value) => months[value - 1] ?? ''),
});

/** One that runs every day or nearly so, with hours that changes of the clock meet. */
export const dailyCronArbitrary: Arbitrary<CronCase> = record({
  minutes: fieldArbitrary(0, 59),
  hours: oneof(fieldArbitrary(0, 23), fieldArbitrary(0, 23, String, integer({ min: 0, max: 4 }))),
  days: oneof(
    constantFrom<DayField>({ text: ['*', '?'], matches: () => true }, { text: ['?', '*'], matches: () => true }),
    fieldArbitrary(1, 7, weekdayName).map(({ text, matches }) => ({
      text: ['?', text] as const,
      matches: (date: Date) => matches(date.getUTCDay() + 1),
    })),
  ),
  month: constantFrom({ text: '*', matches: () => true }),
});

export function textOf({ minutes, hours, days, month }: CronCase): string {
  return `cron(${minutes.text} ${hours.text} ${days.text[0]} ${month.text} ${days.text[1]} *)`;
}
