import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComponentStage, openComponentStage } from './component-stage.ts';

let stage: ComponentStage;

beforeAll(async () => {
  stage = await openComponentStage();
});

afterAll(async () => {
  await stage?.close();
});

describe('a component in a root file system', () => {
  it('runs bash, makes a file of what it printed, and asserts that it is there', async () => {
    const { status, output, summary } = await stage.runSteps(`
- name: Say
  action: ExecuteBash
  inputs:
    commands:
      - words=(good day)
      - '[[ \${words[1]} == day ]] && echo "\${words[@]}"'
      - echo aside >&2
- name: Create
  action: CreateFile
  inputs:
    - path: /etc/greeting/today
      content: '{{ build.Say.outputs.stdout }}!'
- name: Check
  action: Assert
  inputs: {fileExists: /etc/greeting/today}
`);
    expect(summary).toBe('Say: Success\nCreate: Success\nCheck: Success');
    expect(status).toBe('Success');
    expect(output.split('\n').toSorted()).toEqual(['aside', 'good day']);
    expect(await stage.judge('cat /etc/greeting/today; stat -c " %a %U" /etc/greeting/today')).toBe(
      'good day! 644 root',
    );
  });

  it('takes the exit code of the last command for that of a script, as AWSTOE does', async () => {
    const { summary } = await stage.runSteps(`
- name: GoesOn
  action: ExecuteBash
  inputs: {commands: ['false', 'true']}
- name: Ends
  action: ExecuteBash
  onFailure: Continue
  inputs: {commands: ['set -e', 'false', 'true']}
- name: Binary
  action: ExecuteBinary
  inputs: {path: /bin/sh, arguments: [-c, 'exit $1', sh, '7']}
`);
    expect(summary).toBe(
      'GoesOn: Success\nEnds: Failed: ended with exit code 1\nBinary: Failed: ended with exit code 7',
    );
  });
});
