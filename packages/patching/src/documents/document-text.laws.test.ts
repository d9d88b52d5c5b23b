import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type DocumentFormat, describeDocumentProblem, readDocumentText } from './document-text.ts';
import { resolveParameters } from './resolve-parameters.ts';
import { substituteParameters } from './substitute-parameters.ts';

const good = {
  schemaVersion: '2.2',
  description: 'x',
  parameters: { name: { type: 'String', default: 'x', allowedPattern: '^x$', allowedValues: ['x'] } },
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'one',
      precondition: { StringEquals: ['platformType', 'Linux'] },
      inputs: { runCommand: ['echo'], timeoutSeconds: '60', onFailure: 'exit', finallyStep: true },
    },
  ],
};
const old = {
  schemaVersion: '1.2',
  parameters: {},
  runtimeConfig: { 'aws:runShellScript': { properties: [{ id: 'a', runCommand: ['x'] }] } },
};

function problemsOf(text: string, format: DocumentFormat): string[] {
  const reading = readDocumentText(text, format);
  return reading.ok ? [] : reading.problems.map(describeDocumentProblem);
}

/** The same document with anything at all in one place. */
function changed(value: unknown, odd: unknown, place: number): unknown {
  let count = 0;
  const walk = (node: unknown): unknown => {
    count += 1;
    if (count - 1 === place) return odd;
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, member]) => [key, walk(member)]));
  };
  return walk(value);
}

describe('reading a document', () => {
  it('answers with a document or with problems, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), (text) => {
        for (const format of ['JSON', 'YAML'] as const) expect(readDocumentText(text, format).ok).toBe(false);
      }),
    );
  });

  it('never throws for anything in one of its places, and says where it is', () => {
    fc.assert(
      fc.property(fc.constantFrom(good, old), fc.jsonValue(), fc.nat(30), (document, odd, place) => {
        const value = changed(document, odd, place);
        for (const [text, format] of [
          [JSON.stringify(value, null, 2), 'JSON'],
          [stringify(value), 'YAML'],
        ] as const) {
          const reading = readDocumentText(text, format);
          if (reading.ok) continue;
          expect(reading.problems.length).toBeGreaterThan(0);
          for (const problem of reading.problems) {
            expect(problem.line).toBeGreaterThan(0);
            expect(describeDocumentProblem(problem)).toMatch(/line \d+, column \d+/);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('takes parameters with the names of what every object has', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
      const text = JSON.stringify({ ...good, parameters: { [name]: { type: 'String' } } });
      for (const format of ['JSON', 'YAML'] as const) {
        const reading = readDocumentText(text, format);
        if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
        expect(Object.keys(reading.document.parameters)).toEqual([name]);
        expect(resolveParameters(reading.document, { [name]: ['x'] })).toEqual({ ok: true, values: { [name]: 'x' } });
        expect(resolveParameters(reading.document, {}).ok).toBe(false);
      }
    }
  });

  it('refuses the name __proto__ anywhere, which would be left out without a word', () => {
    for (const text of [
      JSON.stringify(good).replace('"name":{', '"__proto__":{'),
      JSON.stringify(good, null, '\t').replace('"name": {', '"__proto__": {'),
      JSON.stringify(good).replace('"timeoutSeconds":', '"__proto__":'),
    ]) {
      expect(text).toContain('__proto__');
      expect(problemsOf(text, 'JSON')).toEqual([
        expect.stringMatching(/^line \d+, column \d+: .*no map key may be __proto__$/),
      ]);
    }
    expect(problemsOf(stringify(good).replace('name:', '__proto__:'), 'YAML')[0]).toMatch(/may be __proto__$/);
    expect(problemsOf(stringify(good).replace('name:', '!!str __proto__:'), 'YAML')[0]).toMatch(/may be __proto__$/);
  });

  it.each<[string, (depth: number) => string]>([
    ['lists', (depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`],
    ['maps', (depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`],
  ])('refuses %s that are nested too deep, at their place, before anything calls itself', (_title, nest) => {
    const text = JSON.stringify(good).replace('"60"', '60,"x":null');
    for (const depth of [97, 1000, 5000, 30_000]) {
      for (const format of ['JSON', 'YAML'] as const) {
        expect(problemsOf(text.replace('null', nest(depth)), format)).toEqual([
          expect.stringMatching(/^line 1, column \d+: the content is nested more than 100 deep$/),
        ]);
      }
    }
    for (const format of ['JSON', 'YAML'] as const) {
      const reading = readDocumentText(text.replace('null', nest(96)), format);
      if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
      expect(readDocumentText(stringify(reading.value), 'YAML').ok).toBe(true);
      expect(substituteParameters(reading.document.mainSteps, {})).toEqual(reading.document.mainSteps);
    }
  });

  it.each(['[', '{', '- ', '? ', '- [', ']', '{a: ', '[a: ', '!a ', '&a ', ': ', '"', '---\n', '? - ', '- ? '])(
    'has an end where %j is written very often',
    (part) => {
      const begin = performance.now();
      for (const format of ['JSON', 'YAML'] as const) {
        const text = part.repeat(60_000 / part.length);
        expect(readDocumentText(text, format).ok).toBe(false);
        expect(readDocumentText(`${part.repeat(60)}x`, format).ok).toBe(false);
      }
      expect(performance.now() - begin).toBeLessThan(3000);
    },
  );

  it('takes no longer for a map of very many members', () => {
    const members = Array.from({ length: 13_000 }, (_, index) => [`member${index}`, 1]);
    const text = JSON.stringify({
      ...good,
      mainSteps: [{ ...good.mainSteps[0], inputs: Object.fromEntries(members) }],
    });
    for (const format of ['JSON', 'YAML'] as const) {
      const begin = performance.now();
      expect(problemsOf(text, format)).toEqual([expect.stringMatching(/runCommand/)]);
      expect(performance.now() - begin).toBeLessThan(900);
    }
  });
});
