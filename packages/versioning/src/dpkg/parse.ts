/** Where the parts of a version stand in its text; the revision is empty where there is none. */
export interface DpkgVersionParts {
  readonly epoch: number;
  readonly upstreamStart: number;
  readonly upstreamEnd: number;
  readonly revisionStart: number;
  readonly revisionEnd: number;
}

const largestEpoch = 2_147_483_647;
const allowedUpstream = 1;
const allowedRevision = 2;

/** Per ASCII code, in which parts the character may stand (deb-version(7)). */
const allowedIn = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+~') {
  allowedIn[character.charCodeAt(0)] = allowedUpstream | allowedRevision;
}
for (const character of '-:') allowedIn[character.charCodeAt(0)] = allowedUpstream;

const tab = 9;
const carriageReturn = 13;
const space = 32;
const plus = 43;
const minus = 45;
const zero = 48;
const nine = 57;
const colon = 58;

/**
 * The parts of a version text, or null when `dpkg --validate-version` calls it anything but valid. Blanks around it and
 * a signed epoch pass there, so they pass here.
 */
export function parseDpkgVersion(text: string): DpkgVersionParts | null {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;

  let epoch = 0;
  let firstColon = start;
  while (firstColon < end && text.charCodeAt(firstColon) !== colon) firstColon += 1;
  if (firstColon < end) {
    epoch = parseEpoch(text, start, firstColon);
    if (epoch < 0) return null;
    start = firstColon + 1;
  }
  return splitRevision(text, epoch, start, end);
}

function splitRevision(text: string, epoch: number, start: number, end: number): DpkgVersionParts | null {
  // deb-version(7): the revision starts after the LAST hyphen, so an upstream version may contain hyphens.
  let hyphen = end - 1;
  while (hyphen >= start && text.charCodeAt(hyphen) !== minus) {
    if (!isAllowed(text.charCodeAt(hyphen), allowedUpstream)) return null;
    hyphen -= 1;
  }
  const hasRevision = hyphen >= start;
  const upstreamEnd = hasRevision ? hyphen : end;
  const revisionStart = hasRevision ? hyphen + 1 : end;
  if (upstreamEnd === start || (hasRevision && revisionStart === end)) return null;
  if (!isDigit(text.charCodeAt(start))) return null;
  for (let position = start; position < upstreamEnd; position += 1) {
    if (!isAllowed(text.charCodeAt(position), allowedUpstream)) return null;
  }
  for (let position = revisionStart; position < end; position += 1) {
    if (!isAllowed(text.charCodeAt(position), allowedRevision)) return null;
  }
  return { epoch, upstreamStart: start, upstreamEnd, revisionStart, revisionEnd: end };
}

/** The epoch between two positions as C's strtol reads it, as dpkg does; -1 when it is none. */
function parseEpoch(text: string, start: number, end: number): number {
  let position = start;
  while (position < end && isSpace(text.charCodeAt(position))) position += 1;
  const sign = text.charCodeAt(position);
  if (position < end && (sign === plus || sign === minus)) position += 1;
  if (position === end) return -1;
  let epoch = 0;
  for (; position < end; position += 1) {
    const code = text.charCodeAt(position);
    if (!isDigit(code)) return -1;
    epoch = epoch * 10 + (code - zero);
    if (epoch > largestEpoch) return -1;
  }
  return sign === minus && epoch > 0 ? -1 : epoch;
}

function isAllowed(code: number, part: number): boolean {
  return code < 128 && ((allowedIn[code] ?? 0) & part) !== 0;
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}

function isBlank(code: number): boolean {
  return code === space || code === tab;
}

function isSpace(code: number): boolean {
  return code === space || (code >= tab && code <= carriageReturn);
}
