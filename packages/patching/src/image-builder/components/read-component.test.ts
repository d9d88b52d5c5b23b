import { describe, expect, it } from 'vitest';
import { bashStep, problemsOf, readOrFail, withSteps } from './component.test-support.ts';
import { componentType, findContainerProblem, findRebootSteps } from './component-document.ts';

const whole = `name: LinuxBin
description: Download and run a program.
schemaVersion: 1.0
parameters:
  - Source:
      type: string
      default: 's3://bucket/program'
      description: Where it comes from.
  - Token: {type: string}
constants:
  - Prefix: {type: string, value: /opt}
phases:
  - name: build
    steps:
      - name: Download
        action: S3Download
        timeoutSeconds: 60
        maxAttempts: 3
        inputs:
          - source: '{{ Source }}'
            destination: "{{Prefix}}/program"
      - name: Enable
        action: ExecuteBash
        if:
          and:
            - fileExists: /etc/debian_version
            - not: {binaryExists: yum}
          else: Abort
        onFailure: Continue
        inputs:
          commands:
            - 'chmod u+x {{ build.Download.inputs[0].destination }}'
      - name: Run
        action: ExecuteBinary
        loop:
          name: Arguments
          forEach: {list: 'a b', delimiter: ' '}
        inputs:
          path: '{{ build.Download.inputs[0].destination }}'
          arguments: ['--install', '{{ Arguments.value }}', 5]
      - {name: Update, action: UpdateOS}
  - name: validate
    steps:
      - name: Said
        action: Assert
        inputs:
          patternMatches: '^ok'
          value: '{{ build.Enable.outputs.stdout }}'
  - name: test
    steps:
      - name: Motd
        action: CreateFile
        timeoutSeconds: -1
        inputs:
          - {path: /etc/motd, content: '{{.Names}} {{ json . }}', permissions: 0644, overwrite: false}
`;

