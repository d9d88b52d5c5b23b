import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { actionNames, findInputProblems, readAction } from './action-inputs.ts';
import { readCondition } from './condition.ts';
import { iterationsOf, readLoop } from './loop.ts';
import { readComponentDocument } from './read-component.ts';
import { findExpressions, readReference, substituteExpressions, substituteInputs } from './references.ts';
import { runComponent } from './run-component.ts';
import type { ComponentReply, ComponentRequest } from './run-requests.ts';
import { joinOutputs } from './step-scope.ts';

const good = {
  name: 'a',
  schemaVersion: '1.0',
  parameters: [{ Name: { type: 'string', default: 'd', description: 'x' } }],
  constants: [{ Fixed: { type: 'string', value: 'v' } }],
  phases: [
    {
      name: 'build',
      steps: [
        {
          name: 'one',
          action: 'ExecuteBash',
          if: { and: [{ fileExists: '/a' }, { not: { stringEquals: 'a', value: '{{ Name }}' } }], else: 'Execute' },
          loop: { name: 'Round', forEach: { list: '{{ Name }}', delimiter: ',' } },
          timeoutSeconds: 60,
          onFailure: 'Continue',
          maxAttempts: 2,
          inputs: { commands: ['echo {{ Round.value }}'] },
        },
        { name: 'two', action: 'CreateFile', inputs: [{ path: '/{{ build.one.outputs.stdout }}', overwrite: true }] },
        {
          name: 'three',
          action: 'ExecuteBash',
          loop: { for: { start: 1, end: 3, updateBy: 1 } },
          inputs: { commands: ['x'] },
        },
      ],
    },
    { name: 'test', steps: [{ name: 'sure', action: 'Assert', inputs: { numberEquals: 1, value: 2 } }] },
  ],
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

const reply = fc.constantFrom<(request: ComponentRequest) => ComponentReply>(
  ({ kind }) => answerFor(kind, { kind: 'succeeded', outputs: [{ stdout: 'a,b', files: 'f' }] }, true),
  ({ kind }) => answerFor(kind, { kind: 'succeeded', outputs: [] }, false),
  ({ kind }) => answerFor(kind, { kind: 'failed', message: 'no' }, false),
  ({ kind }) => answerFor(kind, { kind: 'timed-out' }, true),
  ({ kind }) => answerFor(kind, { kind: 'reboot' }, true),
);

function answerFor(
  kind: ComponentRequest['kind'],
  outcome: Extract<ComponentReply, { kind: 'outcome' }>['outcome'],
  holds: boolean,
): ComponentReply {
  if (kind === 'reboot') return { kind: 'rebooted' };
  return kind === 'ask' ? { kind: 'answer', holds } : { kind: 'outcome', outcome };
}

describe('component documents', () => {
  it('are read or refused with problems, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), (text) => {
        expect(readComponentDocument(text).ok).toBe(false);
      }),
    );
  });

  it('with anything in one place are read or refused with a line, in YAML as in JSON', () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('{{ Name }}', '{{ build.one.outputs.stdout }}', 'Reboot', '__proto__', -1),
    );
    fc.assert(
      fc.property(odd, fc.integer({ min: 1, max: 60 }), (value, place) => {
        const document = changed(good, value, place);
        const readings = [stringify(document), JSON.stringify(document, null, 1)].map(readComponentDocument);
        for (const reading of readings) {
          if (reading.ok) continue;
          expect(reading.problems).not.toEqual([]);
          for (const { line, message } of reading.problems) {
            expect(line).toBeGreaterThan(0);
            expect(message).not.toMatch(/^Invalid input|undefined$/);
          }
        }
        expect(readings[0]?.ok).toBe(readings[1]?.ok);
      }),
      { numRuns: 500 },
    );
  });

  it('come to an end whatever the machine replies, and to the same end by the same replies', () => {
    const reading = readComponentDocument(JSON.stringify(good));
    if (!reading.ok) throw new Error('refused');
    const options = {
      variables: new Map([
        ['Name', 'a,b'],
        ['Fixed', 'v'],
      ]),
      canReboot: true,
    };
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 60 }), (replies) => {
        const given: ComponentReply[] = [];
        const running = runComponent(reading.document, options);
        let next = running.next();
        // A machine that always reboots never comes to an end; after the replies given it succeeds.
        for (let index = 0; !next.done; index += 1) {
          const answer =
            replies[index]?.(next.value) ?? answerFor(next.value.kind, { kind: 'succeeded', outputs: [] }, true);
          given.push(answer);
          next = running.next(answer);
        }
        const again = runComponent(reading.document, options);
        let last = again.next();
        for (const each of given) last = again.next(each);
        expect(last).toEqual(next);
        const { status, phases } = next.value;
        const statuses = phases.flatMap(({ steps }) => steps.map((step) => step.status));
        expect(status === 'Failed').toBe(statuses.includes('Failed'));
        if (status === 'Success') expect(statuses.every((each) => each === 'Success' || each === 'Skipped')).toBe(true);
      }),
    );
  });
});

