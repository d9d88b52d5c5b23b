import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBuilds, nextRecipeVersion, selectNewest } from './select-version.ts';
import {
  compareSemanticVersions,
  exactPattern,
  formatSemanticVersion,
  formatVersionPattern,
  highestVersionNode,
  matchesVersion,
  parseSemanticVersion,
  parseVersionPattern,
  SemanticVersionError,
} from './semantic-version.ts';

const node = fc.oneof(fc.nat(3), fc.nat(highestVersionNode));
const version = fc.record({ major: node, minor: node, patch: node });
const small = fc.record({ major: fc.nat(2), minor: fc.nat(2), patch: fc.nat(2) });
const pattern = fc.array(fc.nat(2), { maxLength: 3 }).map((fixed) => ({ fixed }));

describe('versions', () => {
  it('are read as they are written', () => {
    fc.assert(
      fc.property(version, (each) => {
        expect(parseSemanticVersion(formatSemanticVersion(each))).toEqual(each);
        expect(parseVersionPattern(formatSemanticVersion(each))).toEqual(exactPattern(each));
      }),
    );
    fc.assert(
      fc.property(pattern, (each) => {
        expect(parseVersionPattern(formatVersionPattern(each))).toEqual(each);
      }),
    );
  });

  it('are read or refused with SemanticVersionError, whatever the text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9x.]{0,12}$/));
    fc.assert(
      fc.property(text, (each) => {
        try {
          parseVersionPattern(each);
        } catch (error) {
          expect(error).toBeInstanceOf(SemanticVersionError);
        }
      }),
    );
  });

  it('are in one order', () => {
    fc.assert(
      fc.property(small, small, small, (first, second, third) => {
        expect(Math.sign(compareSemanticVersions(first, second))).toBe(
          0 - Math.sign(compareSemanticVersions(second, first)),
        );
        expect(compareSemanticVersions(first, second) === 0).toBe(
          formatSemanticVersion(first) === formatSemanticVersion(second),
        );
        if (compareSemanticVersions(first, second) <= 0 && compareSemanticVersions(second, third) <= 0) {
          expect(compareSemanticVersions(first, third)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  it('that are selected match and nothing that matches is newer, in any order', () => {
    const item = fc.record({ version: small, build: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(pattern, fc.array(item), (wanted, items) => {
        const found = selectNewest(wanted, items);
        const matching = items.filter((each) => matchesVersion(wanted, each.version));
        expect(found === undefined).toBe(matching.length === 0);
        if (found === undefined) return;
        expect(matching).toContain(found);
        for (const each of matching) expect(compareBuilds(found, each)).toBeGreaterThanOrEqual(0);
        const other = selectNewest(wanted, items.toReversed());
        expect(other && compareBuilds(found, other)).toBe(0);
      }),
    );
  });

  it('that a recipe gets by itself match its pattern and are newer than all that match', () => {
    fc.assert(
      fc.property(pattern, fc.array(small), (wanted, existing) => {
        const next = nextRecipeVersion(wanted, existing);
        expect(matchesVersion(wanted, next)).toBe(true);
        if (wanted.fixed.length === 3) return;
        for (const each of existing.filter((one) => matchesVersion(wanted, one))) {
          expect(compareSemanticVersions(next, each)).toBeGreaterThan(0);
        }
      }),
    );
  });
});
