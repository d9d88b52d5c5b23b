import { VersionError } from '../version-error.ts';
import { type DpkgVersionParts, parseDpkgVersion } from './parse.ts';

const tilde = 126;
const zero = 48;
const nine = 57;

/** Orders two versions as `dpkg --compare-versions` does. Throws VersionError `INVALID_VERSION`. */
export function compareDpkgVersions(left: string, right: string): -1 | 0 | 1 {
  const leftParts = parse(left);
  const rightParts = parse(right);
  if (leftParts.epoch !== rightParts.epoch) return leftParts.epoch < rightParts.epoch ? -1 : 1;
  const upstream = compareText(
    left,
    leftParts.upstreamStart,
    leftParts.upstreamEnd,
    right,
    rightParts.upstreamStart,
    rightParts.upstreamEnd,
  );
  if (upstream !== 0) return upstream;
  return compareText(
    left,
    leftParts.revisionStart,
    leftParts.revisionEnd,
    right,
    rightParts.revisionStart,
    rightParts.revisionEnd,
  );
}

function parse(text: string): DpkgVersionParts {
  const parts = parseDpkgVersion(text);
  if (parts === null) {
    throw new VersionError(
      'INVALID_VERSION',
      `${JSON.stringify(text)} is not a Debian version: it has to be [epoch:]upstream[-revision], the upstream part beginning with a digit`,
    );
  }
  return parts;
}

/** Debian policy 5.6.12: alternately a part without digits, by character weight, and a part of digits, by value. */
function compareText(
  left: string,
  leftStart: number,
  leftEnd: number,
  right: string,
  rightStart: number,
  rightEnd: number,
): -1 | 0 | 1 {
  let leftAt = leftStart;
  let rightAt = rightStart;
  while (leftAt < leftEnd || rightAt < rightEnd) {
    while (hasLetterAt(left, leftAt, leftEnd) || hasLetterAt(right, rightAt, rightEnd)) {
      const leftWeight = weightAt(left, leftAt, leftEnd);
      const rightWeight = weightAt(right, rightAt, rightEnd);
      if (leftWeight !== rightWeight) return leftWeight < rightWeight ? -1 : 1;
      leftAt += 1;
      rightAt += 1;
    }
    while (leftAt < leftEnd && left.charCodeAt(leftAt) === zero) leftAt += 1;
    while (rightAt < rightEnd && right.charCodeAt(rightAt) === zero) rightAt += 1;

    let firstDifference = 0;
    while (hasDigitAt(left, leftAt, leftEnd) && hasDigitAt(right, rightAt, rightEnd)) {
      if (firstDifference === 0) firstDifference = left.charCodeAt(leftAt) - right.charCodeAt(rightAt);
      leftAt += 1;
      rightAt += 1;
    }
    if (hasDigitAt(left, leftAt, leftEnd)) return 1;
    if (hasDigitAt(right, rightAt, rightEnd)) return -1;
    if (firstDifference !== 0) return firstDifference < 0 ? -1 : 1;
  }
  return 0;
}

function hasDigitAt(text: string, position: number, end: number): boolean {
  if (position >= end) return false;
  const code = text.charCodeAt(position);
  return code >= zero && code <= nine;
}

function hasLetterAt(text: string, position: number, end: number): boolean {
  return position < end && !hasDigitAt(text, position, end);
}

/** A tilde sorts before the end, the end (and a digit) before letters, letters before all other characters. */
function weightAt(text: string, position: number, end: number): number {
  if (position >= end) return 0;
  const code = text.charCodeAt(position);
  if (code >= zero && code <= nine) return 0;
  if (code === tilde) return -1;
  const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return isLetter ? code : code + 256;
}
