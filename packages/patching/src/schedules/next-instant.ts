import type { CronCalendar } from './cron-calendar.ts';
import type { TimeZone, ZonePiece } from './time-zone.ts';
import { DAY, HOUR, SECOND } from './wall-time.ts';

/** The first instant of a schedule after an instant, or null: both in milliseconds since the epoch. */
export type NextInstant = (after: number) => number | null;

// More than two wall clocks of one zone were ever apart (a day, where the date line moved).
const MARGIN = DAY + 2 * HOUR;

/**
 * When a cron expression runs in a zone (docs/decisions/0021). An hour that stands alone or in a step is a time on the
 * wall clock: shown twice it runs at the first, never shown it runs at the first instant after the gap, once. An hour out
 * of a range or `*` follows the elapsed time: it runs whenever the wall clock shows it.
 */
export function cronInstants(calendar: CronCalendar, zone: TimeZone): NextInstant {
  function runsAfterGap(piece: ZonePiece): boolean {
    const before = zone.pieceAt(piece.start - 1).offset;
    let wallTime = calendar.next(piece.start + before);
    while (wallTime !== null && wallTime < piece.start + piece.offset) {
      if (!calendar.isInStretch(wallTime)) return true;
      wallTime = calendar.next(wallTime + SECOND);
    }
    return false;
  }

  function firstWithin(piece: ZonePiece, from: number): number | null {
    if (from === piece.start && runsAfterGap(piece)) return from;
    let wallTime = calendar.next(from + piece.offset);
    while (wallTime !== null && wallTime < piece.end + piece.offset) {
      const instant = wallTime - piece.offset;
      if (calendar.isInStretch(wallTime) || zone.instantOf(wallTime) === instant) return instant;
      wallTime = calendar.next(wallTime + SECOND);
    }
    return null;
  }

  return (after) => {
    let from = (Math.floor(after / SECOND) + 1) * SECOND;
    for (;;) {
      const piece = zone.pieceAt(from);
      const found = firstWithin(piece, from);
      if (found !== null) return found;
      const upcoming = calendar.next(piece.end + piece.offset - MARGIN);
      if (upcoming === null) return null;
      from = Math.max(piece.end, upcoming - piece.offset - MARGIN);
    }
  };
}

/** Every `interval` from `anchor` on; the anchor itself is the first only when it `counts`. */
export function rateInstants(anchor: number, interval: number, anchorCounts: boolean): NextInstant {
  return (after) => {
    const passed = Math.floor((after - anchor) / interval) + 1;
    return anchor + Math.max(anchorCounts ? 0 : 1, passed) * interval;
  };
}

export function singleInstant(instant: number): NextInstant {
  return (after) => (instant > after ? instant : null);
}
