import { nextOccurrence, occurrencesBetween } from '../schedules/occurrences.ts';
import { parseSchedule, type Schedule } from '../schedules/schedule.ts';
import type { WindowDefinition } from './check-window.ts';
import type { WindowProblem } from './window-problem.ts';

/** What of a window says when it opens. */
const scheduleMembers = ['schedule', 'scheduleTimezone', 'scheduleOffset', 'startDate', 'endDate'] as const;
type ScheduleMembers = Pick<WindowDefinition, (typeof scheduleMembers)[number]>;

/** A window as far as it decides when it opens. */
export interface ScheduledWindow extends ScheduleMembers {
  readonly enabled: boolean;
  /** A rate counts from here. */
  readonly scheduleChangedAt: Date;
}

/** The schedule of a window; throws ScheduleError where it cannot be read. */
export function scheduleOf(window: ScheduleMembers & { readonly scheduleChangedAt: Date }): Schedule {
  return parseSchedule({ ...window, definedAt: window.scheduleChangedAt });
}

/** Whether two states of a window differ in when it opens, apart from whether it is enabled. */
export function differsInSchedule(before: ScheduleMembers, after: ScheduleMembers): boolean {
  return scheduleMembers.some((member) => before[member] !== after[member]);
}

/** A window that is over before it begins is a slip. */
export function checkEndDate(window: ScheduleMembers, now: Date): WindowProblem[] {
  const { endsAt } = scheduleOf({ ...window, scheduleChangedAt: now });
  if (endsAt === null || endsAt > now) return [];
  return [{ path: 'EndDate', message: `The EndDate ${window.endDate} has passed. Give one that is still to come.` }];
}

/** When a window opens next after an instant; null when it is disabled or does not open any more. */
export function nextStart(window: ScheduledWindow, after: Date): Date | null {
  return window.enabled ? nextOccurrence(scheduleOf(window), after) : null;
}

/** When a window opens after one instant and before another, ascending, the first `count` of them. */
export function startsBetween(
  window: ScheduledWindow,
  { after, before, count }: { readonly after: Date; readonly before: Date; readonly count: number },
): Date[] {
  const starts: Date[] = [];
  if (!window.enabled || count < 1) return starts;
  const until = new Date(before.getTime() - 1);
  for (const start of occurrencesBetween(scheduleOf(window), { after, until })) {
    if (starts.push(start) >= count) break;
  }
  return starts;
}
