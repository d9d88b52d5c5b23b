import { quoted, ScheduleError } from './schedule-error.ts';
import { timeZoneAliases } from './time-zone-aliases.ts';
import { DAY, HOUR, MINUTE, SECOND } from './wall-time.ts';

/** Time during which a zone keeps one offset: from `start` on, before `end`. A longer one may come in pieces. */
export interface ZonePiece {
  readonly start: number;
  readonly end: number;
  /** What the wall clock is ahead of UTC, in milliseconds. */
  readonly offset: number;
}

/** A time zone of the IANA database. Instants and offsets are in milliseconds. */
export interface TimeZone {
  readonly name: string;
  pieceAt(instant: number): ZonePiece;
  /**
   * The instant at which a wall clock shows the time. What it shows twice gives the first; what it never shows gives the
   * first instant after the gap.
   */
  instantOf(wallTime: number): number;
}

// No zone of the database has gone back to an offset that it left within so few days: the shortest summer time since 1970
// was a week (Brazil's north-east, October 2000).
const SPAN = 6 * DAY;
// Further from UTC than any zone ever was.
const MOST_OFFSET = DAY;
const MOST_ZONES = 64;
const MOST_SPANS = 4096;

const zones = new Map<string, TimeZone>();
let knownNames: ReadonlySet<string> | undefined;

function listNames(): ReadonlySet<string> {
  knownNames ??= new Set([...Intl.supportedValuesOf('timeZone'), ...timeZoneAliases]);
  return knownNames;
}

function readOffset(format: Intl.DateTimeFormat, instant: number): number {
  const text = format.format(instant);
  const match = /GMT(?<sign>[+-])(?<hours>\d\d):(?<minutes>\d\d)(?::(?<seconds>\d\d))?/.exec(text);
  if (match?.groups === undefined) throw new Error(`Intl gave ${text} where an offset was asked for`);
  const { sign, hours, minutes, seconds = '0' } = match.groups;
  const size = Number(hours) * HOUR + Number(minutes) * MINUTE + Number(seconds) * SECOND;
  return sign === '-' ? -size : size;
}

function makeZone(name: string): TimeZone {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset', hour: 'numeric' });
  const spans = new Map<number, readonly ZonePiece[]>();

  function split(start: number, end: number, first: number, last: number): ZonePiece[] {
    if (first === last) return [{ start, end, offset: first }];
    if (end - start === SECOND) return [{ start, end, offset: first }];
    const middle = start + Math.floor((end - start) / 2 / SECOND) * SECOND;
    const offset = readOffset(format, middle);
    return [...split(start, middle, first, offset), ...split(middle, end, offset, last)];
  }

  function readSpan(index: number): readonly ZonePiece[] {
    const start = index * SPAN;
    const pieces = split(start, start + SPAN, readOffset(format, start), readOffset(format, start + SPAN));
    const joined: ZonePiece[] = [];
    for (const piece of pieces) {
      const before = joined.at(-1);
      if (before?.offset === piece.offset) joined[joined.length - 1] = { ...before, end: piece.end };
      else joined.push(piece);
    }
    return joined;
  }

  function pieceAt(instant: number): ZonePiece {
    const index = Math.floor(instant / SPAN);
    let pieces = spans.get(index);
    if (pieces === undefined) {
      pieces = readSpan(index);
      if (spans.size >= MOST_SPANS) spans.clear();
      spans.set(index, pieces);
    }
    const piece = pieces.find(({ end }) => instant < end);
    if (piece === undefined) throw new Error(`no offset of ${name} at ${instant}`);
    return piece;
  }

  function instantOf(wallTime: number): number {
    let piece = pieceAt(wallTime - MOST_OFFSET);
    while (wallTime >= piece.end + piece.offset) piece = pieceAt(piece.end);
    return Math.max(piece.start, wallTime - piece.offset);
  }

  return { name, pieceAt, instantOf };
}

/** The zone of an IANA name, case-sensitive; throws ScheduleError for a name that is none. */
export function findTimeZone(name: string): TimeZone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  if (!listNames().has(name)) {
    const meant = [...listNames()].find((each) => each.toLowerCase() === name.toLowerCase());
    throw new ScheduleError(
      'INVALID_TIMEZONE',
      `The time zone ${quoted(name)} is not valid: it must be a name of the IANA time zone database, in its upper and lower case${meant === undefined ? '' : ` ("${meant}")`}. Examples: UTC, Europe/Berlin, America/Los_Angeles.`,
    );
  }
  const zone = makeZone(name);
  // What zones have found out is kept, for a bounded number of them.
  if (zones.size >= MOST_ZONES) zones.delete([...zones.keys()][0] ?? '');
  zones.set(name, zone);
  return zone;
}
