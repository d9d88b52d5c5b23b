import { CommandDocument, resolveParameters } from '@patchbay/patching';
import { describe, expect, it } from 'vitest';
import type { CommandOutput } from '../machine/index.ts';
import { noDownloads } from '../test-support/no-downloads.ts';
import { createRecordingMachine, type RecordingMachine } from '../test-support/recording-machine.ts';
import { commandId, shellDocument } from '../test-support/signed-commands.ts';
import { runDocument } from './run-document.ts';
import type { DocumentResult } from './step-result.ts';

type Steps = Parameters<typeof shellDocument>[0];

async function run(
  steps: Steps,
  options: {
    readonly parameters?: Record<string, unknown>;
    readonly given?: Record<string, string[]>;
    readonly answer?: (script: string) => Partial<CommandOutput>;
    readonly isCancelled?: () => boolean;
    readonly signal?: AbortSignal;
    readonly nested?: Readonly<Record<string, Record<string, unknown>>>;
    /** Null where exit code 194 leads to a reboot. */
    readonly rebootRefusal?: string | null;
  } = {},
): Promise<DocumentResult & { machine: RecordingMachine }> {
  const document = CommandDocument.parse(
    shellDocument(steps, options.parameters ?? { wanted: { type: 'Boolean', default: true } }),
  );
  const resolved = resolveParameters(document, options.given ?? {});
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
  // A script `exit 3` answers 3, and any other text 0.
  const machine = createRecordingMachine(
    options.answer ?? ((script) => ({ exitCode: Number(/exit (\d+)/.exec(script)?.[1] ?? 0) })),
  );
  const result = await runDocument({
    commandId,
    document,
    values: resolved.values,
    nested: new Map(
      Object.entries(options.nested ?? {}).map(([name, content]) => [name, CommandDocument.parse(content)]),
    ),
    machine,
    downloads: noDownloads,
    signal: options.signal ?? new AbortController().signal,
    rebootRefusal: options.rebootRefusal === undefined ? 'No reboots here.' : options.rebootRefusal,
    isCancelled: options.isCancelled ?? (() => false),
    now: () => new Date('2026-11-22T10:00:00.000Z'),
    onStepStarted: () => {},
    onStepFinished: () => {},
  });
  return { ...result, machine };
}

const ok = (name: string, more: Record<string, unknown> = {}) => ({ name, inputs: { runCommand: ['true'], ...more } });
const failing = (name: string, more: Record<string, unknown> = {}, code = 3) => ({
  name,
  inputs: { runCommand: [`exit ${code}`], ...more },
});

describe('the steps of a document', () => {
  it.each<[string, Steps, string, string[]]>([
    ['run one after another', [ok('a'), ok('b')], 'Success', ['Success', 'Success']],
    ['go on after a failed one', [failing('a'), ok('b')], 'Failed', ['Failed', 'Success']],
    ['end after onFailure exit', [failing('a', { onFailure: 'exit' }), ok('b')], 'Failed', ['Failed', 'Skipped']],
    [
      'end with success after onFailure successAndExit',
      [failing('a', { onFailure: 'successAndExit' }), ok('b')],
      'Success',
      ['Success', 'Skipped'],
    ],
    ['end after onSuccess exit', [ok('a', { onSuccess: 'exit' }), ok('b')], 'Success', ['Success', 'Skipped']],
    [
      'go on when onSuccess exit failed',
      [failing('a', { onSuccess: 'exit' }), ok('b')],
      'Failed',
      ['Failed', 'Success'],
    ],
    [
      'always run a finallyStep',
      [failing('a', { onFailure: 'exit' }), ok('b'), ok('c', { finallyStep: true })],
      'Failed',
      ['Failed', 'Skipped', 'Success'],
    ],
    ['end with success at exit code 168', [failing('a', {}, 168), failing('b')], 'Success', ['Success', 'Skipped']],
    ['end with failure at exit code 169', [failing('a', {}, 169), ok('b')], 'Failed', ['Failed', 'Skipped']],
    ['fail at exit code 194, which asks for a reboot', [failing('a', {}, 194)], 'Failed', ['Failed']],
    [
      'are skipped when their precondition is not met',
      [{ ...ok('a'), precondition: { StringEquals: ['platformType', 'Windows'] } }],
      'Skipped',
      ['Skipped'],
    ],
    [
      'run when a parameter has the value that their precondition wants',
      [{ ...ok('a'), precondition: { StringEquals: ['{{ wanted }}', 'true'] } }],
      'Success',
      ['Success'],
    ],
    [
      'are skipped when it has another one',
      [{ ...ok('a'), precondition: { StringEquals: ['{{ wanted }}', 'false'] } }, ok('b')],
      'Success',
      ['Skipped', 'Success'],
    ],
    [
      'run when their precondition is met',
      [{ ...ok('a'), precondition: { StringEquals: ['platformType', 'Linux'] } }],
      'Success',
      ['Success'],
    ],
    ['are skipped when their plugin is for Windows', [{ ...ok('a'), action: 'aws:psModule' }], 'Skipped', ['Skipped']],
    ['fail when their plugin is unknown', [{ ...ok('a'), action: 'aws:runDockerAction' }], 'Failed', ['Failed']],
    ['fail when their time limit makes no sense', [ok('a', { timeoutSeconds: '0' })], 'Failed', ['Failed']],
    ['fail when they have no script', [{ name: 'a', inputs: {} }], 'Failed', ['Failed']],
  ])('%s', async (_case, steps, status, stepStatuses) => {
    const result = await run(steps);
    expect(result.status).toBe(status);
    expect(result.steps.map((step) => step.status)).toEqual(stepStatuses);
  });

  it('time out', async () => {
    const result = await run([ok('a', { timeoutSeconds: 5 }), ok('b')], {
      answer: () => ({ exitCode: null, signal: 'SIGKILL', isTimedOut: true }),
    });
    expect(result).toMatchObject({ status: 'TimedOut', steps: [{ status: 'TimedOut', code: 137 }, {}] });
    expect(result.machine.commands[0]?.timeoutSeconds).toBe(5);
  });

  it('are not begun after a cancellation, a finallyStep neither', async () => {
    let steps = 0;
    const result = await run([ok('a'), ok('b'), ok('c', { finallyStep: true })], {
      answer: () => {
        steps += 1;
        return {};
      },
      isCancelled: () => steps > 0,
    });
    expect(result.steps.map((step) => step.status)).toEqual(['Success', 'Cancelled', 'Cancelled']);
    expect(result.status).toBe('Cancelled');
  });

  it('are not begun when the agent was stopped', async () => {
    const result = await run([ok('a')], { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ status: 'Failed', steps: [{ standardError: expect.stringMatching(/stopped/) }] });
    expect(result.machine.commands).toEqual([]);
  });
});

