import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VersionError } from '../version-error.ts';
import { rpm } from './index.ts';

// Cases of rpm's own test tables, rpmvercmp.at and those of labelCompare, each checked against the real tool.
const vectors = readFileSync(new URL('./vectors/rpm.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t'));

describe('rpm versions', () => {
  it.each(vectors)('orders %s and %s as %s', (left, right, expected) => {
    expect(rpm.compare(left ?? '', right ?? '')).toBe(Number(expected));
    expect(rpm.compare(right ?? '', left ?? '')).toBe(0 - Number(expected));
  });

  it.each([
    ['1.0', '0:1.0', 0, 'an absent epoch is 0'],
    ['0010:1', '10:1', 0, 'an epoch is a number'],
    ['9:1', '10:1', -1, 'an epoch is a number'],
    ['4294967295:1', '1:9', 1, 'an epoch has 32 bits'],
    ['1.0', '1.0-1', -1, 'no release is older than any (labelCompare)'],
    ['1.0', '1.0-~', -1, 'no release is older than any (labelCompare)'],
    ['1.0-1', '1.0-1.el9', -1, 'a release may go on'],
    ['1.0-1.el9_2', '1.0-1.el9.2', 0, 'separators are all alike'],
    ['1.0-10', '1.0-9', 1, 'a release is compared by segments'],
    ['1.', '1', 0, 'a separator at the end does not count'],
    ['1A', '1a', -1, 'words are compared as ASCII'],
    ['1.0^', '1.0a', -1, 'a caret is older than any segment'],
    ['1.0~^', '1.0~', 1, 'a caret is newer than the end, after a tilde too'],
    ['99999999999999999999999998', '99999999999999999999999999', -1, 'a number may have any length'],
  ] as const)('orders %s and %s as %s: %s', (left, right, expected, _reason) => {
    expect([rpm.compare(left, right), rpm.compare(right, left)]).toEqual([expected, 0 - expected]);
  });

  it.each([
    ['', 'is empty'],
    [' 1', 'has a blank'],
    ['1:', 'has nothing after the epoch'],
    [':1', 'has an empty epoch'],
    ['a:1', 'has an epoch that is no number'],
    ['-1:1', 'has a negative epoch'],
    ['4294967296:1', 'has an epoch that is too big'],
    ['1-', 'has an empty release'],
    ['-1', 'has no version'],
    ['1-2-3', 'has a hyphen inside the version'],
    ['1-2:3', 'has a colon in the release'],
    ['1:2:3', 'has a second colon'],
    ['1.ä', 'has a character outside ASCII'],
    ['1.0\0', 'has a foreign character'],
    ['%{version}', 'is an unexpanded macro'],
  ])('refuses %j, which %s', (text) => {
    expect(rpm.isValid(text)).toBe(false);
    expect(() => rpm.compare(text, '1')).toThrow(VersionError);
    expect(() => rpm.compare('1', text)).toThrow(expect.objectContaining({ code: 'INVALID_VERSION' }));
  });

  it.each(['0', 'a', '_', '1:a', '20240101', '99999999999999999999', '0:1~^-~^'])('accepts %j', (text) => {
    expect(rpm.isValid(text)).toBe(true);
    expect(rpm.compare(text, text)).toBe(0);
  });
});
