import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxVersion, sortVersions } from './order.ts';
import { versionSchemes } from './version-schemes.ts';

// Few characters and short texts, so that equal and nearly equal versions are common.
const text = fc.string({ unit: fc.constantFrom(...'0019aAz.~+-:'.split('')), maxLength: 8 });

describe.each(Object.values(versionSchemes))('the order of $id', (scheme) => {
  const version = text.filter((candidate) => scheme.isValid(candidate));

  it('is reflexive', () => {
    fc.assert(fc.property(version, (one) => scheme.compare(one, one) === 0));
  });

  it('is antisymmetric', () => {
    fc.assert(fc.property(version, version, (one, two) => scheme.compare(one, two) === 0 - scheme.compare(two, one)));
  });

  it('is transitive, equality included', () => {
    fc.assert(
      fc.property(version, version, version, (one, two, three) => {
        const [low, middle, high] = sortVersions(scheme, [one, two, three]);
        if (low === undefined || middle === undefined || high === undefined) throw new Error('sorting lost a version');
        const steps = [scheme.compare(low, middle), scheme.compare(middle, high)];
        expect(Math.max(...steps)).toBeLessThanOrEqual(0);
        expect(scheme.compare(low, high)).toBe(Math.min(...steps));
        expect(scheme.compare(maxVersion(scheme, [one, two, three]) ?? '', high)).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('answers for two valid texts and throws for any other', () => {
    fc.assert(
      fc.property(text, text, (one, two) => {
        const isDefined = scheme.isValid(one) && scheme.isValid(two);
        if (isDefined) expect([-1, 0, 1]).toContain(scheme.compare(one, two));
        else expect(() => scheme.compare(one, two)).toThrow(expect.objectContaining({ code: 'INVALID_VERSION' }));
      }),
    );
  });
});
