import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VersionError } from '../version-error.ts';
import { dpkg } from './index.ts';

// Cases of dpkg's own test tables, Dpkg_Version.t and t-version.c, each checked against the real tool.
const vectors = readFileSync(new URL('./vectors/dpkg.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t'));

describe('dpkg versions', () => {
  it.each(vectors)('orders %s and %s as %s', (left, right, expected) => {
    expect(dpkg.compare(left ?? '', right ?? '')).toBe(Number(expected));
    expect(dpkg.compare(right ?? '', left ?? '')).toBe(0 - Number(expected));
  });

  it.each([
    ['', 'is empty'],
    ['  ', 'is blank'],
    ['1.0 2', 'has a blank inside'],
    [':1', 'has an empty epoch'],
    ['1:', 'has nothing after the epoch'],
    ['a:1', 'has an epoch that is no number'],
    ['-1:1', 'has a negative epoch'],
    ['2147483648:1', 'has an epoch that is too big'],
    ['1-', 'has an empty revision'],
    ['-1', 'has no upstream part'],
    ['a1', 'does not begin with a digit'],
    ['1_0', 'has a foreign character'],
    ['1-0:0_', 'has a foreign character in the revision'],
    ['1-a:', 'has a colon without a number before it'],
    ['1.ä', 'has a character outside ASCII'],
  ])('refuses %j, which %s', (text) => {
    expect(dpkg.isValid(text)).toBe(false);
    expect(() => dpkg.compare(text, '1')).toThrow(VersionError);
    expect(() => dpkg.compare('1', text)).toThrow(expect.objectContaining({ code: 'INVALID_VERSION' }));
  });

  it.each(['0', ' 1.0\t', '+1:2', '-0:2', '2147483647:1', '1:2:3-4', '1-2-3', '1~', '1-~'])('accepts %j', (text) => {
    expect(dpkg.isValid(text)).toBe(true);
    expect(dpkg.compare(text, text)).toBe(0);
  });

  it('compares numbers longer than any machine integer', () => {
    expect(dpkg.compare('1.99999999999999999999999998', '1.99999999999999999999999999')).toBe(-1);
  });
});
