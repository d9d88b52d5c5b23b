import { execFileSync, spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dpkg } from './index.ts';

const isDpkgInstalled = spawnSync('dpkg', ['--version']).status === 0;

// Small alphabets make equal, nearly equal and barely invalid texts common.
const text = fc.string({ unit: fc.constantFrom(...'0019aAz.~+-:'.split('')), minLength: 1, maxLength: 9 });
const likeReal = fc
  .tuple(
    fc.constantFrom('', '0:', '1:', '2:'),
    fc.constantFrom('1', '1.0', '1.00', '1.2.3', '2.38', '20240203', '0'),
    fc.constantFrom('', '~rc1', '+dfsg', '~', '.1', 'a', '-1', '+b1'),
    fc.constantFrom('', '-1', '-0', '-1+deb12u1', '-1~bpo12+1', '-10', '-1ubuntu0.1', '-01'),
  )
  .map((parts) => parts.join(''));
const oddText = fc.string({ unit: fc.constantFrom(...'01a:-+~. _\té'.split('')), minLength: 1, maxLength: 7 });
const seed = 20_260_101;

/** One shell for all lines: a spawn per line from Node would take most of the time. */
function runOnLines(script: string, lines: readonly string[]): string[] {
  const output = execFileSync('sh', ['-c', script], {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  });
  return output.trimEnd().split('\n');
}

describe.skipIf(!isDpkgInstalled)('our order beside the installed dpkg', () => {
  it('calls valid exactly what dpkg --validate-version does', { timeout: 60_000 }, () => {
    const texts = fc.sample(fc.oneof(oddText, oddText, text, likeReal), { numRuns: 1_200, seed });
    const statuses = runOnLines(
      'while IFS= read -r a; do dpkg --validate-version -- "$a" 2>/dev/null; echo $?; done',
      texts,
    );
    expect(statuses).toHaveLength(texts.length);
    const different = texts.filter((text, index) => dpkg.isValid(text) !== (statuses[index] === '0'));
    expect(different).toEqual([]);
    expect(new Set(statuses)).toContain('0');
    expect(new Set(statuses).size).toBeGreaterThan(1);
  });

  it('orders 3,000 generated pairs as dpkg --compare-versions does', { timeout: 60_000 }, () => {
    const version = fc.oneof(text, likeReal).filter((candidate) => dpkg.isValid(candidate));
    const pairs = fc.sample(fc.tuple(version, version), { numRuns: 3_000, seed });
    const relations = { '-1': 'lt', '0': 'eq', '1': 'gt' };
    const claims = pairs.map(([left, right]) => `${left} ${relations[dpkg.compare(left, right)]} ${right}`);
    const statuses = runOnLines(
      'while read -r a relation b; do dpkg --compare-versions -- "$a" "$relation" "$b"; echo $?; done',
      claims,
    );
    expect(statuses).toHaveLength(claims.length);
    expect(claims.filter((_, index) => statuses[index] !== '0')).toEqual([]);
  });
});
