import { VersionError } from '../version-error.ts';
import { type ApkCursor, readFirstToken, readNextToken, tokenKind } from './read-token.ts';

const zero = 48;

/**
 * Orders two versions as apk does, token by token. Like apk it reads no further than to the first difference, so what
 * is unreadable behind it does not matter; where it does, throws VersionError `INVALID_VERSION`.
 */
export function compareApkVersions(left: string, right: string): -1 | 0 | 1 {
  const one = readFirstToken(left);
  const other = readFirstToken(right);
  for (;;) {
    refuseUnreadable(one);
    refuseUnreadable(other);
    if (one.kind !== other.kind) return one.kind < other.kind ? -1 : 1;
    if (one.kind === tokenKind.end) return 0;
    const order = compareValues(one, other);
    if (order !== 0) return order < 0 ? -1 : 1;
    readNextToken(one);
    readNextToken(other);
  }
}

function refuseUnreadable(cursor: ApkCursor): void {
  if (cursor.kind !== tokenKind.unreadable) return;
  throw new VersionError(
    'INVALID_VERSION',
    `${JSON.stringify(cursor.text)} is not an apk version: it has to be number{.number}{letter}{_suffix{number}}{~hash}{-rnumber}`,
  );
}

/** Two tokens of one kind. */
function compareValues(one: ApkCursor, other: ApkCursor): number {
  switch (one.kind) {
    case tokenKind.firstNumber:
    case tokenKind.suffixNumber:
    case tokenKind.revision:
      return compareNumbers(one, other);
    case tokenKind.number: {
      // With a leading zero a number after the first reads like decimals (PMS, algorithm 3.3): 1.001 comes before 1.01.
      const isLikeDecimals = one.text.charCodeAt(one.start) === zero || other.text.charCodeAt(other.start) === zero;
      return isLikeDecimals ? compareTexts(one, other, one.start, other.start) : compareNumbers(one, other);
    }
    default:
      return compareTexts(one, other, one.start, other.start);
  }
}

/** Numbers of any length. */
function compareNumbers(one: ApkCursor, other: ApkCursor): number {
  const start = skipZeros(one);
  const otherStart = skipZeros(other);
  const longer = one.end - start - (other.end - otherStart);
  return longer === 0 ? compareTexts(one, other, start, otherStart) : longer;
}

function skipZeros(cursor: ApkCursor): number {
  let position = cursor.start;
  while (position < cursor.end && cursor.text.charCodeAt(position) === zero) position += 1;
  return position;
}

/** By character, then by length. */
function compareTexts(one: ApkCursor, other: ApkCursor, start: number, otherStart: number): number {
  const length = one.end - start;
  const otherLength = other.end - otherStart;
  for (let index = 0; index < length && index < otherLength; index += 1) {
    const difference = one.text.charCodeAt(start + index) - other.text.charCodeAt(otherStart + index);
    if (difference !== 0) return difference;
  }
  return length - otherLength;
}
