import { describe, expect, it } from 'vitest';
import { bashStep, readOrFail, withSteps } from './component.test-support.ts';
import { ComponentParameterError, resolveComponentVariables } from './component-parameters.ts';
import type { MachineQuestion } from './condition.ts';
import { type ComponentResult, type ComponentRun, driveComponent, runComponent } from './run-component.ts';
import {
  type ActionOutcome,
  ComponentReplyError,
  type MachineAnswer,
  type PerformRequest,
  readExecution,
} from './run-requests.ts';

interface Machine {
  readonly perform?: (command: string, request: PerformRequest) => ActionOutcome;
  readonly answer?: (question: MachineQuestion) => MachineAnswer;
  readonly given?: ReadonlyMap<string, string>;
  readonly run?: Partial<ComponentRun>;
}

/** What a step would run, as one text. */
function commandOf({ action }: PerformRequest): string {
  return action.name === 'ExecuteBash'
    ? action.inputs.commands.join('; ')
    : `${action.name} ${JSON.stringify(action.inputs)}`;
}

const echo = (command: string): ActionOutcome =>
  command.startsWith('false') ? readExecution(1, '') : readExecution(0, `${command.replace(/^echo /, '')}\n`);

async function run(text: string, { perform = echo, answer, given = new Map(), run: options = {} }: Machine = {}) {
  const document = readOrFail(text);
  const performed: PerformRequest[] = [];
  const asked: MachineQuestion[] = [];
  const reboots: number[] = [];
  const running = runComponent(document, {
    variables: resolveComponentVariables(document, given),
    canReboot: true,
    ...options,
  });
  const result: ComponentResult = await driveComponent(running, {
    answer: async ({ question }) => {
      asked.push(question);
      return answer?.(question) ?? { kind: 'answer', holds: true };
    },
    perform: async (request) => {
      performed.push(request);
      return perform(commandOf(request), request);
    },
    reboot: async ({ delaySeconds }) => {
      reboots.push(delaySeconds);
    },
  });
  const steps = result.phases.flatMap((phase) => phase.steps);
  return {
    result,
    steps,
    statuses: steps.map(({ status }) => status),
    commands: performed.map(commandOf),
    performed,
    asked,
    reboots,
  };
}

describe('running a component', () => {
  const three = `${withSteps(`${bashStep('a', 'echo 1')}\n${bashStep('b', 'echo 2')}`)}  - name: test\n    steps:\n      - {name: c, action: UpdateOS}\n  - name: validate\n    steps:\n      - {name: d, action: UpdateOS, inputs: {include: [bash]}}\n`;

  it('goes through phases and steps in the order of the document', async () => {
    const { result, commands, performed } = await run(three);
    expect(commands).toEqual([
      'echo 1',
      'echo 2',
      'UpdateOS {"include":[],"exclude":[]}',
      'UpdateOS {"include":["bash"],"exclude":[]}',
    ]);
    expect(result.status).toBe('Success');
    expect(result.phases.map(({ name }) => name)).toEqual(['build', 'test', 'validate']);
    expect(performed[0]).toMatchObject({
      phase: 'build',
      step: 'a',
      attempt: 1,
      iteration: null,
      timeoutSeconds: 7200,
    });
  });

  it('runs only the phases asked for, in the order of the document', async () => {
    const { result } = await run(three, { run: { phases: ['validate', 'build', 'other'] } });
    expect(result.phases.map(({ name }) => name)).toEqual(['build', 'validate']);
  });

  it('writes parameters, constants and outputs into inputs, and never looks at them again', async () => {
    const head =
      "parameters: [{Name: {type: string, default: d}}]\nconstants: [{Braces: {type: string, value: '{{ Name }}'}}]\n";
    const text = withSteps(
      `${bashStep('one', 'echo {{ Name }} {{Braces}} {{.Other}}')}\n${bashStep('two', 'echo [{{ build.one.outputs.stdout }}]')}`,
      head,
    );
    const given = new Map([
      ['Name', '{{ build.one.outputs.stdout }}'],
      ['Braces', 'no'],
      ['Unknown', 'x'],
    ]);
    const { commands } = await run(text, { given });
    expect(commands).toEqual([
      'echo {{ build.one.outputs.stdout }} {{ Name }} {{.Other}}',
      'echo [{{ build.one.outputs.stdout }} {{ Name }} {{.Other}}]',
    ]);
    expect((await run(text)).commands[0]).toBe('echo d {{ Name }} {{.Other}}');
  });

  it('needs a value for each parameter without a default', () => {
    const document = readOrFail(withSteps(bashStep('one', 'true'), 'parameters: [{Name: {type: string}}]\n'));
    expect(() => resolveComponentVariables(document, new Map())).toThrow(ComponentParameterError);
    expect(resolveComponentVariables(document, new Map([['Name', '']])).get('Name')).toBe('');
  });

  it('writes the inputs of an earlier step, its own references replaced', async () => {
    const steps = `- name: make\n  action: CreateFile\n  inputs: [{path: '/{{ Name }}'}]\n${bashStep('read', 'cat {{ build.make.inputs[0].path }}')}`;
    const { commands } = await run(withSteps(steps, 'parameters: [{Name: {type: string, default: n}}]\n'));
    expect(commands[1]).toBe('cat /n');
  });

  it('refers to steps of phases that ran before', async () => {
    const text = `${withSteps(bashStep('one', 'echo built'))}  - name: validate\n    steps:\n${bashStep('two', 'echo {{ build.one.outputs.stdout }}').replaceAll(/^/gm, '      ')}\n`;
    const { steps } = await run(text, { run: { phases: ['build'] } });
    const again = await run(text, { run: { phases: ['validate'], earlier: steps } });
    expect(again.commands).toEqual(['echo built']);
    const alone = await run(text, { run: { phases: ['validate'] } });
    expect(alone.steps[0]).toMatchObject({
      status: 'Failed',
      failureMessage: expect.stringMatching(/step one of phase build did not run/),
    });
  });
});

