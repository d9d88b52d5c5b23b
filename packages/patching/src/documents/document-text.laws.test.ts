import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { describeDocumentProblem, readDocumentText } from './document-text.ts';

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

  it('refuses names that every object has', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const text = JSON.stringify(good).replace('"timeoutSeconds":"60"', `"timeoutSeconds":{"${name}":1}`);
      expect(readDocumentText(text, 'JSON').ok).toBe(false);
    }
  });
});
