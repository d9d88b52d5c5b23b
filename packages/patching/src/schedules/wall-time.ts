/**
 * Wall-clock times are numbers: milliseconds since 1970-01-01T00:00 as that wall clock shows it, so that a time of a zone
 * is the instant plus the zone's offset, and UTC's calendar functions give its fields.
 */
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The years of a schedule (the Year field of cron). */
export const FIRST_YEAR = 1970;
export const LAST_YEAR = 2199;

/** `2027-07-07T13:15:30`, down to the milliseconds but also a date alone; null for what is no time of the years 1970 to 2199. */
export function parseWallTime(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)?$/.test(text)) return null;
  const wallTime = Date.parse(text.includes('T') ? `${text}Z` : `${text}T00:00Z`);
  if (Number.isNaN(wallTime)) return null;
  const read = new Date(wallTime);
  // Date.parse makes 2 March of 30 February and the next day of 24:00; the text must come back.
  if (!read.toISOString().startsWith(text.slice(0, 16))) return null;
  return read.getUTCFullYear() < FIRST_YEAR || read.getUTCFullYear() > LAST_YEAR ? null : wallTime;
}
