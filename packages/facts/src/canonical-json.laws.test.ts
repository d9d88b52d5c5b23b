import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { contentDigest } from './digest.ts';

const value = fc.jsonValue({ maxDepth: 4 });

describe('canonical JSON', () => {
  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(value, (given) => {
        // A minus zero has no other JSON form than zero.
        expect(JSON.parse(canonicalJson(given))).toEqual(JSON.parse(JSON.stringify(given)));
      }),
    );
  });

  it('is the same text whatever the order of members, and so is the digest', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (given) => {
        const turned = Object.fromEntries(Object.entries(given).toReversed());
        expect(canonicalJson(turned)).toBe(canonicalJson(given));
        expect(contentDigest(turned)).toBe(contentDigest(given));
      }),
    );
  });

  it('leaves absent members out and refuses what JSON has no form for', () => {
    expect(canonicalJson({ b: 1, a: undefined })).toBe('{"b":1}');
    expect(() => canonicalJson(() => 1)).toThrow(TypeError);
  });
});
