import type { Schedule } from './schedule.ts';
import { HOUR, MINUTE } from './wall-time.ts';

function twoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, '0');
}

/**
 * An instant as NextExecutionTime and ExecutionTime give it: on the wall clock of the schedule with its offset, seconds and
 * milliseconds only where they are not zero. The command reference of the AWS CLI and the user guide show
 * `2020-02-19T16:00Z`, `2018-10-20T05:34:56-07:00` and `2019-05-18T23:35:24.902Z`.
 */
export function formatExecutionTime({ timeZone }: Pick<Schedule, 'timeZone'>, instant: Date): string {
  const { offset } = timeZone.pieceAt(instant.getTime());
  const text = new Date(instant.getTime() + offset).toISOString().replace('Z', '');
  const shortest = text.replace(/\.000$/, '').replace(/(?<=T\d\d:\d\d):00$/, '');
  if (offset === 0) return `${shortest}Z`;
  const size = Math.abs(offset);
  const seconds = (size % MINUTE) / 1000;
  const sign = offset < 0 ? '-' : '+';
  return `${shortest}${sign}${twoDigits(size / HOUR)}:${twoDigits((size % HOUR) / MINUTE)}${seconds === 0 ? '' : `:${twoDigits(seconds)}`}`;
}
