import { buildAgentPackage } from '@patchbay/agent-package';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PackageStage, placeFile, setPackageStage } from './package-stage.ts';

// The package as people install it: dpkg in a real root, no network but the control plane on loopback, no systemd.
let stage: PackageStage;

beforeAll(async () => {
  stage = await setPackageStage();
});

afterAll(async () => {
  await stage?.close();
});

describe('the Debian package of the agent', () => {
  it('installs with dpkg alone, and says how to enrol', async () => {
    const built = await buildAgentPackage({ architecture: 'amd64', compression: 'none' });
    const result = await stage.machine.run(['dpkg', '--install', await placeFile(stage, built.path)]);
    expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('patchbay-agent enrol') });
    expect((await stage.machine.run(['patchbay-agent', 'version'])).stdout.trim()).toBe(built.version);
    expect((await stage.machine.run(['dpkg', '--audit'])).stdout).toBe('');
    expect((await stage.machine.run(['patchbay-agent', 'status'])).exitCode).toBe(3);
  });

  it('enrols with the code from the standard input, and scans', async () => {
    const activation = await stage.aws<{ ActivationId: string; ActivationCode: string }>(
      'ssm create-activation --iam-role node --default-instance-name web-1',
    );
    const enrolled = await stage.machine.run(
      [
        'patchbay-agent',
        'enrol',
        `--endpoint=${stage.endpoint}`,
        '--region=us-east-1',
        `--activation-id=${activation.ActivationId}`,
      ],
      `${activation.ActivationCode}\n`,
    );
    expect(enrolled).toMatchObject({ exitCode: 0 });
    const [, instanceId = ''] = /Enrolled as (mi-[0-9a-f]{17})/.exec(enrolled.stdout) ?? [];
    stage.machine.supervise(['patchbay-agent', 'run']);
    await expect
      .poll(async () => await stage.aws('ssm describe-instance-information'), { timeout: 30_000 })
      .toMatchObject({ InstanceInformationList: [{ InstanceId: instanceId, PingStatus: 'Online' }] });
    const sent = await stage.aws<{ Command: { CommandId: string } }>(
      `ssm send-command --document-name AWS-RunPatchBaseline --instance-ids ${instanceId} --parameters Operation=Scan`,
    );
    const invocation = `ssm get-command-invocation --command-id ${sent.Command.CommandId} --instance-id ${instanceId}`;
    await expect
      .poll(async () => await stage.aws(invocation), { timeout: 60_000 })
      .toMatchObject({ Status: 'Success', StandardOutputContent: expect.stringContaining('NON_COMPLIANT') });
    expect(await stage.machine.run(['patchbay-agent', 'status'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(instanceId),
    });
  });
});
