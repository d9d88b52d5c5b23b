const isoBasicPattern = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/** `20260102T030405Z`, the form of X-Amz-Date; milliseconds are cut off. */
export function formatRequestDate(instant: Date): string {
  return `${instant.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

/** Reads `20260102T030405Z`; undefined for every other text, impossible days included. */
export function parseRequestDate(text: string): Date | undefined {
  const match = isoBasicPattern.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const instant = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Date rolls 20260230 over into March, so only a text that comes back unchanged was a real moment.
  return Number.isNaN(instant.getTime()) || formatRequestDate(instant) !== text ? undefined : instant;
}

const httpDatePattern = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Reads the Date header, which may stand in for X-Amz-Date: an RFC 9110 HTTP date or the ISO basic form. */
export function parseDateHeader(text: string): Date | undefined {
  if (!httpDatePattern.test(text)) return parseRequestDate(text);
  const instant = new Date(text);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}