describe('a step that fails', () => {
  const withFailure = (onFailure: string, ...more: string[]) =>
    withSteps(`${bashStep('bad', 'false', `onFailure: ${onFailure}`, ...more)}\n${bashStep('next', 'echo on')}`);

  it.each([
    ['Abort', ['Failed'], 'Failed'],
    ['Continue', ['Failed', 'Success'], 'Failed'],
    ['Ignore', ['IgnoredFailure', 'Success'], 'SuccessWithIgnoredFailure'],
  ])('with %s leads to steps %j and %s', async (onFailure, statuses, status) => {
    const { result, steps, statuses: got } = await run(withFailure(onFailure));
    expect(got).toEqual(statuses);
    expect(result.status).toBe(status);
    expect(result.phases[0]?.status).toBe(status);
    expect(steps[0]).toMatchObject({ attempts: 1, failureMessage: 'ended with exit code 1', outputs: null });
  });

  it('by Abort lets no later phase begin', async () => {
    const { result } = await run(`${withFailure('Abort')}  - name: test\n    steps: [{name: c, action: UpdateOS}]\n`);
    expect(result.phases.map(({ name }) => name)).toEqual(['build']);
  });

  it('is tried again up to maxAttempts, with a time limit of its own each time', async () => {
    const attempts: number[] = [];
    const { steps, performed } = await run(withSteps(bashStep('one', 'x', 'maxAttempts: 3', 'timeoutSeconds: 5')), {
      perform: (_command, { attempt }) => {
        attempts.push(attempt);
        return attempt < 3 ? { kind: 'timed-out' } : readExecution(0, 'ok');
      },
    });
    expect(attempts).toEqual([1, 2, 3]);
    expect(performed.map(({ timeoutSeconds }) => timeoutSeconds)).toEqual([5, 5, 5]);
    expect(steps[0]).toMatchObject({ status: 'Success', attempts: 3, outputs: [{ stdout: 'ok' }] });
  });

  it('says when it timed out', async () => {
    const { steps } = await run(withSteps(bashStep('one', 'x', 'timeoutSeconds: 5')), {
      perform: () => ({ kind: 'timed-out' }),
    });
    expect(steps[0]).toMatchObject({ status: 'Failed', failureMessage: 'timed out after 5 seconds' });
  });

  it('fails a step that wants its output, unless that is ignored', async () => {
    const text = withSteps(
      `${bashStep('bad', 'false', 'onFailure: Ignore')}\n${bashStep('next', 'echo {{ build.bad.outputs.stdout }}', 'onFailure: Ignore')}`,
    );
    const { statuses, commands, steps } = await run(text);
    expect(statuses).toEqual(['IgnoredFailure', 'IgnoredFailure']);
    expect(commands).toEqual(['false']);
    expect(steps[1]?.failureMessage).toBe(
      '{{ build.bad.outputs.stdout }} has no value: step bad of phase build failed',
    );
  });

  it('fails a step that wants the inputs or outputs of one that was skipped', async () => {
    const skipped = bashStep('no', 'x', 'if: {stringIsEmpty: a}');
    const make = '- name: make\n  action: CreateFile\n  if: {stringIsEmpty: a}\n  inputs: [{path: /a}]';
    for (const [step, reference] of [
      [skipped, '{{ build.no.outputs.stdout }}'],
      [make, '{{ build.make.inputs[0].path }}'],
    ] as const) {
      const { steps } = await run(withSteps(`${step}\n${bashStep('next', reference)}`));
      expect(steps.map(({ status }) => status)).toEqual(['Skipped', 'Failed']);
      expect(steps[1]?.failureMessage).toMatch(/ has no value: step \w+ of phase build was skipped$/);
    }
  });

  it('whose inputs are wrong once references have values runs nothing', async () => {
    const step = '- name: make\n  action: CreateFile\n  inputs: [{path: /a, permissions: "{{ Mode }}"}]';
    const { steps, commands } = await run(withSteps(step, 'parameters: [{Mode: {type: string, default: rwx}}]\n'));
    expect(commands).toEqual([]);
    expect(steps[0]?.failureMessage).toMatch(/^inputs\[0\]\.permissions: expected octal digits/);
  });
});

