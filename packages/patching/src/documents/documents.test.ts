import { describe, expect, it } from 'vitest';
import { builtInDocuments } from './built-in-documents.ts';
import { CommandDocument } from './command-document.ts';
import { resolveParameters } from './resolve-parameters.ts';
import { substituteParameters } from './substitute-parameters.ts';

function documentOf(parameters: unknown, mainSteps?: unknown): CommandDocument {
  const step = { action: 'aws:runShellScript', name: 'run', inputs: { runCommand: ['true'] } };
  return CommandDocument.parse({ schemaVersion: '2.2', parameters, mainSteps: mainSteps ?? [step] });
}

function builtIn(name: string): CommandDocument {
  const found = builtInDocuments[name];
  if (found === undefined) throw new RangeError(name);
  return found;
}

describe('CommandDocument', () => {
  const step = { action: 'aws:runShellScript', name: 'run', inputs: {} };

  it.each([
    ['another schema version', { schemaVersion: '1.2', mainSteps: [step] }, 'schemaVersion'],
    ['no step', { schemaVersion: '2.2', mainSteps: [] }, 'mainSteps'],
    ['a step name used twice', { schemaVersion: '2.2', mainSteps: [step, step] }, 'mainSteps.1.name'],
    [
      'a finallyStep that is not the last',
      {
        schemaVersion: '2.2',
        mainSteps: [
          { ...step, inputs: { finallyStep: true } },
          { ...step, name: 'two' },
        ],
      },
      'mainSteps.0.inputs.finallyStep',
    ],
    [
      'an onFailure that AWS has not',
      { schemaVersion: '2.2', mainSteps: [{ ...step, inputs: { onFailure: 'retry' } }] },
      'mainSteps.0.inputs.onFailure',
    ],
    [
      'a precondition with more than StringEquals',
      {
        schemaVersion: '2.2',
        mainSteps: [{ ...step, precondition: { StringEquals: ['a', 'a'], StringNotEquals: ['a', 'b'] } }],
      },
      'mainSteps.0.precondition',
    ],
    [
      'a precondition other than StringEquals',
      { schemaVersion: '2.2', mainSteps: [{ ...step, precondition: { StringLike: ['a', 'b'] } }] },
      'mainSteps.0.precondition.StringEquals',
      'mainSteps.0.precondition',
    ],
    [
      'a parameter of another type',
      { schemaVersion: '2.2', parameters: { a: { type: 'SecureString' } }, mainSteps: [step] },
      'parameters.a.type',
    ],
    [
      'a default of the wrong kind',
      { schemaVersion: '2.2', parameters: { a: { type: 'StringList', default: 'x' } }, mainSteps: [step] },
      'parameters.a.default',
    ],
    [
      'a pattern that is none',
      { schemaVersion: '2.2', parameters: { a: { type: 'String', allowedPattern: '(' } }, mainSteps: [step] },
      'parameters.a.allowedPattern',
    ],
  ])('refuses %s', (_, document, ...paths) => {
    const result = CommandDocument.safeParse(document);
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toEqual(paths);
  });
});

