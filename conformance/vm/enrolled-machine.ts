import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { CreateActivationCommand, DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { buildAgentPackage } from '@patchbay/agent-package';
import { AdministratorAccess, administratorFile } from '@patchbay/server';
import { openPatchCommands, type PatchCommands } from '../support/patch-commands.ts';
import { startPatchbay } from '../support/patchbay-process.ts';
import { createVirtualMachine, hostAddress, type VirtualMachine } from './virtual-machine.ts';

/** A booted machine that installed the agent's package and enrolled over the network, and its control plane. */
export interface EnrolledMachine extends PatchCommands {
  readonly machine: VirtualMachine;
  readonly ssm: SSMClient;
  readonly instanceId: string;
  /** A directory of this test's own, on the host. */
  readonly folder: string;
  close(): Promise<void>;
}

/** In software emulation a kernel and its initramfs take minutes. */
const patienceMilliseconds = 1_200_000;

export async function startEnrolledMachine(): Promise<EnrolledMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'booted-node-'));
  const machine = await createVirtualMachine(folder);
  await machine.start();
  const data = join(folder, 'data');
  const server = startPatchbay(['up', '--data', data, '--port', '0', '--tls', 'auto', '--tls-name', hostAddress]);
  const [, port = ''] = await server.waitFor(/^ready https:\/\/127\.0\.0\.1:(\d+)$/m);
  const [, caFingerprint = ''] = await server.waitFor(/^ca-fingerprint (sha256:\S+)$/m);
  const administrator = AdministratorAccess.parse(JSON.parse(await readFile(administratorFile(data), 'utf8')));
  const { endpoint, region } = administrator;
  setDefaultCACertificates([...getCACertificates(), await readFile(join(data, 'ca.pem'), 'utf8')]);
  const ssm = new SSMClient({ endpoint, region, credentials: administrator });

  const built = await buildAgentPackage({ architecture: 'amd64', compression: 'none' });
  await machine.copyIn(built.path, '/var/tmp/agent.deb');
  await machine.expect('dpkg --install /var/tmp/agent.deb');
  const { ActivationId, ActivationCode } = await ssm.send(new CreateActivationCommand({ IamRole: 'node' }));
  const enrolled = await machine.expect(
    `echo ${ActivationCode} | patchbay-agent enrol --endpoint https://${hostAddress}:${port} --region ${region} --activation-id ${ActivationId} --ca-fingerprint ${caFingerprint}`,
  );
  const instanceId = /Enrolled as (mi-[0-9a-f]{17})/.exec(enrolled)?.[1] ?? '';
  const isOnline = async () =>
    (await ssm.send(new DescribeInstanceInformationCommand({}))).InstanceInformationList?.[0]?.PingStatus === 'Online';
  for (let looks = 0; looks < 120 && !(await isOnline()); looks += 1) await wait(1000);

  const commands = openPatchCommands({
    ssm,
    endpoint,
    administrator,
    to: { InstanceIds: [instanceId] },
    nodeCount: 1,
    patienceMilliseconds,
    describeNodes: async () => {
      const { stdout } = await machine.run('journalctl --no-pager -u patchbay-agent | tail -50; ps faxu | tail -40');
      return `${stdout}\n${(await machine.console()).slice(-2000)}`;
    },
  });
  return {
    ...commands,
    machine,
    ssm,
    instanceId,
    folder,
    async close() {
      await machine.cutPower();
      await server.end('SIGTERM');
      ssm.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