describe('parameters of a document', () => {
  const parameters = {
    words: { type: 'StringList' },
    place: { type: 'String', default: '/srv', interpolationType: 'ENV_VAR' },
    limit: { type: 'Integer', default: 60 },
  };
  const step = {
    name: 'a',
    inputs: {
      runCommand: ['{{ words }}', '{{ limit }}', 'echo {{ place }} "$SSM_place"'],
      timeoutSeconds: '{{ limit }}',
    },
  };

  it('are written into the script, but for those that go into the environment', async () => {
    const { machine } = await run([step], { parameters, given: { words: ['one', 'two'], place: ['$(reboot)'] } });
    const [command] = machine.commands;
    expect(machine.scripts.get(command?.argv[4] ?? '')).toBe('one\ntwo\n60\necho {{ place }} "$SSM_place"\n');
    expect(command?.environment).toMatchObject({ SSM_place: '$(reboot)' });
    expect(command?.timeoutSeconds).toBe(60);
  });
});

describe('a step that runs a document', () => {
  const call = (documentPath: string, more: object = {}) => ({
    name: 'call',
    action: 'aws:runDocument',
    inputs: { documentType: 'SSMDocument', documentPath, ...more },
  });
  const hook = shellDocument(
    [
      { name: 'first', inputs: { runCommand: ['exit {{ code }}'] } },
      { name: 'second', inputs: { runCommand: ['exit 0'] } },
    ],
    { code: { type: 'String', default: '0' } },
  );

  it('ends as the document does, with the outputs of its steps', async () => {
    const { status, steps } = await run([call('Hook', { documentParameters: { code: '3' } })], {
      nested: { Hook: hook },
      answer: (script) => ({ exitCode: Number(/exit (\d+)/.exec(script)?.[1]), stdout: 'said\n' }),
    });
    expect(status).toBe('Failed');
    expect(steps).toMatchObject([{ name: 'call', status: 'Failed', code: 3 }]);
    expect(steps[0]?.standardOutput).toBe('first:\nsaid\nsecond:\nsaid\n');
  });

  it('fails where the document asks for a reboot, since its earlier steps would run again', async () => {
    const { status, steps } = await run([call('Hook', { documentParameters: { code: '194' } })], {
      nested: { Hook: hook },
      rebootRefusal: null,
    });
    expect(status).toBe('Failed');
    expect(steps).toMatchObject([{ status: 'Failed', standardError: expect.stringMatching(/194 asks for a reboot/) }]);
  });

  it('keeps the scripts of its steps apart', async () => {
    const { machine } = await run([call('Hook'), { ...call('Hook'), name: 'again' }], { nested: { Hook: hook } });
    expect(machine.scripts.size).toBe(4);
  });

  it.each<[string, object, RegExp]>([
    ['Other', {}, /did not sign the document Other along/],
    ['constructor', {}, /did not sign/],
    ['Hook', { documentParameters: { colour: 'red' } }, /colour is not defined/],
    ['Hook', { documentParameters: '{' }, /no JSON object/],
    ['Hook', { documentParameters: { code: '{{ssm:code}}' } }, /Parameter Store/],
    ['Hook', { documentType: 'Elsewhere' }, /documentType/],
    ['Hook', { documentType: 'LocalPath' }, /no document .*\/downloads\/Hook on this node/],
  ])('fails where it cannot: %s %j', async (documentPath, more, reason) => {
    const { steps, machine } = await run([call(documentPath, more)], { nested: { Hook: hook } });
    expect(steps[0]).toMatchObject({ status: 'Failed', standardError: expect.stringMatching(reason) });
    expect(machine.commands).toEqual([]);
  });

  it('does not follow documents that run each other without end', async () => {
    const loop = { schemaVersion: '2.2', mainSteps: [call('Loop')] };
    const { steps } = await run([call('Loop')], { nested: { Loop: loop } });
    expect(steps[0]).toMatchObject({ status: 'Failed', standardError: expect.stringMatching(/nested deeper than 3/) });
  });
});
