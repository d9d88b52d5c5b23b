import { quoted, ScheduleError } from './schedule-error.ts';

/** What a value, a range or a step of a cron field stands for; `last` before `first` runs over the end of the field. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** What one field of a cron expression may hold. */
export interface CronField {
  readonly name: string;
  readonly lowest: number;
  readonly highest: number;
  readonly names: ReadonlyMap<string, number>;
  /** The characters AWS lists for the field. */
  readonly wildcards: string;
  readonly example: string;
}

const noNames: ReadonlyMap<string, number> = new Map();

function numberNames(names: string): ReadonlyMap<string, number> {
  return new Map(names.split(' ').map((name, index) => [name, index + 1]));
}

const monthNames = numberNames('JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC');
const weekdayNames = numberNames('SUN MON TUE WED THU FRI SAT');
const number = { names: noNames, wildcards: ', - * /' };

/** The fields of a cron expression (Systems Manager user guide, "Reference: Cron and rate expressions"). */
export const cronFields = {
  seconds: { ...number, name: 'Seconds', lowest: 0, highest: 59, example: 'cron(30 0 2 ? * SUN *)' },
  minutes: { ...number, name: 'Minutes', lowest: 0, highest: 59, example: 'cron(0/15 2 ? * SUN *)' },
  hours: { ...number, name: 'Hours', lowest: 0, highest: 23, example: 'cron(0 2 ? * SUN *)' },
  dayOfMonth: {
    name: 'Day-of-month',
    lowest: 1,
    highest: 31,
    names: noNames,
    wildcards: ', - * ? / L W',
    example: 'cron(0 2 1,15 * ? *)',
  },
  month: {
    name: 'Month',
    lowest: 1,
    highest: 12,
    names: monthNames,
    wildcards: ', - * /',
    example: 'cron(0 2 1 JAN,JUL ? *)',
  },
  dayOfWeek: {
    name: 'Day-of-week',
    lowest: 1,
    highest: 7,
    names: weekdayNames,
    wildcards: ', - * ? / L #',
    example: 'cron(0 2 ? * TUE#3 *)',
  },
  year: { ...number, name: 'Year', lowest: 1970, highest: 2199, example: 'cron(0 2 ? * SUN 2027-2029)' },
} satisfies Record<string, CronField>;

function allowedIn(field: CronField): string {
  const names = [...field.names.keys()];
  const orNames = names.length === 0 ? '' : ` or ${names[0]}-${names.at(-1)}`;
  return `${field.lowest}-${field.highest}${orNames}, with the wildcards ${field.wildcards}`;
}

/** The error for a field that cannot be read. */
export function cronFieldError(field: CronField, text: string, reason: string): ScheduleError {
  return new ScheduleError(
    'INVALID_EXPRESSION',
    `The ${field.name} field ${quoted(text)} of the cron expression is not valid: ${reason}. Allowed are ${allowedIn(field)}. Example: ${field.example}.`,
  );
}

/** A number or a name of the field, or null. */
export function readCronValue(field: CronField, text: string): number | null {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : field.names.get(text);
  return value === undefined || value < field.lowest || value > field.highest ? null : value;
}

/**
 * One item of a field's list: `*`, `5`, `5-10`, each also with `/step`. Ranges run over the end of the field as Quartz
 * lets them (`FRI-MON`, `NOV-FEB`, `22-4`), but years do not. `5/10` is every tenth from 5 to the end of the field.
 */
export function readStretch(field: CronField, item: string): Stretch {
  const [base = '', stepText, ...more] = item.split('/');
  const step = stepText === undefined ? 1 : /^\d{1,3}$/.test(stepText) ? Number(stepText) : 0;
  const longest = field.highest - (field.lowest === 0 ? 0 : field.lowest - 1);
  if (more.length > 0 || step < 1 || step > longest) {
    throw cronFieldError(field, item, `a step is one number from 1 to ${longest} after one "/"`);
  }
  if (base === '*') return { first: field.lowest, last: field.highest, step };
  const [firstText = '', lastText, ...rest] = base.split('-');
  const first = readCronValue(field, firstText);
  const last = lastText === undefined ? first : readCronValue(field, lastText);
  if (first === null || last === null || rest.length > 0) {
    throw cronFieldError(field, item, 'it holds something that is no value of this field');
  }
  if (lastText === undefined) return { first, last: stepText === undefined ? first : field.highest, step };
  if (last < first && field === cronFields.year) {
    throw cronFieldError(field, item, 'a range of years ends after it begins');
  }
  return { first, last, step };
}

/** The values of a field's stretches, ascending and each once. */
export function expandStretches(field: CronField, stretches: readonly Stretch[]): readonly number[] {
  const size = field.highest - field.lowest + 1;
  const values = new Set<number>();
  for (const { first, last, step } of stretches) {
    const end = last < first ? last + size : last;
    for (let value = first; value <= end; value += step) values.add(value > field.highest ? value - size : value);
  }
  return [...values].sort((left, right) => left - right);
}
