import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPatcherStage, type PatcherStage } from '../patcher/patcher-stage.ts';
import { runPatchbay, startPatchbay } from '../support/patchbay-process.ts';
import { runTool } from '../support/run-tool.ts';
import { growArchives, hardCases } from '../support/test-packages.ts';

const cases = [hardCases.epoch, hardCases.delayed];
let stage: PatcherStage;
let baseline: string;

beforeAll(async () => {
  stage = await openPatcherStage(cases);
  await growArchives(stage.archives.archives, cases);
  baseline = writeFile('baseline.json', {
    Name: 'everything',
    OperatingSystem: 'DEBIAN',
    ApprovalRules: {
      PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 0, EnableNonSecurity: true }],
    },
  });
});

afterAll(async () => {
  await stage?.close();
});

function writeFile(name: string, content: unknown): string {
  const path = join(stage.folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function run(file: string, ...more: readonly string[]) {
  const words = ['component', 'run', file, '--root', stage.root.directory, '--clock', join(stage.folder, 'clock')];
  return runPatchbay([...words, ...more]);
}

const hello = `schemaVersion: 1.0
parameters: [{Secret: {type: string}}]
phases:
  - name: build
    steps:
      - {name: Keep, action: CreateFile, inputs: [{path: /etc/keep, content: '{{ Secret }}', permissions: '0600'}]}
      - {name: Count, action: ExecuteBash, inputs: {commands: ['stat -c %s /etc/keep', 'printf "\\033[2J"']}}
  - name: validate
    steps:
      - {name: Fails, action: Assert, inputs: {stringEquals: '1', value: '{{ build.Count.outputs.stdout }}'}}
`;

describe('patchbay component check', () => {
  it('names every mistake with its line and column', async () => {
    const bad = hello.replace('action: CreateFile', 'action: MakeFile').replace('{{ build.Count', '{{ build.Cuont');
    const file = writeFile('bad.yaml', bad);
    const { exitCode, output } = await runPatchbay(['component', 'check', file]);
    expect(exitCode).toBe(1);
    expect(output).toMatch(
      new RegExp(`^${file}:6:\\d+: phases\\[0\\].steps\\[0\\].action: there is no action MakeFile`, 'm'),
    );
    const good = await runPatchbay(['component', 'check', writeFile('good.yaml', hello)]);
    expect(good).toMatchObject({ exitCode: 0, output: expect.stringContaining('build (2), validate (1)') });
    expect((await run(file)).exitCode).toBe(1);
  });
});

describe('patchbay component run', () => {
  it('runs the phases that are asked for, tells of every step, and leaves logs without the values of parameters', async () => {
    const file = writeFile('hello.yaml', hello);
    const logs = join(stage.folder, 'logs');
    const { exitCode, output } = await run(file, '--parameter', 'Secret=tell-nobody', '--log', logs);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d build\/Count Stdout: 11$/m);
    expect(output).toContain('\uFFFD[2J');
    expect(output).toMatch(/^validate\/Fails +Failed +\d\.\d s {2}what it asserts is not so$/m);
    expect(output).toContain('Failed: 2 succeeded, 1 failed, 0 failed and ignored, 0 skipped.');
    const [folder = ''] = readdirSync(logs);
    expect(folder).toMatch(/^TOE_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_UTC-0_[0-9a-f-]{36}$/);
    const files = ['chaining.json', 'console.log', 'detailedoutput.json', 'document.yaml'];
    expect(readdirSync(join(logs, folder)).toSorted()).toEqual(files);
    const all = files.map((name) => readFileSync(join(logs, folder, name), 'utf8'));
    expect(`${output}${all.join('')}`).not.toContain('tell-nobody');
    expect(all[3]).toBe(hello);
    expect(JSON.parse(all[0] ?? '')).toMatchObject({ 'build.Count.outputs[0].stdout': expect.stringMatching(/^11/) });
    expect(JSON.parse(all[2] ?? '')).toMatchObject({
      status: 'Failed',
      documents: [{ phases: [{ name: 'build' }, {}] }],
    });
    expect(statSync(join(logs, folder)).mode & 0o077).toBe(0);
  });

  it('answers in JSON what a program reads, and 0 where all succeeded', async () => {
    const file = writeFile('hello.yaml', hello);
    const words = ['component', 'run', file, '--root', stage.root.directory, '--phase', 'build', '--output', 'json'];
    const stdout = await runTool([
      'sh',
      '-c',
      '"$@" 2>/dev/null',
      'sh',
      join(import.meta.dirname, '../../patchbay'),
      ...words,
      '--parameter',
      'Secret=x',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'Success',
      steps: [{ step: 'Keep', attempts: 1 }, { step: 'Count' }],
    });
  });

  it('refuses a phase that is not there before anything runs', async () => {
    const words = ['--phase', 'biuld', '--parameter', 'Secret=x'];
    const { exitCode, output } = await run(writeFile('hello.yaml', hello), ...words);
    expect(output).toContain('has no phase biuld; it has build, validate');
    expect(exitCode).toBe(2);
  });

  it('refuses a component that reboots before anything runs', async () => {
    const steps = (action: string, inputs: string) =>
      `schemaVersion: 1.0\nphases: [{name: build, steps: [{name: A, action: ExecuteBash, inputs: {commands: [echo ran]}}, {name: B, action: ${action}, inputs: ${inputs}}]}]\n`;
    const { exitCode, output } = await run(writeFile('no.yaml', steps('Reboot', '{}')));
    expect(output).toMatch(/^Step B of phase build reboots/);
    expect(exitCode).toBe(1);
  });

  it('ends the step that runs when it is told to, with all it started', async () => {
    const sleeps =
      'schemaVersion: 1.0\nphases: [{name: build, steps: [{name: S, action: ExecuteBash, inputs: {commands: ["setsid nohup sleep 4144 & echo on; sleep 4144"]}}]}]\n';
    const running = startPatchbay([
      'component',
      'run',
      writeFile('sleeps.yaml', sleeps),
      '--root',
      stage.root.directory,
    ]);
    await running.waitFor(/Stdout: on/);
    expect(await running.end('SIGINT')).toMatchObject({ code: 130 });
    expect(running.output()).toContain('SIGINT: ending step build/S with all that it started.');
    expect(await runTool(['ps', '-eo', 'args'])).not.toContain('sleep 4144');
  });

  it('keeps steps and downloads from all hosts but those that are named, and tells of each that is refused', async () => {
    const connect =
      "exec 3<>/dev/tcp/127.0.0.1/3128; printf 'CONNECT x.test:443 HTTP/1.1\\r\\n\\r\\n' >&3; timeout 5 head -1 <&3";
    const steps = [
      { name: 'Ask', action: 'ExecuteBash', inputs: { commands: [connect] } },
      { name: 'Get', action: 'WebDownload', inputs: [{ source: 'http://127.0.0.1:9/x', destination: '/x' }] },
    ];
    const file = writeFile('network.yaml', { schemaVersion: '1.0', phases: [{ name: 'build', steps }] });
    const { exitCode, output } = await run(file, '--network', 'deb.example.com,*.example.org');
    expect(output).toContain('build/Ask Stdout: HTTP/1.1 403 Forbidden');
    expect(output).toContain('build/Ask -- x.test:443 may not be reached and was refused');
    expect(output).toMatch(/Get +Failed .*127\.0\.0\.1 is not among the hosts that may be reached/);
    expect(exitCode).toBe(1);
  });

  it('brings in by UpdateOS what the baseline approves, no more than the step asks for', async () => {
    const text = `schemaVersion: 1.0
phases:
  - name: build
    steps:
      - {name: Update, action: UpdateOS, inputs: {include: ['pb-*'], exclude: [pb-delayed]}}
`;
    const { exitCode, output } = await run(writeFile('update.yaml', text), '--baseline', baseline);
    expect(output).toMatch(/build\/Update Stdout: pb-epoch: \S+ -> \S+/);
    expect(exitCode).toBe(0);
    const versions = await stage.root.run(['dpkg-query', '-W', 'pb-epoch', 'pb-delayed']);
    expect(output).toContain(`-> ${/pb-epoch\t(\S+)/.exec(versions.stdout)?.[1]}`);
    expect(output).not.toContain('pb-delayed:');
  });
});
