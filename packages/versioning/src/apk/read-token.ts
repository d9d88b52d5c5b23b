/**
 * What a token is, in apk's order: where two versions part, the one that goes on with the greater kind is the newer.
 * So a suffix before a release is older than the end of the text, and everything else is newer.
 */
export const tokenKind = {
  unreadable: -1,
  // The suffixes _alpha to _rc are 0 to 3.
  end: 4,
  revision: 5,
  commitHash: 6,
  suffixNumber: 7,
  // The suffixes _cvs to _p are 8 to 12.
  letter: 13,
  number: 14,
  firstNumber: 15,
} as const;

const suffixKinds = new Map([
  ['alpha', 0],
  ['beta', 1],
  ['pre', 2],
  ['rc', 3],
  ['cvs', 8],
  ['svn', 9],
  ['git', 10],
  ['hg', 11],
  ['p', 12],
]);

/** A place in a version text: the token that was read last, its value between `start` and `end`. */
export interface ApkCursor {
  readonly text: string;
  kind: number;
  start: number;
  end: number;
}

const minus = 45;
const dot = 46;
const zero = 48;
const nine = 57;
const underscore = 95;
const letterA = 97;
const letterF = 102;
const letterR = 114;
const letterZ = 122;
const tilde = 126;

/** Reads the first token of a version: `number{.number}{letter}{_suffix{number}}{~hash}{-rnumber}`. */
export function readFirstToken(text: string): ApkCursor {
  const cursor: ApkCursor = { text, kind: tokenKind.unreadable, start: 0, end: 0 };
  take(cursor, tokenKind.firstNumber, 0, endOfDigits(text, 0));
  return cursor;
}

/** Reads the next token; one that may not follow the last, or is none, is `unreadable`. */
export function readNextToken(cursor: ApkCursor): void {
  const { text, kind, end: at } = cursor;
  if (at === text.length) {
    take(cursor, tokenKind.end, at - 1, at);
    return;
  }
  const code = text.charCodeAt(at);
  const mayBeSuffix = kind > tokenKind.commitHash || kind < tokenKind.end;
  if (code === dot && kind >= tokenKind.number) {
    take(cursor, tokenKind.number, at + 1, endOfDigits(text, at + 1));
  } else if (isLetter(code) && kind >= tokenKind.number) {
    take(cursor, tokenKind.letter, at, at + 1);
  } else if (code === underscore && mayBeSuffix) {
    const end = endOfLetters(text, at + 1);
    take(cursor, suffixKinds.get(text.slice(at + 1, end)) ?? tokenKind.unreadable, at + 1, end);
  } else if (isDigit(code) && mayBeSuffix && kind < tokenKind.letter && kind !== tokenKind.suffixNumber) {
    take(cursor, tokenKind.suffixNumber, at, endOfDigits(text, at));
  } else if (code === tilde && mayBeSuffix) {
    take(cursor, tokenKind.commitHash, at + 1, endOfHash(text, at + 1));
  } else if (code === minus && text.charCodeAt(at + 1) === letterR && kind !== tokenKind.revision) {
    take(cursor, tokenKind.revision, at + 2, endOfDigits(text, at + 2));
  } else {
    cursor.kind = tokenKind.unreadable;
  }
}

/** Whether apk itself calls the version valid (`apk version --check`). */
export function isApkVersion(text: string): boolean {
  const cursor = readFirstToken(text);
  while (cursor.kind !== tokenKind.end && cursor.kind !== tokenKind.unreadable) readNextToken(cursor);
  return cursor.kind === tokenKind.end;
}

function take(cursor: ApkCursor, kind: number, start: number, end: number): void {
  cursor.kind = end > start ? kind : tokenKind.unreadable;
  cursor.start = start;
  cursor.end = end;
}

function endOfDigits(text: string, start: number): number {
  let position = start;
  while (position < text.length && isDigit(text.charCodeAt(position))) position += 1;
  return position;
}

function endOfLetters(text: string, start: number): number {
  let position = start;
  while (position < text.length && isLetter(text.charCodeAt(position))) position += 1;
  return position;
}

function endOfHash(text: string, start: number): number {
  let position = start;
  while (position < text.length && isHashDigit(text.charCodeAt(position))) position += 1;
  return position;
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}

function isLetter(code: number): boolean {
  return code >= letterA && code <= letterZ;
}

function isHashDigit(code: number): boolean {
  return isDigit(code) || (code >= letterA && code <= letterF);
}