describe('substitution', () => {
  const value = fc.oneof(fc.string(), fc.constantFrom('{{ A }}', '$&', '$1', '}}', '{{', '\\'));
  const piece = fc.oneof(fc.stringMatching(/^[^{}]*$/), fc.constantFrom('{', '}', '${x}', '{{.Names}}', '{{ a.b.c }}'));

  it('replaces exactly the expressions that have a value, and never looks at what it wrote', () => {
    fc.assert(
      fc.property(piece, value, piece, value, piece, (before, first, between, second, after) => {
        // A brace right beside an expression would make another one of it.
        const parts = [before, between, after].map((part) => ` ${part} `);
        const text = `${parts[0]}{{ A }}${parts[1]}{{B}}${parts[2]}`;
        const values = new Map([
          ['A', first],
          ['B', second],
        ]);
        const expected = `${parts[0]}${first}${parts[1]}${second}${parts[2]}`;
        expect(substituteExpressions(text, (expression) => values.get(expression))).toBe(expected);
      }),
    );
  });

  it('leaves a value as it is where no expression has a value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(substituteInputs(json, () => undefined)).toEqual(json);
      }),
    );
  });

  it('finds as many expressions as it replaces', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.constantFrom('{{ A }}', '{{a.b}}'))), (pieces) => {
        const text = pieces.join('');
        const found: string[] = [];
        substituteExpressions(text, (expression) => {
          found.push(expression);
          return undefined;
        });
        expect(found).toEqual(findExpressions(text));
      }),
    );
  });

  it('reads every reference it can write', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/);
    fc.assert(
      fc.property(
        name,
        name,
        name,
        fc.option(fc.nat(99)),
        fc.constantFrom('inputs', 'outputs'),
        (phase, step, variable, index, side) => {
          const text = `${phase}.${step}.${side}${index === null ? '' : `[${index}]`}.${variable}`;
          expect(readReference(text)).toEqual({ kind: 'chain', phase, step, side, index, variable });
          expect(readReference(phase)).toEqual({ kind: 'name', name: phase });
        },
      ),
    );
  });
});

describe('inputs, conditions and loops', () => {
  it('are read or refused, whatever they are', () => {
    fc.assert(
      fc.property(fc.constantFrom(...actionNames), fc.jsonValue(), (action, value) => {
        findInputProblems(action, value);
        readAction(action, value);
        readCondition(value, [], () => undefined);
        readLoop(value, [], () => undefined);
      }),
    );
  });

  it('of a range run from its start to at most its end, step by step', () => {
    const small = fc.integer({ min: -20, max: 20 });
    fc.assert(
      fc.property(small, small, small, (start, end, updateBy) => {
        const said: string[] = [];
        const range = { start: String(start), end: String(end), updateBy: String(updateBy) };
        const loop = readLoop({ for: range }, [], (_path, message) => said.push(message));
        const isEndless = updateBy === 0 || (end - start) * updateBy < 0;
        expect(loop === null).toBe(isEndless);
        expect(said.length > 0).toBe(isEndless);
        if (loop === null) return;
        const values = [...iterationsOf(loop, (text) => text)].map(({ value }) => Number(value));
        expect(values[0]).toBe(start);
        const last = values.at(-1) ?? Number.NaN;
        expect((end - last) * Math.sign(updateBy)).toBeGreaterThanOrEqual(0);
        expect((end - last - updateBy) * Math.sign(updateBy)).toBeLessThan(0);
        expect(values.slice(1).every((value, index) => value - (values[index] ?? 0) === updateBy)).toBe(true);
      }),
    );
  });

  it('join outputs in order', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]*$/), { minLength: 1 }), (texts) => {
        const joined = texts.reduce<ReturnType<typeof joinOutputs> | null>(
          (before, stdout) => joinOutputs(before, [{ stdout }]),
          null,
        );
        expect(joined).toEqual([{ stdout: texts.join('\n') }]);
      }),
    );
  });
});
