import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import {
  CreateActivationCommand,
  DescribeInstanceInformationCommand,
  DescribeInstancePatchStatesCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { buildAgentPackage } from '@patchbay/agent-package';
import { AdministratorAccess, administratorFile } from '@patchbay/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PatchbayProcess, startPatchbay } from '../support/patchbay-process.ts';
import { createVirtualMachine, hostAddress, type VirtualMachine } from './virtual-machine.ts';

let folder: string;
let server: PatchbayProcess;
let machine: VirtualMachine;
let ssm: SSMClient;
let instanceId: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'booted-node-'));
  machine = await createVirtualMachine(folder);
  await machine.start();
  const data = join(folder, 'data');
  server = startPatchbay(['up', '--data', data, '--port', '0', '--tls', 'auto', '--tls-name', hostAddress]);
  const [, port = ''] = await server.waitFor(/^ready https:\/\/127\.0\.0\.1:(\d+)$/m);
  const [, caFingerprint = ''] = await server.waitFor(/^ca-fingerprint (sha256:\S+)$/m);
  const access = AdministratorAccess.parse(JSON.parse(await readFile(administratorFile(data), 'utf8')));
  setDefaultCACertificates([...getCACertificates(), await readFile(join(data, 'ca.pem'), 'utf8')]);
  ssm = new SSMClient({
    endpoint: access.endpoint,
    region: access.region,
    credentials: access,
  });
  const built = await buildAgentPackage({ architecture: 'amd64', compression: 'none' });
  await machine.copyIn(built.path, '/root/agent.deb');
  await machine.expect('dpkg --install /root/agent.deb');
  const { ActivationId, ActivationCode } = await ssm.send(new CreateActivationCommand({ IamRole: 'node' }));
  const enrolled = await machine.expect(
    `echo ${ActivationCode} | patchbay-agent enrol --endpoint https://${hostAddress}:${port} --region ${access.region} --activation-id ${ActivationId} --ca-fingerprint ${caFingerprint}`,
  );
  instanceId = /Enrolled as (mi-[0-9a-f]{17})/.exec(enrolled)?.[1] ?? '';
  const isOnline = async () =>
    (await ssm.send(new DescribeInstanceInformationCommand({}))).InstanceInformationList?.[0]?.PingStatus === 'Online';
  for (let looks = 0; looks < 120 && !(await isOnline()); looks += 1) await wait(1000);
}, 600_000);

afterAll(async () => {
  await machine?.cutPower();
  await server?.end('SIGTERM');
  ssm?.destroy();
  await rm(folder, { recursive: true, force: true });
});

/** Sends AWS-RunPatchBaseline and waits for its end, through whatever reboots it brings. */
async function patch(operation: 'Scan' | 'Install', more: Record<string, string[]> = {}) {
  const { Command } = await ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunPatchBaseline',
      InstanceIds: [instanceId],
      Parameters: { Operation: [operation], ...more },
    }),
  );
  const CommandId = Command?.CommandId ?? '';
  const deadline = Date.now() + 1_200_000;
  for (;;) {
    const invocation = await ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: instanceId }));
    if (!['Pending', 'InProgress', 'Delayed'].includes(invocation.Status ?? '')) return { CommandId, ...invocation };
    if (Date.now() > deadline) {
      const journal = await machine.run('journalctl --no-pager -u patchbay-agent | tail -50; ps faxu | tail -40');
      throw new Error(`${operation} does not end: ${journal.stdout}\n${(await machine.console()).slice(-2000)}`);
    }
    await wait(2000);
  }
}

describe('a Debian machine that boots, with the agent from its package', () => {
  it('patches its kernel and a library in use, reboots once through 194, and ends compliant', async () => {
    const before = await patch('Scan');
    expect(before.Status, before.StandardErrorContent).toBe('Success');
    expect(before.StandardOutputContent).toContain('NON_COMPLIANT');
    const bootId = await machine.bootId();
    const runningKernel = await machine.expect('uname --kernel-release');
    // nginx maps the library that is about to be replaced.
    expect(await machine.expect('grep --count libssl /proc/$(cat /run/nginx.pid)/maps')).not.toBe('0');

    const install = await patch('Install', { RebootOption: ['RebootIfNeeded'] });
    console.log(install.StandardOutputContent, install.StandardErrorContent);
    expect(install.Status, install.StandardErrorContent).toBe('Success');
    expect(await machine.bootId()).not.toBe(bootId);
    expect(await machine.expect('uname --kernel-release')).not.toBe(runningKernel);
    expect(await machine.expect('dpkg --audit')).toBe('');
    expect(await machine.expect('systemctl --failed --no-legend')).toBe('');
    expect(await machine.expect("journalctl --list-boots | grep --count '^ *-*[0-9]'")).toBe('2');
    // apt is the judge: nothing of what was approved is left.
    expect(
      await machine.expect(
        "apt-get update -qq; apt-get -s upgrade --with-new-pkgs | grep -c '^Inst.*Debian-Security' || true",
      ),
    ).toBe('0');

    const { InstancePatchStates } = await ssm.send(
      new DescribeInstancePatchStatesCommand({ InstanceIds: [instanceId] }),
    );
    expect(InstancePatchStates).toMatchObject([
      { Operation: 'Install', MissingCount: 0, FailedCount: 0, InstalledPendingRebootCount: 0 },
    ]);
  }, 1_500_000);
});
