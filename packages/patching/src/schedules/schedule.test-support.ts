import { formatExecutionTime } from './execution-time.ts';
import { nextOccurrences } from './occurrences.ts';
import { parseSchedule, type ScheduleDefinition } from './schedule.ts';
import type { ScheduleError } from './schedule-error.ts';

export const definedAt = new Date('2027-01-01T00:00:00Z');

/** The next runs as NextExecutionTime would give them. */
export function runsOf(
  schedule: string,
  { after = definedAt, count = 3, ...rest }: Partial<ScheduleDefinition> & { after?: Date; count?: number } = {},
): string[] {
  const parsed = parseSchedule({ schedule, definedAt, ...rest });
  return nextOccurrences(parsed, { after, count }).map((run) => formatExecutionTime(parsed, run));
}

/** The error with which a schedule is refused. */
export function errorOf(definition: Partial<ScheduleDefinition>): ScheduleError {
  try {
    parseSchedule({ schedule: 'cron(0 2 ? * SUN *)', definedAt, ...definition });
  } catch (error) {
    return error as ScheduleError;
  }
  throw new Error('the schedule was accepted');
}
