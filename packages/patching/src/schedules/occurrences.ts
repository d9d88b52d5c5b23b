import type { Schedule } from './schedule.ts';

function nextInstant({ nextInstant, bounds }: Schedule, after: number): number | null {
  if (after >= bounds.last) return null;
  const next = nextInstant(Math.max(after, bounds.first - 1));
  return next === null || next > bounds.last ? null : next;
}

function toDate(instant: number | null): Date | null {
  return instant === null ? null : new Date(instant);
}

/** When the schedule runs next after an instant; null when it does not run any more. Nothing runs before it was set. */
export function nextOccurrence(schedule: Schedule, after: Date): Date | null {
  return toDate(nextInstant(schedule, after.getTime()));
}

/** Every run after an instant, ascending, computed as they are asked for. */
export function* occurrencesAfter(schedule: Schedule, after: Date): Generator<Date, void, undefined> {
  let instant = nextInstant(schedule, after.getTime());
  while (instant !== null) {
    yield new Date(instant);
    instant = nextInstant(schedule, instant);
  }
}

/** The next `count` runs after an instant, fewer when the schedule ends. */
export function nextOccurrences(schedule: Schedule, { after, count }: { after: Date; count: number }): Date[] {
  const found: Date[] = [];
  if (count < 1) return found;
  for (const occurrence of occurrencesAfter(schedule, after)) {
    if (found.push(occurrence) >= count) break;
  }
  return found;
}

/** Every run after one instant and up to another, that one included: what was to run in between. */
export function* occurrencesBetween(
  schedule: Schedule,
  { after, until }: { after: Date; until: Date },
): Generator<Date, void, undefined> {
  for (const occurrence of occurrencesAfter(schedule, after)) {
    if (occurrence > until) return;
    yield occurrence;
  }
}

/** The last run up to an instant, that one included; null when there was none since the schedule was set. */
export function previousOccurrence(schedule: Schedule, until: Date): Date | null {
  const end = Math.min(until.getTime(), schedule.bounds.last);
  const first = nextInstant(schedule, schedule.bounds.first - 1);
  if (first === null || first > end) return null;
  let last = first;
  // After `empty` there is nothing more up to the end; halving what lies between needs no way to compute backwards.
  let empty = end;
  while (last < empty) {
    const middle = Math.floor((last + empty) / 2);
    const next = nextInstant(schedule, middle);
    if (next !== null && next <= end) last = next;
    else empty = middle;
  }
  return new Date(last);
}
