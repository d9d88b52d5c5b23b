import { formatExecutionTime, nextStart, scheduleOf, startsBetween } from '@patchbay/patching';
import { instantsOf, type WindowFilter } from './filters.ts';
import type { MaintenanceWindow } from './repository.ts';

/** One time at which a window opens. */
export interface UpcomingExecution {
  readonly windowId: string;
  readonly name: string;
  readonly startsAt: Date;
  /** As AWS writes it, on the wall clock of the window's schedule. */
  readonly executionTime: string;
}

const yearMilliseconds = 366 * 24 * 3_600_000;

/** NextExecutionTime; undefined when nothing is upcoming. */
export function nextExecutionTime(window: MaintenanceWindow, now: Date): string | undefined {
  const next = nextStart(window, now);
  return next === null ? undefined : formatExecutionTime(scheduleOf(window), next);
}

/** Between which instants executions are asked for: from now on, and a year ahead unless more is wanted. */
export function readScheduleRange(
  filters: readonly WindowFilter<'ScheduledAfter' | 'ScheduledBefore'>[],
  now: Date,
): { readonly after: Date; readonly before: Date } {
  const after = Math.max(now.getTime(), ...instantsOf(filters, 'ScheduledAfter').map(Number));
  const given = instantsOf(filters, 'ScheduledBefore').map(Number);
  const before = given.length > 0 ? Math.min(...given) : after + yearMilliseconds;
  return { after: new Date(after), before: new Date(before) };
}

/** Where a page of executions ends. */
export function writePosition({ startsAt, windowId }: UpcomingExecution): string {
  return `${startsAt.toISOString()} ${windowId}`;
}

/**
 * The first executions of windows in a range, by time and then by window, after those that were shown already. Each
 * window is asked for as many as fit on the page: it cannot be known whose come first.
 */
export function listUpcoming(
  windows: readonly MaintenanceWindow[],
  range: { readonly after: Date; readonly before: Date },
  shownUpTo: string,
  limit: number,
): UpcomingExecution[] {
  const [shownTime, shownId = ''] = shownUpTo === '' ? [] : shownUpTo.split(' ');
  const shownAt = shownTime === undefined ? undefined : new Date(shownTime);
  return windows
    .flatMap((window) => {
      const { windowId, name } = window;
      // At the moment where the page before ended, the windows after its last one are still to be shown.
      const from = shownAt && (windowId > shownId ? new Date(shownAt.getTime() - 1) : shownAt);
      const after = from && from > range.after ? from : range.after;
      const schedule = scheduleOf(window);
      return startsBetween(window, { after, before: range.before, count: limit }).map((startsAt) => ({
        windowId,
        name,
        startsAt,
        executionTime: formatExecutionTime(schedule, startsAt),
      }));
    })
    .sort((one, other) => one.startsAt.getTime() - other.startsAt.getTime() || (one.windowId < other.windowId ? -1 : 1))
    .slice(0, limit);
}
