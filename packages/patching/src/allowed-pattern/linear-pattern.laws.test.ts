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

function problemOf(source: string): string {
  const compiled = compilePattern(source);
  return compiled.ok ? '' : compiled.problem;
}

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

  const manyCharacters = (count: number) =>
    String.fromCodePoint(...Array.from({ length: count }, (_, at) => 0x4e00 + 2 * at));
  it.each<[string, string, string]>([
    ['a set of many characters', `(?:[${manyCharacters(1000)}]?){4500}!`, 'x'.repeat(4096)],
    ['a set of very many characters', `[${manyCharacters(20_000)}]{0,4000}!`, manyCharacters(500)],
    ['nothing, many times, before each character', '(?:(){9000}a)*b', 'a'.repeat(8192)],
    ['nothing, many times, at each character', '(){9000}b', 'a'.repeat(200_000)],
    ['many ways to nothing', `(?:${'|'.repeat(4500)})*b`, 'a'.repeat(200_000)],
    ['many assertions', `(?:${'\\b'.repeat(9000)}|a)*b`, 'a'.repeat(200_000)],
  ])('is given up soon where it is %s', (_title, source, text) => {
    const compiled = compilePattern(source);
    expect(compiled).toMatchObject({ ok: true });
    const begin = performance.now();
    expect(compiled.ok && compiled.pattern.test(text)).toBe(false);
    expect(performance.now() - begin).toBeLessThan(1000);
  });

  it('is given up soon over many texts as over one', () => {
    const compiled = compilePattern('(?:(){9000}a)*b');
    const texts = Array.from({ length: 100 }, () => 'a'.repeat(8192));
    const begin = performance.now();
    expect(texts.some((text) => compiled.ok && compiled.pattern.test(text))).toBe(false);
    expect(performance.now() - begin).toBeLessThan(1500);
  });

  it('is written out in short time, or not at all', () => {
    const begin = performance.now();
    for (const source of [
      '(((a{0}){9999}){9999}){9999}',
      '((()){9999}){9999}',
      '{9'.repeat(30_000),
      `{${'9'.repeat(60_000)}`,
    ]) {
      compilePattern(source);
    }
    expect(performance.now() - begin).toBeLessThan(1000);
  });

  it.each([
    ['(?i)^ab[c-e]$', 'aBD', true],
    ['^(?i)ab$', 'AB', true],
    ['^a(?i)b|C$', 'aB', true],
    ['^a(?i)b$', 'AB', false],
    ['^(?:(?i)a)b$', 'AB', false],
    ['^(?i:a)b$', 'Ab', true],
    ['(?i)^[^a]$', 'A', false],
    ['(?i)^\\x41\\w$', 'ab', true],
    ['(?i)^[Z-a]$', 'A', true],
    ['(?i)^[@{]$', '`', false],
  ])('takes no notice of case behind (?i): %s, %s', (source, text, isFound) => {
    const compiled = compilePattern(source);
    expect(compiled.ok && compiled.pattern.test(text)).toBe(isFound);
  });

  it.each([
    ['(', /nothing closes/],
    [')', /nothing opens/],
    ['[a', /end too early/],
    ['[b-a]', /no range/],
    ['a{2,1}', /wrong way round/],
    ['*', /nothing to repeat/],
    ['a++', /possessive/],
    ['a**', /nothing to repeat/],
    ['a{1}{2}', /nothing to repeat/],
    ['a???', /nothing to repeat/],
    ['(?i)*', /nothing to repeat/],
    ['.{1,100000}', /count that is too large/],
    ['.{1000000000,}', /count that is too large/],
    ['(?=a)', /look-around/],
    ['(?s)a', /a flag other than i/],
    ['\\Qa\\E', /escape \\Q/],
    ['(?<!a)', /look-around/],
    ['(a)\\1', /back-reference/],
    ['\\p{L}', /escape \\p/],
    ['[[:alpha:]]', /alpha/],
    ['\\', /end too early/],
    ['(a{1000}){1000}', /too large/],
    ['((){9999}){9999}', /too large/],
  ])('is refused where it cannot be matched: %s', (source, problem) => {
    expect(problemOf(source)).toMatch(problem);
  });

  it.each([
    ['a{1}{1}…', `a${'{1}'.repeat(20_000)}`, /nothing to repeat/],
    ['a**…', `a${'*'.repeat(20_000)}`, /nothing to repeat/],
    ['(((…', '('.repeat(60_000), /too deep/],
    ['.{2,999…}', `.{2,${'9'.repeat(400)}}`, /count that is too large/],
  ])('is refused where it is endless: %s', (_title, source, problem) => {
    expect(problemOf(source)).toMatch(problem);
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
