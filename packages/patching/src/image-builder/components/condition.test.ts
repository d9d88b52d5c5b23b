import { describe, expect, it } from 'vitest';
import { bashStep, readOrFail, withSteps } from './component.test-support.ts';
import { decideCondition, type MachineQuestion, readCondition } from './condition.ts';
import { runComponent } from './run-component.ts';
import type { ComponentRequest, MachineAnswer } from './run-requests.ts';

interface Decision {
  readonly holds: boolean;
  readonly asked: readonly MachineQuestion[];
}

function decide(written: unknown, answer: (question: MachineQuestion) => boolean = () => true): Decision {
  const problems: string[] = [];
  const condition = readCondition(written, [], (_path, message) => problems.push(message));
  if (condition === null) throw new Error(problems.join());
  const asked: MachineQuestion[] = [];
  const deciding = decideCondition(condition, (text) => text);
  let next = deciding.next();
  while (!next.done) {
    asked.push(next.value);
    next = deciding.next(answer(next.value));
  }
  return { holds: next.value, asked };
}

describe('a comparison', () => {
  it.each<[string, string, string, boolean]>([
    ['stringEquals', 'Testing', 'TESTING', true],
    ['stringEquals', 'Testing', ' Testing', false],
    ['stringEquals', 'Testing', 'Testing ', false],
    ['stringLessThan', 'b', 'a', true],
    ['stringLessThan', 'A', 'a', false],
    ['stringLessThan', 'a', '0', true],
    ['stringLessThan', '0', 'a', false],
    ['stringLessThanEquals', 'A', 'a', true],
    ['stringLessThanEquals', '0', 'a', false],
    ['stringGreaterThan', 'a', 'A', false],
    ['stringGreaterThan', 'a', 'B', true],
    ['stringGreaterThanEquals', 'A', 'a', true],
    ['stringGreaterThanEquals', 'a', '0', false],
    ['patternMatches', '^[a-z]+$', 'ThisIsValue', true],
    ['patternMatches', '^[a-z]+$', 'not this', false],
    ['patternMatches', 'b', 'abc', true],
    ['numberEquals', '1', '1.0', true],
    ['numberEquals', '-1', '-1', true],
    ['numberEquals', '10', 'a10', false],
    ['numberEquals', 'a10', 'a10', false],
    ['numberEquals', '', '', false],
    ['numberEquals', '0', ' 0', false],
    ['numberLessThan', '2', '1.9', true],
    ['numberLessThan', '2', '2', false],
    ['numberLessThan', '10', '9', true],
    ['numberLessThanEquals', '2', '2', true],
    ['numberLessThanEquals', '2', '2.1', false],
    ['numberGreaterThan', '1', '1.1', true],
    ['numberGreaterThan', '1', '1', false],
    ['numberGreaterThanEquals', '1', '1', true],
    ['numberGreaterThanEquals', '1', '0.8', false],
    ['numberGreaterThanEquals', '1', 'many', false],
  ])('%s: %j with value %j is %s', (operator, baseline, value, expected) => {
    expect(decide({ [operator]: baseline, value })).toEqual({ holds: expected, asked: [] });
  });

  it.each<[string, string, boolean]>([
    ['stringIsEmpty', '', true],
    ['stringIsEmpty', ' ', false],
    ['stringIsWhitespace', '   ', true],
    ['stringIsWhitespace', '', false],
    ['stringIsWhitespace', ' Hello', false],
  ])('%s: %j is %s', (operator, text, expected) => {
    expect(decide({ [operator]: text }).holds).toBe(expected);
  });

  it.each<[Record<string, string>, MachineQuestion]>([
    [{ binaryExists: 'apt-get' }, { kind: 'binary-exists', name: 'apt-get' }],
    [{ fileExists: '/a' }, { kind: 'file-exists', path: '/a' }],
    [{ folderExists: '/a' }, { kind: 'folder-exists', path: '/a' }],
    [{ packageIsInstalled: 'bash' }, { kind: 'package-installed', name: 'bash' }],
    [
      { fileMD5Equals: 'ab', path: '/a' },
      { kind: 'file-digest', algorithm: 'MD5', path: '/a', digest: 'ab' },
    ],
    [
      { fileSHA1Equals: 'ab', path: '/a' },
      { kind: 'file-digest', algorithm: 'SHA1', path: '/a', digest: 'ab' },
    ],
    [
      { fileSHA256Equals: 'ab', path: '/a' },
      { kind: 'file-digest', algorithm: 'SHA256', path: '/a', digest: 'ab' },
    ],
    [
      { fileSHA512Equals: 'ab', path: '/a' },
      { kind: 'file-digest', algorithm: 'SHA512', path: '/a', digest: 'ab' },
    ],
  ])('%j asks the machine', (written, question) => {
    expect(decide(written, () => true)).toEqual({ holds: true, asked: [question] });
    expect(decide(written, () => false).holds).toBe(false);
  });

  it('asks only what the outcome still hangs on', () => {
    const file = (path: string) => ({ fileExists: path });
    const isA = (question: MachineQuestion) => 'path' in question && question.path === '/a';
    expect(decide({ and: [file('/b'), file('/a')] }, isA)).toMatchObject({ holds: false, asked: [{ path: '/b' }] });
    expect(decide({ or: [file('/a'), file('/b')] }, isA)).toMatchObject({ holds: true, asked: [{ path: '/a' }] });
    expect(decide({ or: [file('/b'), { not: file('/c') }] }, isA).holds).toBe(true);
    expect(decide({ not: [{ and: [file('/a'), { not: file('/b') }] }] }, isA).holds).toBe(false);
  });

  it.each([
    [{ and: [] }, /expected a list of conditions/],
    [{ or: { fileExists: '/a' } }, /expected a list of conditions/],
    [{ not: [{ fileExists: '/a' }, { fileExists: '/b' }] }, /expected one condition/],
    [{ fileExists: '/a', value: 'x' }, /unknown member value beside fileExists/],
    [{ fileExists: ['/a'] }, /expected a text or a number/],
    [{ constructor: 'x' }, /expected exactly one operator/],
    ['fileExists', /expected a map with one operator/],
  ])('%j is refused', (written, expected) => {
    const said: string[] = [];
    readCondition(written, [], (_path, message) => said.push(message));
    expect(said.join()).toMatch(expected);
  });
});

