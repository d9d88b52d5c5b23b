import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPatchbay } from '../support/patchbay-process.ts';
import { startRunningRoot } from '../support/running-root.ts';
import { type PackageStage, servePackage, setPackageStage } from './package-stage.ts';

// The machine knows nobody who vouches for the control plane: what the line carries has to be enough.
describe('one line for a control plane with its own authority', () => {
  let stage: PackageStage;
  let instanceId: string;

  beforeAll(async () => {
    stage = await setPackageStage(startRunningRoot, { up: ['--tls', 'auto'] });
    await servePackage(stage, '0.1.0');
  });

  afterAll(() => stage?.close());

  it('enrols nobody with another fingerprint', async () => {
    const refused = await stage.enrol('--ca-fingerprint', `sha256:${'0'.repeat(64)}`);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain('Nothing was sent to it');
  });

  it('carries the fingerprint by itself, and enrols the machine', async () => {
    const enrolled = await stage.enrol();
    expect(enrolled.line).toMatch(/--ca-fingerprint .*sha256:[0-9a-f]{64}/);
    expect(enrolled).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Enrolled as mi-') });
    ({ instanceId } = enrolled);
    stage.machine.supervise(['patchbay-agent', 'run']);
    await expect
      .poll(async () => await stage.aws('ssm describe-instance-information'), { timeout: 30_000 })
      .toMatchObject({ InstanceInformationList: [{ InstanceId: instanceId, PingStatus: 'Online' }] });
  });

  it('makes a node that scans and updates itself over that authority', async () => {
    const scan = await stage.command(instanceId, 'AWS-RunPatchBaseline', 'Operation=Scan');
    expect(scan).toMatchObject({ Status: 'Success', StandardOutputContent: expect.stringContaining('NON_COMPLIANT') });
    await servePackage(stage, '0.1.1');
    expect(await stage.command(instanceId, 'AWS-UpdateSSMAgent', '{}')).toMatchObject({
      Status: 'Success',
      StandardOutputContent: expect.stringContaining('updated from 0.1.0 to 0.1.1'),
    });
  });

  it('is printed with the access of the environment too, and other commands take that as well', async () => {
    const { output } = await runPatchbay(['env', '--data', stage.data]);
    const environment = Object.fromEntries(
      [...output.matchAll(/^export (AWS_\w+)='([^']*)'$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    const run = async (...words: string[]) => await runPatchbay(words, environment);
    expect((await run('enrol-line')).output).toMatch(/^printf .*--ca-fingerprint/m);
    expect((await run('node', 'list')).output).toContain(instanceId);
    expect((await run('archive-watch', 'list')).output).toContain('No archive is watched.');
    expect((await run('settings', 'get')).output).toContain('The defaults are in force.');
    expect((await run('user', 'list')).output).toContain('administrator');
    expect((await run('explain', instanceId)).output).toContain('non-compliant');
  });
});
