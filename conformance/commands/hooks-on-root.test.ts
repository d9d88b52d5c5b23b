import { CreateDocumentCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PatchedRoot, startPatchedRoot } from './patched-root.ts';

const hooks = 'AWS-RunPatchBaselineWithHooks';
const installed = ['pb-first', 'pb-second'].map((name) => ({ name, version: '1.0-1' }));
const fixes = installed.map(({ name }) => ({ name, version: '1.0-1+deb12u1' }));
const before = ['pb-first 1.0-1', 'pb-second 1.0-1'];
const after = ['pb-first 1.0-1+deb12u1', 'pb-second 1.0-1+deb12u1'];

const seen = '/var/tmp/seen';
/** Writes down what was installed when it ran. */
const recordName = 'Record';
const failingHook = 'Refuse';
const scripts = new Map([
  [recordName, `dpkg-query --show --showformat='\${Package} \${Version}\\n' 'pb-*' >> ${seen} && echo recorded`],
  [failingHook, 'echo the load balancer does not answer >&2; exit 3'],
]);

/** A document of one's own that runs a script, with nothing but defaults, as hooks have to be. */
function createScript(node: PatchedRoot, Name: string, script: string) {
  const inputs = { timeoutSeconds: '60', runCommand: [script] };
  const mainSteps = [{ action: 'aws:runShellScript', name: 'run', inputs }];
  const Content = JSON.stringify({ schemaVersion: '2.2', mainSteps });
  return node.ssm.send(new CreateDocumentCommand({ Name, DocumentType: 'Command', Content }));
}

describe('patching with hooks on a real root, judged by its own apt', () => {
  let node: PatchedRoot;
  beforeAll(async () => {
    const policy = { mode: 'documents', documents: [failingHook, recordName] };
    node = await startPatchedRoot({ installed, fixes, policy });
    for (const [name, script] of scripts) await createScript(node, name, script);
  });
  afterAll(() => node?.close());

  it('a Scan is one step, and changes nothing', async () => {
    const { commandId, status, steps } = await node.run(hooks, { Operation: 'Scan' });
    expect({ status, steps }).toEqual({
      status: 'Success',
      steps: [
        'InitialScan Success',
        ...['EvaluateScan', 'PreInstallHook', 'InstallNoReboot', 'PostInstallHook', 'EvaluateReboot'].map(
          (name) => `${name} not run`,
        ),
        'InstallAndReboot not run',
        'OnExitHook not run',
      ],
    });
    expect(await node.readHistory(commandId)).toEqual(['Scan: 2 missing']);
    expect(await node.readPackages()).toEqual(before);
  });

  it('a hook that fails before the installation keeps everything as it was, and the hook at the exit runs', async () => {
    const { commandId, status, steps, output } = await node.run(hooks, {
      Operation: 'Install',
      PreInstallHookDocName: failingHook,
    });
    expect(status).toBe('Failed');
    expect(steps).toEqual([
      'InitialScan Success',
      'EvaluateScan Success',
      'PreInstallHook Failed',
      ...['InstallNoReboot', 'PostInstallHook', 'EvaluateReboot', 'InstallAndReboot'].map((name) => `${name} not run`),
      'OnExitHook Success',
    ]);
    expect(output).toContain('the load balancer does not answer');
    expect(await node.readHistory(commandId)).toEqual(['Scan: 2 missing']);
    expect(await node.readPackages()).toEqual(before);
    expect(await node.askApt('upgrade')).toEqual(after);
  });

  it('an Install between its hooks brings in what apt would, and needs no reboot', async () => {
    expect(await node.askApt('upgrade')).toEqual(after);
    const { commandId, status, steps, output } = await node.run(hooks, {
      Operation: 'Install',
      PreInstallHookDocName: recordName,
      PostInstallHookDocName: recordName,
      OnExitHookDocName: recordName,
    });
    expect(status).toBe('Success');
    expect((await node.root.run(['cat', seen])).stdout.trim().split('\n')).toEqual([...before, ...after, ...after]);
    expect(output.match(/^recorded$/gm)).toHaveLength(3);
    expect(steps).toEqual([
      ...['InitialScan', 'EvaluateScan', 'PreInstallHook', 'InstallNoReboot', 'PostInstallHook', 'EvaluateReboot'].map(
        (name) => `${name} Success`,
      ),
      'InstallAndReboot not run',
      'OnExitHook Success',
    ]);
    expect(output).toContain('Nothing waits for a reboot.');
    expect(await node.readHistory(commandId)).toEqual(['Scan: 2 missing', 'Install: 0 missing']);
    expect(await node.readPackages()).toEqual(after);
    expect(await node.askApt('upgrade')).toEqual([]);
    expect(await node.readState()).toMatchObject({ Operation: 'Install', MissingCount: 0, RebootOption: 'NoReboot' });
  });

  it('an Install with nothing to do goes to the exit', async () => {
    const { commandId, status, steps } = await node.run(hooks, {
      Operation: 'Install',
      PreInstallHookDocName: failingHook,
    });
    expect(status).toBe('Success');
    expect(steps.filter((step) => !step.endsWith('not run'))).toEqual([
      'InitialScan Success',
      'EvaluateScan Success',
      'OnExitHook Success',
    ]);
    expect(await node.readHistory(commandId)).toEqual(['Scan: 0 missing']);
  });

  it('a hook that the owner does not allow refuses the whole command before anything runs', async () => {
    const strict = await startPatchedRoot({ installed, fixes });
    try {
      await createScript(strict, failingHook, 'exit 3');
      const { commandId, status } = await strict.run(hooks, {
        Operation: 'Install',
        PostInstallHookDocName: failingHook,
      });
      expect(status).toBe('Failed');
      expect(await strict.readHistory(commandId)).toEqual([]);
      expect(await strict.readPackages()).toEqual(before);
      expect((await strict.run(hooks, { Operation: 'Install' })).status).toBe('Success');
      expect(await strict.readPackages()).toEqual(after);
    } finally {
      await strict.close();
    }
  });
});