/** What a component with one conditional step asks for, one reply for all questions. */
function requestsOf(condition: string, answer: MachineAnswer, ...more: string[]) {
  const text = withSteps(`${bashStep('one', 'x', `if: ${condition}`, ...more)}\n${bashStep('two', 'y')}`);
  const running = runComponent(readOrFail(text), { variables: new Map(), canReboot: false });
  const requests: ComponentRequest[] = [];
  let next = running.next();
  while (!next.done) {
    requests.push(next.value);
    next = running.next(
      next.value.kind === 'ask' ? answer : { kind: 'outcome', outcome: { kind: 'succeeded', outputs: [] } },
    );
  }
  const ran = requests.flatMap(({ kind, step }) => (kind === 'perform' ? [step] : []));
  return { ran, result: next.value, steps: next.value.phases[0]?.steps ?? [] };
}

describe('the if of a step', () => {
  const yes = { kind: 'answer', holds: true } as const;
  const no = { kind: 'answer', holds: false } as const;

  it.each([
    ['{fileExists: /a}', yes, ['one', 'two'], 'Success'],
    ['{fileExists: /a}', no, ['two'], 'Success'],
    ['{fileExists: /a, then: Skip, else: Execute}', yes, ['two'], 'Success'],
    ['{fileExists: /a, then: Skip, else: Execute}', no, ['one', 'two'], 'Success'],
    ['{fileExists: /a, then: Skip}', no, ['two'], 'Success'],
    ['{fileExists: /a, then: Abort}', yes, [], 'Failed'],
    ['{fileExists: /a, else: Abort}', no, [], 'Failed'],
    ['{fileExists: /a, else: Abort}', yes, ['one', 'two'], 'Success'],
  ])('%s that is %j runs %j and ends %s', (condition, answer, ran, status) => {
    const got = requestsOf(condition, answer);
    expect(got.ran).toEqual(ran);
    expect(got.result.status).toBe(status);
  });

  it('that aborts does so whatever onFailure says', () => {
    const { ran, steps, result } = requestsOf('{fileExists: /a, then: Abort}', yes, 'onFailure: Ignore');
    expect(ran).toEqual([]);
    expect(result.status).toBe('Failed');
    expect(steps[0]).toMatchObject({
      status: 'Failed',
      attempts: 0,
      failureMessage: 'its condition is true, which aborts the component',
    });
  });

  it('that cannot be decided fails the step instead of guessing', () => {
    const unknown = { kind: 'unknown', message: 'cannot read /a: permission denied' } as const;
    const { ran, steps } = requestsOf('{fileExists: /a}', unknown);
    expect(ran).toEqual([]);
    expect(steps[0]).toMatchObject({ status: 'Failed', failureMessage: 'cannot read /a: permission denied' });
    expect(requestsOf('{fileExists: /a}', unknown, 'onFailure: Ignore').ran).toEqual(['two']);
  });

  it('is decided once for all iterations', () => {
    const text = withSteps(bashStep('one', 'x', 'if: {fileExists: /a}', 'loop: {forEach: [a, b]}'));
    const running = runComponent(readOrFail(text), { variables: new Map(), canReboot: false });
    expect(running.next().value).toMatchObject({ kind: 'ask', question: { kind: 'file-exists', path: '/a' } });
    expect(running.next(yes).value).toMatchObject({ kind: 'perform', iteration: { index: 0 } });
    const done = { kind: 'outcome', outcome: { kind: 'succeeded', outputs: [] } } as const;
    expect(running.next(done).value).toMatchObject({ kind: 'perform', iteration: { index: 1 } });
    expect(running.next(done).done).toBe(true);
  });
});

