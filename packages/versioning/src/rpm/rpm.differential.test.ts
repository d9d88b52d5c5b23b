import { execFileSync, spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rpm } from './index.ts';

const isRpmInstalled = spawnSync('rpm', ['--version']).status === 0;

// Small alphabets make equal and nearly equal texts common.
const text = fc.string({ unit: fc.constantFrom(...'0019aAz._~^+-:'.split('')), minLength: 1, maxLength: 9 });
const likeReal = fc
  .tuple(
    fc.constantFrom('', '0:', '1:', '2:', '010:'),
    fc.constantFrom('1', '1.0', '1.00', '1.2.3', '2.38', '20240203', '0', 'r3', '1.0a', '1a0'),
    fc.constantFrom('', '~rc1', '~', '^', '^git1', '^20240101', '.1', 'a', '+1', '_1'),
    fc.constantFrom('', '-1', '-0', '-01', '-1.el9', '-1.el9_2', '-1.fc40', '-2.amzn2023', '-150500.1', '-~'),
  )
  .map((parts) => parts.join(''));
const seed = 20_260_101;

/** Reads a pair of versions per line. What Lua prints is the macro's text, so it has to end its lines itself. */
const compareLines =
  '%{lua:for line in io.lines() do local blank = line:find(" ", 1, true) ' +
  'print(rpm.vercmp(line:sub(1, blank - 1), line:sub(blank + 1)) .. "\\n") end}';

/** One rpm for all pairs. */
function compareWithRpm(pairs: readonly (readonly [string, string])[]): number[] {
  const output = execFileSync('rpm', ['--eval', compareLines], {
    input: pairs.map((pair) => `${pair.join(' ')}\n`).join(''),
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  });
  return output.trimEnd().split('\n').map(Number);
}

describe.skipIf(!isRpmInstalled)('our order beside the installed rpm', () => {
  it('is the same for 6,000 generated pairs', { timeout: 60_000 }, () => {
    const version = fc.oneof(text, likeReal).filter((candidate) => rpm.isValid(candidate));
    const pairs = fc.sample(fc.tuple(version, version), { numRuns: 6_000, seed });
    const answers = compareWithRpm(pairs);
    expect(answers).toHaveLength(pairs.length);
    const different = pairs
      .map(([left, right], index) => ({ left, right, ours: rpm.compare(left, right), rpms: answers[index] }))
      .filter(({ ours, rpms }) => ours !== rpms);
    expect(different).toEqual([]);
    expect(new Set(answers)).toEqual(new Set([-1, 0, 1]));
  });
});