describe('a loop', () => {
  const loop = (lines: readonly string[], command: string, ...more: string[]) =>
    withSteps(bashStep('one', command, ...more, 'loop:', ...lines.map((line) => `  ${line}`)));

  it.each([
    ['for: {start: 1, end: 7, updateBy: 3}', ['0:1', '1:4', '2:7']],
    ['for: {start: 1, end: 6, updateBy: 3}', ['0:1', '1:4']],
    ['for: {start: 2, end: -2, updateBy: -2}', ['0:2', '1:0', '2:-2']],
    ['for: {start: 3, end: 3, updateBy: -1}', ['0:3']],
    ['forEach: [a, "b c", 5]', ['0:a', '1:b c', '2:5']],
    ['forEach: {list: "a,b c,,d"}', ['0:a', '1:b c', '2:', '3:d']],
    ['forEach: {list: "a\\nb", delimiter: "\\n"}', ['0:a', '1:b']],
    ['forEach: {list: ""}', []],
  ])('over %s runs %j', async (written, expected) => {
    const { commands, statuses } = await run(loop([written], 'echo {{ loop.index }}:{{ loop.value }}'));
    expect(commands).toEqual(expected.map((each) => `echo ${each}`));
    expect(statuses).toEqual(['Success']);
  });

  it('has its own name, and runs over what an earlier step said', async () => {
    const text = withSteps(
      `${bashStep('say', 'echo a b')}\n${bashStep('one', 'echo {{ Round.index }}{{ Round.value }}', 'loop: {name: Round, forEach: {list: "{{ build.say.outputs.stdout }}", delimiter: " "}}')}`,
    );
    const { commands, steps } = await run(text);
    expect(commands.slice(1)).toEqual(['echo 0a', 'echo 1b']);
    expect(steps[1]?.outputs).toEqual([{ stdout: '0a\n1b' }]);
  });

  it.each([
    ['Abort', ['a', 'false'], [1], 'Failed', [{ stdout: 'a' }]],
    ['Continue', ['a', 'false', 'c', 'false'], [1, 3], 'Failed', [{ stdout: 'a\nc' }]],
    ['Ignore', ['a', 'false', 'c', 'false'], [1, 3], 'IgnoredFailure', [{ stdout: 'a\nc' }]],
  ])('in which an iteration fails with %s runs %j', async (onFailure, commands, failed, status, outputs) => {
    const got = await run(loop(['forEach: [a, "false", c, "false"]'], '{{ loop.value }}', `onFailure: ${onFailure}`));
    expect(got.commands).toEqual(commands);
    expect(got.steps[0]).toMatchObject({ status, failedIterations: failed, outputs });
    expect(got.steps[0]?.failureMessage).toBe(`iteration ${failed.join(', ')} failed: ended with exit code 1`);
  });

  it('is tried again from its beginning', async () => {
    const { commands, steps } = await run(loop(['forEach: [a, b]'], '{{ loop.value }}', 'maxAttempts: 2'), {
      perform: (command, { attempt }) => readExecution(command === 'b' && attempt === 1 ? 1 : 0, command),
    });
    expect(commands).toEqual(['a', 'b', 'a', 'b']);
    expect(steps[0]).toMatchObject({ status: 'Success', attempts: 2, outputs: [{ stdout: 'a\nb' }] });
  });

  it('that times out runs no other iteration', async () => {
    const { commands, steps } = await run(
      loop(['forEach: [a, b]'], '{{ loop.value }}', 'onFailure: Continue', 'timeoutSeconds: 9'),
      {
        perform: () => ({ kind: 'timed-out' }),
      },
    );
    expect(commands).toEqual(['a']);
    expect(steps[0]?.failureMessage).toBe('its loop timed out after 9 seconds');
  });

  it('of more iterations than there may be fails', async () => {
    const list = { given: new Map([['List', 'a,'.repeat(10_000)]]) };
    const step = bashStep('one', 'x', 'loop: {forEach: {list: "{{ List }}"}}', 'onFailure: Ignore');
    const { steps, commands } = await run(withSteps(step, 'parameters: [{List: {type: string}}]\n'), list);
    expect(commands).toEqual([]);
    expect(steps[0]?.failureMessage).toBe('its loop has more than 10000 iterations');
  });

  it('that fails without asking the machine anything is not tried again', async () => {
    const step = '- name: one\n  action: Assert\n  maxAttempts: 1000000000\n  inputs: {stringIsEmpty: x}';
    const { steps } = await run(withSteps(step));
    expect(steps[0]).toMatchObject({ status: 'Failed', attempts: 1 });
  });

  it('of Asserts that ask the machine is tried again', async () => {
    const step = '- name: one\n  action: Assert\n  maxAttempts: 3\n  inputs: {fileExists: /a}';
    let times = 0;
    const { steps, asked } = await run(withSteps(step), {
      answer: () => ({ kind: 'answer', holds: (times += 1) === 3 }),
    });
    expect(asked).toHaveLength(3);
    expect(steps[0]).toMatchObject({ status: 'Success', attempts: 3 });
  });
});

