import { describe, expect, it } from 'vitest';
import { nextBuildNumber, nextRecipeVersion, selectNewest } from './select-version.ts';
import {
  formatSemanticVersion,
  parseSemanticVersion,
  parseVersionPattern,
  SemanticVersionError,
} from './semantic-version.ts';

const versions = ['1.6.8', '2.2.4', '1.7.8'].map(parseSemanticVersion);

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof SemanticVersionError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'taken';
}

describe('a semantic version', () => {
  it.each([
    ['0.0.0', '0.0.0'],
    ['2021.01.01', '2021.1.1'],
    ['1073741823.1073741823.1073741823', '1073741823.1073741823.1073741823'],
  ])('%s is read as %s', (text, read) => {
    expect(formatSemanticVersion(parseSemanticVersion(text))).toBe(read);
  });

  it.each([
    ['1073741824.0.0', /its major number is above 1073741823/],
    ['0.0.1073741824', /its patch number is above/],
    ['1.0', /three whole numbers, for example 1\.0\.0/],
    ['1.0.0.0', /three whole numbers/],
    ['1.0.x', /three whole numbers/],
    ['1.0.-1', /three whole numbers/],
    ['1.0.1e3', /three whole numbers/],
    ['1..0', /three whole numbers/],
    [' 1.0.0', /three whole numbers/],
    ['', /three whole numbers/],
  ])('%s is refused with a reason', (text, reason) => {
    expect(codeOf(() => parseSemanticVersion(text))).toMatch(reason);
  });

  it.each([
    ['x.2.x', 'x.x.x'],
    ['1.x.8', '1.x.x'],
    ['x.x.8', 'x.x.x'],
  ])('with a number to the right of x is refused: %s', (text, instead) => {
    const said = codeOf(() => parseVersionPattern(text));
    expect(said).toMatch(/^INVALID_WILDCARD/);
    expect(said).toContain(`for example ${instead}.`);
  });
});

describe('selecting', () => {
  it.each([
    ['x.x.x', '2.2.4'],
    ['1.x.x', '1.7.8'],
    ['1.6.x', '1.6.8'],
    ['1.6.8', '1.6.8'],
  ])('%s takes %s', (pattern, expected) => {
    const found = selectNewest(
      parseVersionPattern(pattern),
      versions.map((version) => ({ version })),
    );
    expect(found && formatSemanticVersion(found.version)).toBe(expected);
  });

  it('finds nothing where no version matches', () => {
    expect(selectNewest(parseVersionPattern('3.x.x'), [])).toBeUndefined();
  });

  it('takes the highest build number of the newest version, and 10 is above 9', () => {
    const items = ['1.0.0/9', '1.0.0/10', '0.9.0/11'].map((text) => {
      const [version = '', build] = text.split('/');
      return { version: parseSemanticVersion(version), build: Number(build), text };
    });
    expect(selectNewest(parseVersionPattern('x.x.x'), items)?.text).toBe('1.0.0/10');
    expect(selectNewest(parseVersionPattern('1.0.0'), items)?.text).toBe('1.0.0/10');
    expect(nextBuildNumber(parseSemanticVersion('1.0.0'), items)).toBe(11);
    expect(nextBuildNumber(parseSemanticVersion('1.0.1'), items)).toBe(1);
  });
});

describe('the automatic version of a recipe', () => {
  it.each([
    ['1.0.x', [], '1.0.1'],
    ['1.0.x', ['1.0.1', '1.0.2', '1.1.7'], '1.0.3'],
    ['1.x.x', ['1.7.8', '1.6.9', '2.0.0'], '1.8.0'],
    ['x.x.x', ['1.7.8'], '2.0.0'],
    ['x.x.x', [], '1.0.0'],
    ['1.2.3', ['1.2.3'], '1.2.3'],
  ])('of %s after %j is %s', (pattern, existing, expected) => {
    const next = nextRecipeVersion(parseVersionPattern(pattern), existing.map(parseSemanticVersion));
    expect(formatSemanticVersion(next)).toBe(expected);
  });

  it('ends with a reason after the highest', () => {
    const existing = [parseSemanticVersion('1.0.1073741823')];
    expect(codeOf(() => nextRecipeVersion(parseVersionPattern('1.0.x'), existing))).toMatch(/^NO_VERSION_LEFT/);
  });
});
