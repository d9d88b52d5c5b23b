/** Where PostgreSQL's time stamps begin: 4713 BC (manual, 8.5). A Date reaches further back, but less far ahead. */
const earliestTime = Date.UTC(-4712, 0, 1);

/** Whether the database can store the time; an invalid Date is none. */
export function isStorableTime(time: Date): boolean {
  return time.getTime() >= earliestTime;
}

const isoTime = /^[+-]?\d{4,6}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?<offset>Z|[+-]\d\d:\d\d)?)?$/;

/** An ISO 8601 date, or date and time; in UTC where it names no offset, wherever the server runs. Null for any other text. */
export function readTime(text: string): Date | null {
  const match = isoTime.exec(text);
  if (!match) return null;
  const isLocal = text.includes('T') && match.groups?.['offset'] === undefined;
  const time = new Date(isLocal ? `${text}Z` : text);
  return isStorableTime(time) ? time : null;
}