describe('a reboot', () => {
  const reboot = '- name: again\n  action: Reboot\n  inputs: {delaySeconds: 5}';

  it('by action goes on with the next step', async () => {
    const { reboots, statuses, commands } = await run(withSteps(`${reboot}\n${bashStep('next', 'echo')}`));
    expect(reboots).toEqual([5]);
    expect(statuses).toEqual(['Success', 'Success']);
    expect(commands).toEqual(['echo']);
  });

  it('by exit code 194 runs the same step again, as the same attempt', async () => {
    let times = 0;
    const { reboots, performed, statuses } = await run(withSteps(bashStep('one', 'x')), {
      perform: () => readExecution((times += 1) === 1 ? 194 : 0, ''),
    });
    expect(reboots).toEqual([0]);
    expect(performed.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(statuses).toEqual(['Success']);
  });

  it.each([
    ['action', reboot],
    ['exit code', bashStep('one', 'x')],
  ])('by %s fails where nothing can reboot', async (_how, step) => {
    const { steps, reboots } = await run(withSteps(step), {
      perform: () => readExecution(194, ''),
      run: { canReboot: false },
    });
    expect(reboots).toEqual([]);
    expect(steps[0]).toMatchObject({
      status: 'Failed',
      failureMessage: 'it asks for a reboot, and this root cannot reboot',
    });
  });

  it('leads to the same place when the replies are given again, and the condition is not asked again', () => {
    const document = readOrFail(withSteps(`${bashStep('one', 'x', 'if: {fileExists: /a}')}\n${bashStep('two', 'y')}`));
    const options = { variables: new Map<string, string>(), canReboot: true };
    const replies = [
      { kind: 'answer', holds: true },
      { kind: 'outcome', outcome: { kind: 'reboot' } },
      { kind: 'rebooted' },
    ] as const;
    const first = runComponent(document, options);
    const second = runComponent(document, options);
    first.next();
    second.next();
    for (const reply of replies) first.next(reply);
    let request = second.next(replies[0]);
    for (const reply of replies.slice(1)) request = second.next(reply);
    expect(request.value).toMatchObject({ kind: 'perform', step: 'one', attempt: 1 });
  });
});

describe('who runs a component', () => {
  it('is told of a reply to another request', () => {
    const running = runComponent(readOrFail(withSteps(bashStep('one', 'x'))), {
      variables: new Map(),
      canReboot: false,
    });
    running.next();
    expect(() => running.next({ kind: 'rebooted' })).toThrow(ComponentReplyError);
  });

  it('cannot let a component that ExecuteDocument runs use it again', async () => {
    const text = withSteps('- {name: other, action: ExecuteDocument, inputs: {document: a.yaml}}');
    expect((await run(text)).commands).toHaveLength(0 + 1);
    const nested = await run(text, { run: { isNested: true } });
    expect(nested.commands).toEqual([]);
    expect(nested.steps[0]?.failureMessage).toMatch(/cannot use ExecuteDocument itself/);
  });

  it('gets the output of a script without its last line ends', () => {
    expect(readExecution(0, 'a\n\nb\n\n')).toEqual({ kind: 'succeeded', outputs: [{ stdout: 'a\n\nb' }] });
    expect(readExecution(137, 'a')).toEqual({ kind: 'failed', message: 'ended with exit code 137' });
  });
});

describe('a component that grows', () => {
  it('fails where its references come to more than fits, instead of filling the memory', async () => {
    const grow = Array.from({ length: 40 }, (_, index) => {
      const before = index === 0 ? 'aaaaaaaa' : `{{ build.s${index - 1}.inputs[0].content }}`;
      return `- name: s${index}\n  action: CreateFile\n  inputs: [{path: /a, content: '${before}${before}'}]`;
    });
    const { steps } = await run(withSteps(grow.join('\n')));
    expect(steps.at(-1)).toMatchObject({
      status: 'Failed',
      failureMessage: 'its references come to more than 1048576 characters',
    });
    expect(steps.length).toBeLessThan(20);
  });
});
