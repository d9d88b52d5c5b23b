import { VersionError } from '../version-error.ts';
import { parseRpmVersion, type RpmVersionParts } from './parse.ts';

// What a text goes on with, in rpm's order: a segment of digits is newer than one of letters, a caret older than both
// but newer than the end, a tilde older than even the end.
const tilde = 0;
const end = 1;
const caret = 2;
const letters = 3;
const digits = 4;
const separator = 5;

/** Per ASCII code; versions hold no other characters. */
const kindOf = new Uint8Array(128).fill(separator);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz') {
  kindOf[character.charCodeAt(0)] = letters;
}
for (const character of '0123456789') kindOf[character.charCodeAt(0)] = digits;
kindOf['~'.charCodeAt(0)] = tilde;
kindOf['^'.charCodeAt(0)] = caret;

const zero = 48;

/** Orders two versions as rpm does: epoch, version, release. Throws VersionError `INVALID_VERSION`. */
export function compareRpmVersions(left: string, right: string): -1 | 0 | 1 {
  const leftParts = parse(left);
  const rightParts = parse(right);
  if (leftParts.epoch !== rightParts.epoch) return leftParts.epoch < rightParts.epoch ? -1 : 1;
  const version = compareSegments(
    left,
    leftParts.versionStart,
    leftParts.versionEnd,
    right,
    rightParts.versionStart,
    rightParts.versionEnd,
  );
  if (version !== 0) return version;
  if (leftParts.releaseStart === -1 || rightParts.releaseStart === -1) {
    // No release is older than any: to leave it out of the comparison would make 1-1 and 1-2 both equal to 1.
    return ordered(leftParts.releaseStart - rightParts.releaseStart);
  }
  return compareSegments(left, leftParts.releaseStart, left.length, right, rightParts.releaseStart, right.length);
}

function parse(text: string): RpmVersionParts {
  const parts = parseRpmVersion(text);
  if (parts === null) {
    throw new VersionError(
      'INVALID_VERSION',
      `${JSON.stringify(text)} is not an rpm version: it has to be [epoch:]version[-release], of letters, digits and ._+~^`,
    );
  }
  return parts;
}

/** rpm-version(7): segment by segment; what separates segments does not count. */
function compareSegments(
  left: string,
  leftStart: number,
  leftEnd: number,
  right: string,
  rightStart: number,
  rightEnd: number,
): -1 | 0 | 1 {
  let leftAt = leftStart;
  let rightAt = rightStart;
  for (;;) {
    while (leftAt < leftEnd && isSeparator(left.charCodeAt(leftAt))) leftAt += 1;
    while (rightAt < rightEnd && isSeparator(right.charCodeAt(rightAt))) rightAt += 1;
    const kind = kindAt(left, leftAt, leftEnd);
    const rightKind = kindAt(right, rightAt, rightEnd);
    if (kind !== rightKind) return kind < rightKind ? -1 : 1;
    if (kind === end) return 0;
    if (kind === tilde || kind === caret) {
      leftAt += 1;
      rightAt += 1;
      continue;
    }
    if (kind === digits) {
      while (leftAt < leftEnd && left.charCodeAt(leftAt) === zero) leftAt += 1;
      while (rightAt < rightEnd && right.charCodeAt(rightAt) === zero) rightAt += 1;
    }
    let firstDifference = 0;
    while (kindAt(left, leftAt, leftEnd) === kind && kindAt(right, rightAt, rightEnd) === kind) {
      if (firstDifference === 0) firstDifference = left.charCodeAt(leftAt) - right.charCodeAt(rightAt);
      leftAt += 1;
      rightAt += 1;
    }
    const leftGoesOn = kindAt(left, leftAt, leftEnd) === kind;
    const rightGoesOn = kindAt(right, rightAt, rightEnd) === kind;
    // The longer number is the greater; of words the length counts only where one begins with the other.
    if (leftGoesOn !== rightGoesOn && (kind === digits || firstDifference === 0)) return leftGoesOn ? 1 : -1;
    if (firstDifference !== 0) return ordered(firstDifference);
  }
}

function kindAt(text: string, position: number, partEnd: number): number {
  return position < partEnd ? (kindOf[text.charCodeAt(position)] ?? separator) : end;
}

function isSeparator(code: number): boolean {
  return kindOf[code] === separator;
}

function ordered(difference: number): -1 | 0 | 1 {
  if (difference === 0) return 0;
  return difference < 0 ? -1 : 1;
}
