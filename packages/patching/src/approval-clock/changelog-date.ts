const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const trailer =
  /^ -- .*? {2}(?:[A-Z][a-z]{2}, +)?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/;

/**
 * The date in the line that ends an entry of a changelog (` -- Name <address>  Mon, 22 Mar 2010 09:12:13 +0100`,
 * deb-changelog(5)) in ISO 8601; null for anything else.
 */
export function parseChangelogDate(line: string): string | null {
  const parts = trailer.exec(line.trimEnd());
  if (parts === null) return null;
  const [, day, monthName, year, hour, minute, second, sign, offsetHours, offsetMinutes] = parts;
  const month = months.indexOf(monthName ?? '');
  const fields = [Number(year), month, Number(day), Number(hour), Number(minute), Number(second)] as const;
  const local = new Date(Date.UTC(...fields));
  // Date.UTC carries 31 February over into March.
  if (month < 0 || local.getUTCDate() !== Number(day) || local.getUTCHours() !== Number(hour)) return null;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  return new Date(local.getTime() + (sign === '-' ? offset : -offset)).toISOString();
}