describe('an Assert', () => {
  const text = withSteps(
    "- name: check\n  action: Assert\n  loop: {forEach: [a, b]}\n  onFailure: Continue\n  inputs: {stringEquals: '{{ loop.value }}', value: '{{ Wanted }}'}",
    'parameters: [{Wanted: {type: string}}]\n',
  );

  it.each([
    ['c', 'Failed', [0, 1]],
    ['a', 'Failed', [1]],
  ])('that is not so fails: %s', (wanted, status, failedIterations) => {
    const running = runComponent(readOrFail(text), { variables: new Map([['Wanted', wanted]]), canReboot: false });
    const end = running.next();
    expect(end.done && end.value.phases[0]?.steps[0]).toMatchObject({
      status,
      failedIterations,
      failureMessage: expect.stringMatching(/what it asserts is not so$/),
    });
  });

  it('asks the machine', () => {
    const steps = '- name: check\n  action: Assert\n  inputs: {not: {packageIsInstalled: telnet}}';
    const running = runComponent(readOrFail(withSteps(steps)), { variables: new Map(), canReboot: false });
    expect(running.next().value).toMatchObject({
      kind: 'ask',
      question: { kind: 'package-installed', name: 'telnet' },
    });
    const end = running.next({ kind: 'answer', holds: false });
    expect(end.done && end.value.status).toBe('Success');
  });

  it('with a pattern that only its parameter makes wrong fails with the reason', () => {
    const steps = "- name: check\n  action: Assert\n  inputs: {patternMatches: '{{ Pattern }}', value: x}";
    const document = readOrFail(withSteps(steps, 'parameters: [{Pattern: {type: string}}]\n'));
    const end = runComponent(document, { variables: new Map([['Pattern', '(']]), canReboot: false }).next();
    expect(end.done && end.value.phases[0]?.steps[0]?.failureMessage).toMatch(
      /^the pattern of patternMatches cannot be used/,
    );
  });
});
