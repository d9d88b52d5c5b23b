import { describe, expect, it } from 'vitest';
import { CommandDocument } from '../documents/command-document.ts';
import { type CheckedTask, checkTask, checkTaskParameters, commandParametersOf } from './check-task.ts';

const targets = [{ key: 'WindowTargetIds', values: ['a'] }];
const rates = { maxConcurrency: '50%', maxErrors: '10%' };

function pathsOf(task: CheckedTask): string[] {
  return checkTask(task).map(({ path }) => path);
}

describe('a task of a window', () => {
  it.each<[string, CheckedTask]>([
    ['a command with targets', { taskType: 'RUN_COMMAND', targets, ...rates }],
    ['an automation with targets', { taskType: 'AUTOMATION', targets, ...rates }],
    ['an automation without', { taskType: 'AUTOMATION', targets: [] }],
    [
      'its own parameters',
      { taskType: 'RUN_COMMAND', targets, ...rates, taskInvocationParameters: { runCommand: {} } },
    ],
    [
      'a pseudo parameter',
      {
        taskType: 'RUN_COMMAND',
        targets,
        ...rates,
        taskInvocationParameters: { runCommand: { comment: '{{WINDOW_ID}} {{OTHER}}' } },
      },
    ],
    [
      'the node of an automation',
      {
        taskType: 'AUTOMATION',
        targets,
        ...rates,
        taskInvocationParameters: { automation: { parameters: { id: ['{{TARGET_ID}}', '{{RESOURCE_ID}}'] } } },
      },
    ],
  ])('can have %s', (_title, task) => {
    expect(checkTask(task)).toEqual([]);
  });

  it.each<[string, string[], CheckedTask]>([
    ['no targets of a command', ['Targets'], { taskType: 'RUN_COMMAND', targets: [] }],
    ['no rates with targets', ['MaxConcurrency', 'MaxErrors'], { taskType: 'AUTOMATION', targets }],
    ['rates without targets', ['MaxConcurrency', 'MaxErrors'], { taskType: 'AUTOMATION', targets: [], ...rates }],
    [
      'the parameters of other types',
      ['TaskInvocationParameters.StepFunctions', 'TaskInvocationParameters.Lambda'],
      { taskType: 'AUTOMATION', targets: [], taskInvocationParameters: { stepFunctions: {}, lambda: {} } },
    ],
    [
      'the node of a command in the older parameters',
      ['TaskInvocationParameters'],
      { taskType: 'RUN_COMMAND', targets, ...rates, taskParameters: { commands: { values: ['{{RESOURCE_ID}}'] } } },
    ],
    [
      'the node of a command',
      ['TaskInvocationParameters'],
      {
        taskType: 'RUN_COMMAND',
        targets,
        ...rates,
        taskInvocationParameters: { runCommand: { parameters: { commands: ['echo {{ TARGET_ID }}'] } } },
      },
    ],
  ])('cannot have %s', (_title, expected, task) => {
    expect(pathsOf(task)).toEqual(expected);
  });
});

describe('the parameters of the command', () => {
  const taskParameters = { Operation: { values: ['Scan'] }, RebootOption: {} };

  it('are the older ones only where there are no newer ones', () => {
    expect(commandParametersOf({ taskParameters })).toEqual({ Operation: ['Scan'], RebootOption: [] });
    expect(commandParametersOf({ taskParameters, taskInvocationParameters: { runCommand: {} } })).toEqual({
      Operation: ['Scan'],
      RebootOption: [],
    });
    const runCommand = { parameters: { Operation: ['Install'] } };
    expect(commandParametersOf({ taskParameters, taskInvocationParameters: { runCommand } })).toEqual({
      Operation: ['Install'],
    });
    expect(commandParametersOf({})).toEqual({});
  });
});

describe('the parameters of a task', () => {
  const document = CommandDocument.parse({
    schemaVersion: '2.2',
    parameters: {
      Operation: { type: 'String', allowedValues: ['Scan', 'Install'] },
      SnapshotId: { type: 'String', default: '', allowedPattern: '^[0-9a-f-]*$' },
    },
    mainSteps: [{ action: 'aws:runShellScript', name: 'run' }],
  });
  const problems = (given: Record<string, string[]>) =>
    checkTaskParameters(document, given).map(({ parameter }) => parameter);

  it('are those that the command would take', () => {
    expect(problems({ Operation: ['Scan'], SnapshotId: ['abc'] })).toEqual([]);
    expect(problems({ Operation: ['Remove'] })).toEqual(['Operation']);
    expect(problems({})).toEqual(['Operation']);
    expect(problems({ Operation: ['Scan'], SnapshotId: ['{{OTHER}}'] })).toEqual(['SnapshotId']);
  });

  it.each(['{{WINDOW_EXECUTION_ID}}', '{{ WINDOW_ID }}-x', '{{ssm:operation}}', '{{ ssm-secure:operation:3 }}'])(
    'may be known later: %s',
    (text) => {
      expect(problems({ Operation: [text], SnapshotId: [text] })).toEqual([]);
      expect(problems({ Operation: [text], Colour: [text] })).toEqual(['Colour']);
      expect(problems({ Operation: [text], SnapshotId: ['#'] })).toEqual(['SnapshotId']);
    },
  );
});
