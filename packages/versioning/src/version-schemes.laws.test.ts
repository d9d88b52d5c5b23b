import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxVersion, sortVersions } from './order.ts';
import { versionSchemes } from './version-schemes.ts';

// Few characters and short texts, so that equal and nearly equal versions are common.
const text = fc.string({ unit: fc.constantFrom(...'0019aAz.~+-:^_'.split('')), maxLength: 8 });

/** Texts like those that a scheme is made for; by chance alone hardly any has all the parts. */
const likeReal = new Map([
  ['dpkg', joined(['', '1:'], ['0', '1', '1.0', '1.00'], ['', '~rc1', '+b1', 'a'], ['', '-0', '-1', '-1~', '-01'])],
  ['rpm', joined(['', '0:', '1:'], ['1', '1.0', '1a', '1.'], ['', '~', '^', '^1', '~rc'], ['', '-1', '-01', '-1.el9'])],
  [
    'apk',
    joined(
      ['0', '1', '01', '1.0', '1.01', '1.1'],
      ['', 'a', 'b'],
      ['', '_rc', '_rc0', '_p', '_p1', '_p_rc'],
      ['', '~0', '~a'],
      ['', '-r0', '-r1', '-r01', '-'],
    ),
  ],
]);

function joined(...parts: readonly (readonly string[])[]): fc.Arbitrary<string> {
  return fc.tuple(...parts.map((choices) => fc.constantFrom(...choices))).map((chosen) => chosen.join(''));
}

describe.each(Object.values(versionSchemes))('the order of $id', (scheme) => {
  const anyText = fc.oneof(text, likeReal.get(scheme.id) ?? text);
  const version = anyText.filter((candidate) => scheme.isValid(candidate));

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
      { numRuns: 5_000 },
    );
  });

  it('answers for two valid texts, and throws for a text that is not, compared with itself', () => {
    fc.assert(
      fc.property(anyText, version, (one, two) => {
        if (scheme.isValid(one)) expect([-1, 0, 1]).toContain(scheme.compare(one, two));
        else expect(() => scheme.compare(one, one)).toThrow(expect.objectContaining({ code: 'INVALID_VERSION' }));
      }),
    );
  });

  it('never calls a text that is not valid equal to another', () => {
    fc.assert(
      fc.property(
        anyText.filter((candidate) => !scheme.isValid(candidate)),
        version,
        (invalid, two) => {
          try {
            expect(scheme.compare(invalid, two)).not.toBe(0);
          } catch (error) {
            expect(error).toMatchObject({ code: 'INVALID_VERSION' });
          }
        },
      ),
    );
  });
});
