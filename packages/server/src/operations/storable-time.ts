/** Where PostgreSQL's time stamps begin: 4713 BC (manual, 8.5). A Date reaches further back, but less far ahead. */
const earliestTime = Date.UTC(-4712, 0, 1);

/** Whether the database can store the time; an invalid Date is none. */
export function isStorableTime(time: Date): boolean {
  return time.getTime() >= earliestTime;
}
