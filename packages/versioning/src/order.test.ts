import { describe, expect, it } from 'vitest';
import { inRange, isNewer, maxVersion, sortVersions, type VersionRange } from './order.ts';
import { versionSchemes } from './version-schemes.ts';

const scheme = versionSchemes.dpkg;
const invalid = expect.objectContaining({ code: 'INVALID_VERSION' });

describe('order', () => {
  it('calls a version newer only when it is strictly so', () => {
    expect(isNewer(scheme, '1.10', '1.9')).toBe(true);
    expect(isNewer(scheme, '1.09', '1.9')).toBe(false);
  });

  it('finds the newest, the first of equals, and null in nothing', () => {
    expect(maxVersion(scheme, ['1', '1:0', '0:1:0', '1:00'])).toBe('1:0');
    expect(maxVersion(scheme, [])).toBeNull();
  });

  it('sorts oldest first without touching the list it got', () => {
    const versions = Object.freeze(['1.10', '1.9', '1~']);
    expect(sortVersions(scheme, versions)).toEqual(['1~', '1.9', '1.10']);
  });

  it('throws for a lone invalid version too', () => {
    expect(() => sortVersions(scheme, ['x'])).toThrow(invalid);
    expect(() => maxVersion(scheme, ['x'])).toThrow(invalid);
    expect(() => inRange(scheme, 'x', {})).toThrow(invalid);
  });

  it.each<[string, VersionRange, boolean]>([
    ['1', {}, true],
    ['1', { atLeast: '1' }, true],
    ['1', { moreThan: '1' }, false],
    ['1', { atMost: '1' }, true],
    ['1', { lessThan: '1' }, false],
    ['1.5', { atLeast: '1', lessThan: '2' }, true],
    ['2', { atLeast: '1', lessThan: '2' }, false],
    ['2~rc1', { atLeast: '1', lessThan: '2' }, true],
  ])('answers whether %s lies in %j: %s', (version, range, expected) => {
    expect(inRange(scheme, version, range)).toBe(expected);
  });

  it('refuses an invalid bound even where another bound already decides', () => {
    expect(() => inRange(scheme, '1', { atLeast: '2', lessThan: 'x' })).toThrow(invalid);
  });
});