describe('built-in documents', () => {
  it.each(Object.entries(builtInDocuments))('%s is a valid document', (_, document) => {
    expect(CommandDocument.parse(document)).toEqual(document);
  });

  it('AWS-RunPatchBaseline fills in the defaults of AWS', () => {
    const resolution = resolveParameters(builtIn('AWS-RunPatchBaseline'), { Operation: ['Scan'] });
    expect(resolution).toEqual({
      ok: true,
      values: {
        Operation: 'Scan',
        AssociationId: '',
        SnapshotId: '',
        InstallOverrideList: '',
        BaselineOverride: '',
        RebootOption: 'RebootIfNeeded',
      },
    });
  });

  it.each([
    [{}, 'Parameter Operation is required'],
    [{ Operation: ['scan'] }, 'is not allowed; use one of: Scan, Install'],
    [{ Operation: ['Scan', 'Install'] }, 'takes exactly one value, not 2'],
    [{ Operation: [] }, 'takes exactly one value, not 0'],
    [
      { Operation: ['Scan'], Colour: ['red'] },
      'Parameter Colour is not defined in the document; it defines: Operation',
    ],
    [{ Operation: ['Scan'], SnapshotId: ['1'] }, 'does not match the pattern'],
    [{ Operation: ['Scan'], BaselineOverride: ['https://a.test/$(reboot)'] }, 'does not match the pattern'],
    [{ Operation: ['Scan'], BaselineOverride: ['file:///etc/passwd'] }, 'does not match the pattern'],
  ])('AWS-RunPatchBaseline refuses %j', (given, words) => {
    const resolution = resolveParameters(builtIn('AWS-RunPatchBaseline'), given);
    expect(resolution.ok ? [] : resolution.problems.map(({ message }) => message)).toEqual([
      expect.stringContaining(words),
    ]);
  });

  it.each([
    ['1', true],
    ['172800', true],
    ['172801', false],
    ['0', false],
    ['1; reboot', false],
  ])('AWS-RunShellScript takes an executionTimeout of %s: %s', (executionTimeout, ok) => {
    const given = { commands: ['true'], executionTimeout: [executionTimeout] };
    expect(resolveParameters(builtIn('AWS-RunShellScript'), given).ok).toBe(ok);
  });

  it('AWS-RunShellScript becomes a step that an agent can run', () => {
    const document = builtIn('AWS-RunShellScript');
    const resolution = resolveParameters(document, { commands: ['echo "{{ workingDirectory }}"', 'id'] });
    if (!resolution.ok) throw new Error('refused');
    expect(substituteParameters(document.mainSteps[0]?.inputs, resolution.values)).toEqual({
      runCommand: ['echo "{{ workingDirectory }}"', 'id'],
      workingDirectory: '',
      timeoutSeconds: '3600',
    });
  });
});

describe('resolveParameters', () => {
  it('checks lengths and counts', () => {
    const document = documentOf({ names: { type: 'StringList', minItems: 1, maxItems: 2, minChars: 2, maxChars: 3 } });
    expect(resolveParameters(document, { names: ['ab', 'abc'] })).toEqual({
      ok: true,
      values: { names: ['ab', 'abc'] },
    });
    expect(resolveParameters(document, { names: [] }).ok).toBe(false);
    expect(resolveParameters(document, { names: ['ab', 'ab', 'ab'] }).ok).toBe(false);
    expect(resolveParameters(document, { names: ['a'] }).ok).toBe(false);
    expect(resolveParameters(document, { names: ['abcd'] }).ok).toBe(false);
  });

  it('does not take an inherited name for a parameter', () => {
    expect(resolveParameters(documentOf({}), { constructor: ['x'] }).ok).toBe(false);
  });

  it('takes no value that is nested too deep to be written', () => {
    const document = documentOf({ map: { type: 'StringMap' } });
    const nested = (depth: number) => ({ map: [`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`] });
    expect(resolveParameters(document, nested(99)).ok).toBe(true);
    expect(resolveParameters(document, nested(100)).ok).toBe(false);
    expect(resolveParameters(document, nested(30_000)).ok).toBe(false);
  });
});

describe('substituteParameters', () => {
  const parameters = { name: 'web', list: ['a', 'b'], tricky: '{{ name }}' };

  it.each([
    ['{{ name }}', 'web'],
    ['{{name}}', 'web'],
    ['x-{{ name }}-{{name}}', 'x-web-web'],
    ['{{ list }}', ['a', 'b']],
    ['all: {{ list }}', 'all: ["a","b"]'],
    [
      ['{{ list }}', 'c'],
      ['a', 'b', 'c'],
    ],
    ['{{ unknown }}', '{{ unknown }}'],
    ['{{ssm:secret}}', '{{ssm:secret}}'],
    ['{{ constructor }}', '{{ constructor }}'],
    ['{{ tricky }}', '{{ name }}'],
    [
      { a: ['{{ name }}', 1], b: true, c: null },
      { a: ['web', 1], b: true, c: null },
    ],
  ])('writes %j as %j', (value, expected) => {
    expect(substituteParameters(value, parameters)).toEqual(expected);
  });
});
