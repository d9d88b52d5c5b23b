import { describeCron, twoDigits } from './describe-cron.ts';
import { formatExecutionTime } from './execution-time.ts';
import type { ScheduleExpression } from './parse-expression.ts';
import type { Schedule } from './schedule.ts';

const months = 'January February March April May June July August September October November December'.split(' ');

function describeWallTime(wallTime: number): string {
  const time = new Date(wallTime);
  const seconds = time.getUTCSeconds() === 0 ? '' : `:${twoDigits(time.getUTCSeconds())}`;
  const date = `${time.getUTCDate()} ${months[time.getUTCMonth()] ?? ''} ${time.getUTCFullYear()}`;
  return `${twoDigits(time.getUTCHours())}:${twoDigits(time.getUTCMinutes())}${seconds} on ${date}`;
}

/** An expression in words, without zone and bounds: `At 02:00 on Sundays`, `Every 7 days`. */
export function describeScheduleExpression(expression: ScheduleExpression): string {
  switch (expression.kind) {
    case 'cron':
      return describeCron(expression);
    case 'rate':
      return expression.count === 1 ? `Every ${expression.unit}` : `Every ${expression.count} ${expression.unit}s`;
    case 'at':
      return `Once at ${describeWallTime(expression.wallTime)}`;
  }
}

/** A schedule in words: `At 02:00 on Sundays, Europe/Berlin`. A rate counts elapsed time and names no zone. */
export function describeSchedule(schedule: Schedule): string {
  const { expression, timeZone, offsetDays, startsAt, endsAt } = schedule;
  const parts = [describeScheduleExpression(expression)];
  if (offsetDays > 0) parts.push(`moved ${offsetDays} ${offsetDays === 1 ? 'day' : 'days'} later`);
  if (expression.kind !== 'rate') parts.push(timeZone.name);
  if (startsAt !== null) parts.push(`from ${formatExecutionTime(schedule, startsAt)}`);
  if (endsAt !== null) parts.push(`until ${formatExecutionTime(schedule, endsAt)}`);
  return parts.join(', ');
}