describe('a component document', () => {
  it('is read with its defaults', () => {
    const document = readOrFail(whole);
    expect(document.name).toBe('LinuxBin');
    expect(document.parameters).toEqual([
      { name: 'Source', type: 'string', default: 's3://bucket/program', description: 'Where it comes from.' },
      { name: 'Token', type: 'string', default: null, description: null },
    ]);
    const [build, , test] = document.phases;
    expect(build?.steps[0]).toMatchObject({ timeoutSeconds: 60, maxAttempts: 3, onFailure: 'Abort', condition: null });
    expect(build?.steps[1]).toMatchObject({ timeoutSeconds: 7200, maxAttempts: 1, onFailure: 'Continue' });
    expect(build?.steps[1]?.condition).toMatchObject({ whenTrue: 'Execute', whenFalse: 'Abort' });
    expect(test?.steps[0]?.timeoutSeconds).toBeNull();
  });

  it('keeps numbers and truth values of inputs as they were written', () => {
    const [build, , test] = readOrFail(whole).phases;
    expect(build?.steps[2]?.inputs).toMatchObject({ arguments: ['--install', '{{ Arguments.value }}', '5'] });
    expect(test?.steps[0]?.inputs).toMatchObject([{ permissions: '0644', overwrite: 'false' }]);
  });

  it('takes what is left empty for left out', () => {
    const text = withSteps(
      '- name: one\n  action: CreateFile\n  if:\n  onFailure:\n  inputs:\n    - path: /a\n      content:',
    );
    expect(readOrFail(text).phases[0]?.steps[0]).toMatchObject({
      condition: null,
      onFailure: 'Abort',
      inputs: [{ path: '/a' }],
    });
    expect(problemsOf(text.replace('path: /a', 'path:')).join()).toMatch(
      /inputs\[0\]\.path .*missing: expected a path/,
    );
  });

  it('is read in JSON too', () => {
    const step = { name: 'one', action: 'ExecuteBash', inputs: { commands: ['true'] } };
    const text = JSON.stringify({ schemaVersion: '1.0', phases: [{ name: 'test', steps: [step] }] }, null, 2);
    expect(componentType(readOrFail(text))).toBe('TEST');
  });

  it.each([
    ['build', 'BUILD'],
    ['validate', 'BUILD'],
    ['test', 'TEST'],
  ])('with only a %s phase is of type %s', (phase, type) => {
    const text = withSteps(bashStep('one', 'true')).replace('name: build', `name: ${phase}`);
    expect(componentType(readOrFail(text))).toBe(type);
  });

  it('with build and test phases is of type BUILD', () => {
    expect(componentType(readOrFail(whole))).toBe('BUILD');
  });

  it.each<[string, string, string, RegExp]>([
    [
      'another schema',
      'schemaVersion: 1.0',
      'schemaVersion: 2.0',
      /^schemaVersion \(line 3, column 16\): expected 1\.0, found 2$/,
    ],
    ['no schema', 'schemaVersion: 1.0\n', '', /expected 1\.0, found nothing/],
    [
      'an unknown member',
      'description: Download',
      'author: me\ndescription: Download',
      /^author \(line 2, column 9\): unknown member author$/,
    ],
    [
      'an unknown member of a step',
      'maxAttempts: 3',
      'retries: 3',
      /steps\[0\]\.retries \(line 18, column 18\): unknown member retries/,
    ],
    [
      'an unknown member of a parameter',
      'type: string}',
      'type: string, allowed: [a]}',
      /^parameters\[1\]\.Token\.allowed \(line 9/,
    ],
    [
      'a type of parameter',
      'Token: {type: string}',
      'Token: {type: integer}',
      /^parameters\[1\]\.Token\.type \(line 9, column 19\): expected string/,
    ],
    ['a short name', '- Token:', '- To:', /is not 3 to 128 of letters/],
    [
      'a name twice',
      '- Prefix:',
      '- Source:',
      /^constants\[0\]\.Source \(line 11.*another parameter or constant has the name Source/,
    ],
    ['a constant without value', ', value: /opt', '', /^constants\[0\]\.Prefix.*: missing: expected a text/],
    [
      'a step name twice',
      'name: Enable',
      'name: Download',
      /^phases\[0\]\.steps\[1\]\.name \(line 22, column 15\): another step/,
    ],
    ['a phase name twice', '- name: validate', '- name: build', /^phases\[1\]\.name.*another phase has the name build/],
    [
      'an action that does not exist',
      'action: S3Download',
      'action: Download',
      /action \(line 16, column 17\): there is no action Download; known are ExecuteBash/,
    ],
    [
      'an action of Windows',
      'action: S3Download',
      'action: InstallMSI',
      /InstallMSI is not available on Linux: it installs a package of Windows/,
    ],
    [
      'PowerShell',
      'action: S3Download',
      'action: ExecutePowerShell',
      /not available on Linux: it runs PowerShell on Windows; use ExecuteBash/,
    ],
    [
      'no time at all',
      'timeoutSeconds: 60',
      'timeoutSeconds: 0',
      /timeoutSeconds \(line 17, column 25\): expected whole seconds, 1 or more, or -1/,
    ],
    ['less than no time', 'timeoutSeconds: 60', 'timeoutSeconds: -2', /expected whole seconds/],
    ['no attempt', 'maxAttempts: 3', 'maxAttempts: 0', /maxAttempts \(line 18, column 22\): expected 1 or more/],
    ['another way to fail', 'onFailure: Continue', 'onFailure: Retry', /expected Abort, Continue or Ignore/],
    [
      'an unknown input',
      'destination: "',
      'target: "',
      /inputs\[0\]\.destination \(line 20, column 13\): missing: expected a path/,
    ],
    [
      'a map where a list is wanted',
      '          - {path: /etc/motd',
      '          {path: /etc/motd',
      /inputs \(line \d+, column 11\): expected a list of maps/,
    ],
    ['args for arguments', 'arguments: [', 'args: [', /inputs\.args \(line 40, column 17\): unknown input args/],
    [
      'permissions that are none',
      'permissions: 0644',
      'permissions: 0844',
      /permissions \(line \d+, column \d+\): expected octal digits/,
    ],
    ['a truth value that is none', 'overwrite: false', 'overwrite: maybe', /overwrite.*: expected true or false/],
    [
      'a source elsewhere',
      "'{{ Source }}'",
      'http://a/b',
      /inputs\[0\]\.source \(line 20, column 21\): expected an address s3:/,
    ],
    [
      'two operators',
      'patternMatches: ',
      "stringIsEmpty: ''\n          patternMatches: ",
      /expected exactly one operator; found stringIsEmpty and patternMatches/,
    ],
    [
      'an operator that does not exist',
      'fileExists:',
      'fileExist:',
      /if\.and\[0\] \(line 26, column 15\): expected exactly one operator; known are/,
    ],
    [
      'a comparison without value',
      "          value: '{{ build",
      "          values: '{{ build",
      /inputs\.value .*: patternMatches needs value/,
    ],
    [
      'a pattern that is none',
      "'^ok'",
      "'^(ok'",
      /inputs\.patternMatches \(line \d+, column 27\): Expected a regular expression/,
    ],
    ['another effect', 'else: Abort', 'else: Stop', /if\.else \(line 28, column 17\): expected Abort, Execute, Skip/],
    [
      'two loops in one',
      'forEach: {list',
      'for: {start: 1, end: 2, updateBy: 1}\n          forEach: {list',
      /loop \(line 36, column 11\): expected exactly one of for and forEach/,
    ],
    [
      'another delimiter',
      "delimiter: ' '",
      "delimiter: '|'",
      /delimiter \(line \d+, column \d+\): expected one of "\."/,
    ],
  ])('with %s is refused, with its place', (_what, before, after, expected) => {
    const changed = whole.replace(before, after);
    expect(changed).not.toBe(whole);
    expect(problemsOf(changed).join('\n')).toMatch(expected);
    expect(problemsOf(changed)).not.toEqual([]);
  });

  it('must have a phase that Image Builder runs', () => {
    const text = withSteps(bashStep('one', 'true')).replace('name: build', 'name: prepare');
    expect(problemsOf(text)).toEqual([
      'phases (line 3, column 3): expected at least one of the phases build, validate and test',
    ]);
  });

  it.each([
    ['steps', 'steps: []', /expected one step or more/],
    ['phases', 'phases: 5', /expected a list of phases/],
  ])('with odd %s is refused', (_what, text, expected) => {
    const document = text.startsWith('phases')
      ? `schemaVersion: 1.0\n${text}`
      : `schemaVersion: 1.0\nphases:\n  - name: build\n    ${text}`;
    expect(problemsOf(document).join()).toMatch(expected);
  });

  it('with a reference without quotes says so', () => {
    const text = withSteps('- name: one\n  action: DeleteFile\n  inputs:\n    - path: {{ File }}');
    expect(problemsOf(text).join()).toMatch(/line 8, column \d+.*needs quotes around it/);
  });

  it.each([
    ['for: {start: 1, end: 5, updateBy: 0}', /never reaches 5/],
    ['for: {start: 5, end: 1, updateBy: 1}', /never reaches 1/],
    ['for: {start: 1, end: 5}', /updateBy.*expected a whole number/],
    ["for: {start: '{{ Count }}', end: 5, updateBy: 1}", /references are not taken here/],
    ['for: {start: 1, end: 5, updateBy: 1, by: 2}', /unknown member by/],
    ['for: {start: 1, end: 10001, updateBy: 1}', /the loop has more than 10000 iterations/],
    ['forEach: []', /expected one value or more/],
    ['forEach: [[a]]', /forEach\[0\].*expected a text/],
    ['forEach: a,b', /expected a list of texts, or a map/],
    ['{}', /expected exactly one of for and forEach/],
    ['{name: a.b, forEach: [x]}', /expected a text without \./],
  ])('with the loop %s is refused', (loop, expected) => {
    expect(problemsOf(withSteps(bashStep('one', 'true', 'loop:', `  ${loop}`))).join()).toMatch(expected);
  });

  it('gives ExecuteDocument no time limit and one attempt, and takes no others', () => {
    const step = '- name: one\n  action: ExecuteDocument\n  inputs: {document: other.yaml}';
    expect(readOrFail(withSteps(step)).phases[0]?.steps[0]).toMatchObject({ timeoutSeconds: null, maxAttempts: 1 });
    expect(problemsOf(withSteps(`${step}\n  maxAttempts: 2`)).join()).toMatch(/ExecuteDocument takes only 1/);
    expect(problemsOf(withSteps(`${step}\n  timeoutSeconds: 60`)).join()).toMatch(/ExecuteDocument takes only -1/);
  });

  it('with a checksum but no algorithm is refused', () => {
    const step =
      '- name: one\n  action: WebDownload\n  inputs:\n    - {source: "https://a/b", destination: /b, checksum: ab}';
    expect(problemsOf(withSteps(step)).join()).toMatch(/inputs\[0\].*checksum and algorithm stand together/);
  });

  it('with a step that reboots cannot be part of a container', () => {
    const document = readOrFail(withSteps('- {name: again, action: Reboot}'));
    expect(findRebootSteps(document)).toEqual([{ phase: 'build', step: 'again' }]);
    expect(findContainerProblem(document)).toMatch(/^Step again of phase build reboots/);
    expect(findContainerProblem(readOrFail(withSteps(bashStep('one', 'true'))))).toBeNull();
  });

  it('that uses S3 cannot be part of a container: there is no S3', () => {
    expect(findContainerProblem(readOrFail(whole))).toMatch(/^Step Download of phase build uses S3 .action S3Download/);
  });
});
