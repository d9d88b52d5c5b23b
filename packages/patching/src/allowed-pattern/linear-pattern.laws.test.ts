import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern } from './linear-pattern.ts';

/** JavaScript's own engine, which is the judge, needs for ever where counts are nested deep. */
const depth = { maxDepth: 2, depthIdentifier: 'pattern' } as const;
/** Patterns that JavaScript reads in the same way. */
const { pattern } = fc.letrec<{ pattern: string; part: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    depth,
    {
      weight: 5,
      arbitrary: fc.constantFrom('a', 'b', '.', '\\d', '\\w', '\\s', '[ab]', '[^a]', '[a-c1]', '\\.', '\\x61'),
    },
    { weight: 1, arbitrary: fc.constantFrom('^', '$', '\\b', '\\B') },
    tie('pattern').map((inner) => `(${inner})`),
    tie('pattern').map((inner) => `(?:${inner})`),
  ),
  part: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '*?', '+?'))
    .map(([atom, count]) => (['^', '$', '\\b', '\\B'].includes(atom) ? atom : `${atom}${count}`)),
  pattern: fc.oneof(
    depth,
    fc.array(tie('part'), { maxLength: 3 }).map((parts) => parts.join('')),
    fc.tuple(tie('pattern'), tie('pattern')).map(([left, right]) => `${left}|${right}`),
  ),
}));

describe('a pattern of parameters', () => {
  it('matches what JavaScript matches', () => {
    fc.assert(
      fc.property(
        pattern,
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '.', ' ', '\n'), maxLength: 6 }),
        (source, text) => {
          const compiled = compilePattern(source);
          expect(compiled.ok && compiled.pattern.test(text)).toBe(new RegExp(source, 'u').test(text));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each(['^(a+)+$', '^(a|a)*$', '(x+x+)+y', '^(a|aa)+$', '^(.*a){12}$', '^a*a*a*a*a*b$', '^[ab]{1,4096}$'])(
    'takes no longer for %s than for others',
    (source) => {
      const compiled = compilePattern(source);
      const text = `${'a'.repeat(5000)}!`;
      const begin = performance.now();
      expect(compiled.ok && compiled.pattern.test(text)).toBe(false);
      expect(performance.now() - begin).toBeLessThan(2000);
    },
  );

  it.each([
    ['(', /nothing closes/],
    [')', /nothing opens/],
    ['[a', /end too early/],
    ['[b-a]', /no range/],
    ['a{2,1}', /wrong way round/],
    ['*', /nothing to repeat/],
    ['a++', /possessive/],
    ['(?=a)', /look-around/],
    ['(?<!a)', /look-around/],
    ['(a)\\1', /back-reference/],
    ['\\p{L}', /escape \\p/],
    ['[[:alpha:]]', /alpha/],
    ['\\', /end too early/],
    ['(a{1000}){1000}', /too large/],
    ['((){99999}){99999}', /too large/],
    ['('.repeat(200), /too deep/],
  ])('is refused where it cannot be matched: %s', (source, problem) => {
    const compiled = compilePattern(source);
    expect(compiled.ok ? '' : compiled.problem).toMatch(problem);
  });

  it('is given up, and matches nothing, where a large one meets a long text', () => {
    const found = (text: string) => {
      const compiled = compilePattern('(a?){2000}b');
      return compiled.ok && compiled.pattern.test(text);
    };
    expect(found(`${'a'.repeat(1000)}b`)).toBe(true);
    expect(found(`${'a'.repeat(60_000)}b`)).toBe(false);
  });

  it('may name its groups and use braces as they are', () => {
    for (const [source, text] of [
      ['^(?<year>\\d{4})$', '2026'],
      ['^(?P<year>\\d{4})$', '2026'],
      ['^{a}$', '{a}'],
      ['^[^]a]]?$', 'b'],
      ['^\\u0061$', 'a'],
      ['^😀{2}$', '😀😀'],
    ] as const) {
      const compiled = compilePattern(source);
      expect(compiled.ok && compiled.pattern.test(text), source).toBe(true);
    }
  });
});
