import { nextOccurrence, occurrencesBetween, previousOccurrence } from '../../schedules/occurrences.ts';
import { parseSchedule, type Schedule } from '../../schedules/schedule.ts';
import { quoted, ScheduleError } from '../../schedules/schedule-error.ts';

/** Whether a pipeline starts by its schedule. */
export type PipelineStatus = 'ENABLED' | 'DISABLED';

/** When a pipeline looks whether to build: what of its schedule says so. */
export interface PipelineScheduleDefinition {
  readonly scheduleExpression: string;
  /** UTC when not given. */
  readonly timezone?: string | undefined;
  /** Since when the schedule is as it is: no time before counts. */
  readonly definedAt: Date;
}

const example = 'Example: cron(0 2 ? * SUN *).';

/** `L` among the days of the week: Sunday (user guide, "Use cron expressions in Image Builder"), where Quartz has Saturday. */
function withSundayAsLast(dayOfWeek: string): string {
  return dayOfWeek
    .split(',')
    .map((item) => (item.toUpperCase() === 'L' ? 'SUN' : item))
    .join(',');
}

/**
 * Reads the schedule of a pipeline: `cron(...)` with the six fields of the user guide. What maintenance windows know besides
 * (seconds, `rate`, `at`) is refused. Throws ScheduleError.
 */
export function parsePipelineSchedule({
  scheduleExpression,
  timezone,
  definedAt,
}: PipelineScheduleDefinition): Schedule {
  const [, text] = /^cron\((.*)\)$/s.exec(scheduleExpression) ?? [];
  if (text === undefined) {
    throw new ScheduleError(
      'INVALID_EXPRESSION',
      `The schedule ${quoted(scheduleExpression)} is not valid: it must be cron(...). ${example}`,
    );
  }
  const fields = text.trim() === '' ? [] : text.trim().split(/\s+/);
  if (fields.length !== 6) {
    throw new ScheduleError(
      'INVALID_EXPRESSION',
      `The cron expression ${quoted(text)} has ${fields.length} fields: it takes six (Minutes Hours Day-of-month Month Day-of-week Year). ${example}`,
    );
  }
  const schedule = fields.map((field, index) => (index === 4 ? withSundayAsLast(field) : field)).join(' ');
  return parseSchedule({ schedule: `cron(${schedule})`, scheduleTimezone: timezone, definedAt });
}

/** A pipeline as far as it decides when it is looked at. */
export interface ScheduledPipeline {
  readonly status: PipelineStatus;
  /** Null where only people start it. */
  readonly schedule: Schedule | null;
}

/** When a pipeline is looked at next after an instant; null when it is disabled, has no schedule, or none to come. */
export function nextRun({ status, schedule }: ScheduledPipeline, after: Date): Date | null {
  return status === 'ENABLED' && schedule !== null ? nextOccurrence(schedule, after) : null;
}

/** The time of a schedule that is due, and those before it that nobody looked at. */
export interface DueRun {
  readonly scheduledAt: Date;
  readonly missed: { readonly count: number; readonly first: Date } | null;
}

/** More are not counted: after a long time the number says nothing. */
export const mostMissedCounted = 1000;

/**
 * The last time of the schedule that came since `lastRunAt`, the time that was looked at last (null: none since the schedule
 * is as it is). However many came, they make one run.
 */
export function dueRun(
  { status, schedule }: ScheduledPipeline,
  { now, lastRunAt }: { readonly now: Date; readonly lastRunAt: Date | null },
): DueRun | null {
  if (status === 'DISABLED' || schedule === null) return null;
  const scheduledAt = previousOccurrence(schedule, now);
  if (scheduledAt === null || (lastRunAt !== null && scheduledAt <= lastRunAt)) return null;
  let count = 0;
  let first = scheduledAt;
  const period = { after: lastRunAt ?? schedule.definedAt, until: new Date(scheduledAt.getTime() - 1) };
  for (const occurrence of occurrencesBetween(schedule, period)) {
    if (count === 0) first = occurrence;
    count += 1;
    if (count >= mostMissedCounted) break;
  }
  return { scheduledAt, missed: count === 0 ? null : { count, first } };
}
