import { AppError } from '@patchbay/facts';
import { patchDocumentName } from '../documents/built-in-documents.ts';
import { noopDocumentName } from '../documents/patch-hooks.ts';
import { planDocumentName } from '../documents/patch-plans.ts';
import { previousOccurrence } from '../schedules/occurrences.ts';
import { parseSchedule } from '../schedules/schedule.ts';

export class ChangeFreezeError extends AppError<'FREEZE_TIME'> {}

/** A time in which nothing is changed: once from one moment to another, or again and again. */
export type FreezeTime =
  | { readonly kind: 'once'; readonly startsAt: string; readonly endsAt: string }
  | {
      readonly kind: 'recurring';
      /** cron, rate or at, as of a maintenance window. */
      readonly schedule: string;
      readonly scheduleTimezone: string;
      readonly durationHours: number;
    };

const HOUR_MILLISECONDS = 3_600_000;
/** A recurring freeze that is longer than its period would never end. */
const longestDurationHours = 24 * 92;

/** A schedule that was set long ago: a freeze that is made in the midst of its time holds at once. */
function scheduleOf({ schedule, scheduleTimezone, durationHours }: FreezeTime & { kind: 'recurring' }, since: Date) {
  const definedAt = new Date(since.getTime() - durationHours * HOUR_MILLISECONDS);
  return parseSchedule({ schedule, scheduleTimezone, definedAt });
}

/**
 * Refuses a time that says nothing, or never ends.
 * @throws ChangeFreezeError, or ScheduleError for what the schedule says.
 */
export function checkFreezeTime(time: FreezeTime, createdAt: Date): void {
  if (time.kind === 'once') {
    if (Date.parse(time.startsAt) < Date.parse(time.endsAt)) return;
    throw new ChangeFreezeError('FREEZE_TIME', 'A freeze ends after it starts: give an end that lies later.');
  }
  const { durationHours } = time;
  if (!Number.isInteger(durationHours) || durationHours < 1 || durationHours > longestDurationHours) {
    throw new ChangeFreezeError('FREEZE_TIME', `A recurring freeze lasts 1 to ${longestDurationHours} whole hours.`);
  }
  scheduleOf(time, createdAt);
}

/** When a freeze that holds at a moment ends; null when it does not hold then. */
export function findFreezeEnd(time: FreezeTime, createdAt: Date, now: Date): Date | null {
  if (time.kind === 'once') {
    const endsAt = new Date(time.endsAt);
    return Date.parse(time.startsAt) <= now.getTime() && now < endsAt ? endsAt : null;
  }
  const begun = previousOccurrence(scheduleOf(time, createdAt), now);
  if (begun === null) return null;
  const endsAt = new Date(begun.getTime() + time.durationHours * HOUR_MILLISECONDS);
  return now < endsAt ? endsAt : null;
}

/**
 * Does a command change anything on its nodes? A freeze keeps changes from starting; looking is always allowed. What is not
 * known to look only counts as a change.
 */
export function isChange(documentName: string, parameters: Readonly<Record<string, readonly string[]>>): boolean {
  if (documentName === noopDocumentName || documentName === planDocumentName) return false;
  return !(documentName === patchDocumentName && parameters['Operation']?.[0] === 'Scan');
}
