/** Code points as ranges with both ends included: sorted, apart from one another. */
export type CharacterSet = readonly Range[];
export type Range = readonly [first: number, last: number];

const lastCodePoint = 0x10ffff;

/** Ranges in any order as a set. */
export function setOf(ranges: readonly Range[]): CharacterSet {
  const merged: [number, number][] = [];
  for (const [first, last] of ranges.toSorted(([left], [right]) => left - right)) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

/** Every other code point. */
export function complementOf(set: CharacterSet): CharacterSet {
  const starts = [0, ...set.map(([, last]) => last + 1)];
  const ends = [...set.map(([first]) => first - 1), lastCodePoint];
  return starts
    .map((start, index): Range => [start, ends[index] ?? lastCodePoint])
    .filter(([first, last]) => first <= last);
}

/** With the other case of every letter of ASCII, as Java folds them for `(?i)`; Go folds some others as well. */
export function ignoringCase(set: CharacterSet): CharacterSet {
  const moved = (from: number, to: number, by: number): Range[] =>
    set
      .map(([first, last]): Range => [Math.max(first, from) + by, Math.min(last, to) + by])
      .filter(([first, last]) => first <= last);
  return setOf([...set, ...moved(65, 90, 32), ...moved(97, 122, -32)]);
}

/** Takes logarithmic time, whatever the set. */
export function includesCode(set: CharacterSet, code: number): boolean {
  let low = 0;
  let high = set.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last] = set[middle] ?? [0, lastCodePoint];
    if (code < first) high = middle - 1;
    else if (code > last) low = middle + 1;
    else return true;
  }
  return false;
}

const digits: CharacterSet = [[48, 57]];
const words = setOf([
  [48, 57],
  [65, 90],
  [97, 122],
  [95, 95],
]);
const spaces = setOf([
  [9, 13],
  [32, 32],
]);

/** The classes that one letter behind a backslash stands for, those of ASCII only. */
export const letterClasses: ReadonlyMap<string, CharacterSet> = new Map([
  ['d', digits],
  ['D', complementOf(digits)],
  ['w', words],
  ['W', complementOf(words)],
  ['s', spaces],
  ['S', complementOf(spaces)],
]);
/** What a dot stands for. */
export const notLineEnd = complementOf(
  setOf([
    [10, 10],
    [13, 13],
  ]),
);

export function isWordCode(code: number): boolean {
  return includesCode(words, code);
}
