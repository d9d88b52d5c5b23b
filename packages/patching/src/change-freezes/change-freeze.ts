import { AppError } from '@patchbay/facts';
import { patchDocumentName } from '../documents/built-in-documents.ts';
import { noopDocumentName } from '../documents/patch-hooks.ts';
import { planDocumentName } from '../documents/patch-plans.ts';
import { nextOccurrence, occurrencesAfter, previousOccurrence } from '../schedules/occurrences.ts';
import { parseSchedule, type Schedule } from '../schedules/schedule.ts';

export class ChangeFreezeError extends AppError<'FREEZE_TIME'> {}

/** A time in which nothing is changed: once from one moment to another, or again and again. */
export type FreezeTime =
  | { readonly kind: 'once'; readonly startsAt: string; readonly endsAt: string }
  | {
      readonly kind: 'recurring';
      /** A cron expression, as of a maintenance window. */
      readonly schedule: string;
      readonly scheduleTimezone: string;
      readonly durationHours: number;
    };

const HOUR_MILLISECONDS = 3_600_000;
const longestDurationHours = 24 * 92;
const longestMilliseconds = longestDurationHours * HOUR_MILLISECONDS;

/** A schedule that was set long ago: a freeze that is made in the midst of its time holds at once. */
function scheduleOf({ schedule, scheduleTimezone, durationHours }: FreezeTime & { kind: 'recurring' }, since: Date) {
  const definedAt = new Date(since.getTime() - durationHours * HOUR_MILLISECONDS);
  return parseSchedule({ schedule, scheduleTimezone, definedAt });
}

/** Durations are whole hours: what begins more often before it is over says the same with fewer starts. */
const mostStartsAtAStretch = longestDurationHours;

/** The end of a freeze that began then, with its repetitions that begin before it is over; null when it is too long. */
function endOfStretch(schedule: Schedule, begun: Date, durationHours: number): Date | null {
  const lasts = durationHours * HOUR_MILLISECONDS;
  let end = begun.getTime() + lasts;
  let starts = 0;
  for (const start of occurrencesAfter(schedule, begun)) {
    if (start.getTime() > end) break;
    end = start.getTime() + lasts;
    starts += 1;
    if (starts >= mostStartsAtAStretch || end - begun.getTime() > longestMilliseconds) return null;
  }
  return new Date(end);
}

/**
 * Refuses a time that is over, that never comes, or that hardly ends.
 * @throws ChangeFreezeError, or ScheduleError for what the schedule says.
 */
export function checkFreezeTime(time: FreezeTime, createdAt: Date): void {
  if (time.kind === 'once') {
    if (Date.parse(time.startsAt) >= Date.parse(time.endsAt)) {
      throw new ChangeFreezeError('FREEZE_TIME', 'A freeze ends after it starts: give an end that lies later.');
    }
    if (Date.parse(time.endsAt) > createdAt.getTime()) return;
    throw new ChangeFreezeError('FREEZE_TIME', `The freeze is over since ${time.endsAt}: give an end that is to come.`);
  }
  const { durationHours } = time;
  if (!Number.isInteger(durationHours) || durationHours < 1 || durationHours > longestDurationHours) {
    throw new ChangeFreezeError('FREEZE_TIME', `A recurring freeze lasts 1 to ${longestDurationHours} whole hours.`);
  }
  const schedule = scheduleOf(time, createdAt);
  if (schedule.expression.kind !== 'cron') {
    throw new ChangeFreezeError('FREEZE_TIME', 'A recurring freeze takes a cron expression: cron(0 15 ? * FRI *).');
  }
  const first = nextOccurrence(schedule, createdAt);
  if (first === null) throw new ChangeFreezeError('FREEZE_TIME', 'A freeze with this schedule never begins.');
  if (endOfStretch(schedule, first, durationHours) === null) {
    throw new ChangeFreezeError(
      'FREEZE_TIME',
      `This freeze begins again before it is over, for more than ${longestDurationHours / 24} days at a stretch: give it fewer hours, or a schedule with gaps.`,
    );
  }
}

/** When a freeze that holds at a moment ends; null when it does not hold then. */
export function findFreezeEnd(time: FreezeTime, createdAt: Date, now: Date): Date | null {
  if (time.kind === 'once') {
    const endsAt = new Date(time.endsAt);
    return Date.parse(time.startsAt) <= now.getTime() && now < endsAt ? endsAt : null;
  }
  const schedule = scheduleOf(time, createdAt);
  const begun = previousOccurrence(schedule, now);
  if (begun === null) return null;
  const endsAt = new Date(begun.getTime() + time.durationHours * HOUR_MILLISECONDS);
  return now < endsAt ? (endOfStretch(schedule, begun, time.durationHours) ?? endsAt) : null;
}

/**
 * Does a command change anything on its nodes? A freeze keeps changes from starting; looking is always allowed. What is not
 * known to look only counts as a change.
 */
export function isChange(documentName: string, parameters: Readonly<Record<string, readonly string[]>>): boolean {
  if (documentName === noopDocumentName || documentName === planDocumentName) return false;
  return !(documentName === patchDocumentName && parameters['Operation']?.[0] === 'Scan');
}
