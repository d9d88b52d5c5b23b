import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VersionError } from '../version-error.ts';
import { apk } from './index.ts';

// Cases of apk-tools' own test table, version.data, each checked against the real tool.
const vectors = readFileSync(new URL('./vectors/apk.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t'));

const order = (left: string, right: string) => apk.compare(left, right);

describe('apk versions', () => {
  it.each(vectors)('orders %s and %s as %s', (left, right, expected) => {
    expect(apk.compare(left ?? '', right ?? '')).toBe(Number(expected));
    expect(apk.compare(right ?? '', left ?? '')).toBe(0 - Number(expected));
  });

  it('reads every version of that table but the two that apk calls invalid itself', () => {
    const invalid = vectors.flatMap(([left = '', right = '']) => [left, right]).filter((text) => !apk.isValid(text));
    expect(invalid).toEqual(['23_foo', '1.0bc']);
  });

  it('sorts suffixes before and after the version without one', () => {
    const oldestFirst = ['_alpha', '_beta', '_pre', '_rc', '', '_cvs', '_svn', '_git', '_hg', '_p'];
    const versions = oldestFirst.map((suffix) => `1.0${suffix}`);
    expect(versions.toReversed().toSorted(order)).toEqual(versions);
  });

  it('sorts what may follow a number', () => {
    const oldestFirst = [
      '1.0_rc',
      '1.0',
      '1.0-r0',
      '1.0~ab',
      '1.0_p',
      '1.0_p-r1',
      '1.0_p~ab',
      '1.0_p1',
      '1.0a',
      '1.0.0',
    ];
    expect(oldestFirst.toReversed().toSorted(order)).toEqual(oldestFirst);
  });

  it.each([
    ['1.0_p10', '1.0_p9', 1, 'a number after a suffix is a number'],
    ['1.0_p010', '1.0_p10', 0, 'there leading zeros do not count'],
    ['1.0-r010', '1.0-r10', 0, 'nor in a revision'],
    ['010', '10', 0, 'nor in the first number'],
    ['1.010', '1.10', -1, 'in every other number they do'],
    ['1.010', '1.01', 1, 'as in decimals'],
    ['1.9', '1.010', 1, 'as in decimals'],
    ['1.10', '1.9', 1, 'without one it is a number'],
    ['1.0_p_rc', '1.0_p', -1, 'a suffix may follow a suffix'],
    ['1~abc', '1~abd', -1, 'hashes are compared as text'],
    ['1~ab', '1~abc', -1, 'hashes are compared as text'],
    ['1.99999999999999999999999998', '1.99999999999999999999999999', -1, 'a number may have any length'],
  ] as const)('orders %s and %s as %s: %s', (left, right, expected, _reason) => {
    expect([apk.compare(left, right), apk.compare(right, left)]).toEqual([expected, 0 - expected]);
  });

  it.each([
    ['', 'is empty'],
    ['a', 'begins with no number'],
    ['.1', 'begins with no number'],
    ['1.', 'ends in a dot'],
    ['1..2', 'lacks a number between dots'],
    ['1.0bc', 'has two letters'],
    ['1.0B', 'has a capital'],
    ['1.0a.1', 'has a number after the letter'],
    ['1.0a1', 'has a number after the letter'],
    ['23_foo', 'has an unknown suffix'],
    ['1_', 'has an empty suffix'],
    ['1_p1a', 'has a letter after the suffix'],
    ['1_alpha.1', 'has a dot after the suffix'],
    ['1_constructor', 'has an unknown suffix'],
    ['1~', 'has an empty hash'],
    ['1~xyz', 'has a hash that is none'],
    ['1~ab~cd', 'has two hashes'],
    ['1~ab_p', 'has a suffix after the hash'],
    ['1-r', 'has a revision without a number'],
    ['1-1', 'has a revision without its letter'],
    ['1-r1-r2', 'has two revisions'],
    ['1-r1_p', 'has a suffix after the revision'],
    ['1:2', 'has an epoch, which apk does not know'],
    ['1 ', 'has a blank'],
    ['1٣', 'has a digit outside ASCII'],
  ])('refuses %j, which %s', (text) => {
    expect(apk.isValid(text)).toBe(false);
    expect(() => apk.compare(text, text)).toThrow(VersionError);
    expect(() => apk.compare(text, text)).toThrow(expect.objectContaining({ code: 'INVALID_VERSION' }));
  });

  it('answers about an invalid version only what does not hang on the part that it cannot read', () => {
    expect(apk.compare('23_foo', '24')).toBe(-1);
    expect(() => apk.compare('23_foo', '23')).toThrow(VersionError);
    expect(() => apk.compare('23', '23_foo')).toThrow(VersionError);
    expect(() => apk.compare('1.0bc', '1.0bd')).toThrow(VersionError);
  });

  it.each(['0', '1a', '1_p', '1.2.3b_alpha_p2~0af-r0'])('accepts %j', (text) => {
    expect(apk.isValid(text)).toBe(true);
    expect(apk.compare(text, text)).toBe(0);
  });
});
