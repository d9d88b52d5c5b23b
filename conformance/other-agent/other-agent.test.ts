import { appendFile, copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DescribeInstancePatchStatesCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { buildAgentPackage } from '@patchbay/agent-package';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDataFolder, type RealServer, startRealServer } from '../ssm/real-server.ts';
import { type RunningRoot, startRunningRoot } from '../support/running-root.ts';
import { startTestArchives, type TestArchives } from '../support/test-archive.ts';
import {
  growArchives,
  type HardCaseArchive,
  hardCaseReleases,
  hardCases,
  stageHardCases,
} from '../support/test-packages.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';
import { enrolOtherAgent, type OtherAgent } from './protocol-client.ts';

const cases = [hardCases.epoch, hardCases.automatic];
const programs = '/var/lib/patchbay-patcher/programs';

// A Debian without any program of Patchbay, a control plane that has the package, and an agent that knows neither.
let server: RealServer & { stop(): Promise<void> };
let data: Awaited<ReturnType<typeof createDataFolder>>;
let archives: TestArchives<HardCaseArchive>;
let root: TestRoot;
let machine: RunningRoot;
let agent: OtherAgent;
let served: string;

beforeAll(async () => {
  data = await createDataFolder();
  server = await startRealServer(data.data);
  archives = await startTestArchives(hardCaseReleases);
  root = await createTestRoot({
    base: await prepareBaseRoot({ packages: ['mount', 'wget'] }),
    directory: join(data.data, '..', 'root'),
    archives: Object.values(archives.archives),
    keyring: archives.keyring,
  });
  await stageHardCases({ root, archives: archives.archives }, cases);
  await growArchives(archives.archives, cases);
  machine = await startRunningRoot(root.directory);
  agent = await enrolOtherAgent(server, machine);
  const built = await buildAgentPackage({ architecture: 'amd64', compression: 'none', version: '0.1.0' });
  await mkdir(join(data.data, 'agent-packages'), { recursive: true });
  served = join(data.data, 'agent-packages', built.fileName);
  await copyFile(built.path, served);
});

afterAll(async () => {
  await machine?.stop();
  await root?.remove();
  await archives?.close();
  await server?.stop();
  await data?.remove();
});

async function send(parameters: Record<string, string[]>): Promise<string> {
  const { Command } = await server.ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunPatchBaseline',
      InstanceIds: [agent.node.instanceId],
      Parameters: parameters,
    }),
  );
  return Command?.CommandId ?? '';
}
const read = async (CommandId: string) =>
  await server.ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: agent.node.instanceId }));
async function patchState() {
  const { InstancePatchStates = [] } = await server.ssm.send(
    new DescribeInstancePatchStatesCommand({ InstanceIds: [agent.node.instanceId] }),
  );
  return InstancePatchStates[0];
}

describe('AWS-RunPatchBaseline on a node with another agent', () => {
  it('fetches the patcher and scans, as the shared credentials let it', async () => {
    const commandId = await send({ Operation: ['Scan'] });
    const { exitCode, stdout, stderr } = await agent.runNext();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('NON_COMPLIANT');
    expect(await read(commandId)).toMatchObject({ Status: 'Success', ResponseCode: 0 });
    expect(await patchState()).toMatchObject({ Operation: 'Scan', FailedCount: 0 });
    expect((await patchState())?.MissingCount).toBeGreaterThan(0);
  });

  it('installs by a plan, with the patcher that is there already, and apt finds nothing more to do', async () => {
    const before = await readdir(join(root.directory, programs));
    const commandId = await send({ Operation: ['Install'], RebootOption: ['NoReboot'] });
    const { exitCode, stdout } = await agent.runNext();
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('Verdict: COMPLIANT') });
    expect(await read(commandId)).toMatchObject({ Status: 'Success', ResponseCode: 0 });
    expect(await patchState()).toMatchObject({ Operation: 'Install', MissingCount: 0, FailedCount: 0 });
    expect(await readdir(join(root.directory, programs))).toEqual(before);
    await machine.run(['apt-get', 'update']);
    const simulated = await machine.run(['apt-get', '--simulate', 'upgrade']);
    expect(simulated.stdout).toMatch(/^0 upgraded, 0 newly installed/m);
  });

  it('leaves nothing of the package but the patcher: no agent, no unit, no configuration', async () => {
    expect((await machine.run(['dpkg-query', '--show', 'patchbay-agent'])).exitCode).not.toBe(0);
    expect((await machine.run(['ls', '/usr/lib/patchbay-agent', '/etc/patchbay'])).exitCode).not.toBe(0);
  });

  it('runs nothing of a package that is not the one the control plane named', async () => {
    await rm(join(root.directory, programs), { recursive: true });
    const commandId = await send({ Operation: ['Scan'] });
    const [message] = await agent.node.getMessages({ hiddenSeconds: 1 });
    const payload = JSON.parse(message?.Payload ?? '') as {
      DocumentContent: { mainSteps: { inputs: { runCommand: string[] } }[] };
    };
    await appendFile(served, '!');
    const script = payload.DocumentContent.mainSteps[0]?.inputs.runCommand.join('\n') ?? '';
    const result = await machine.run(['sh', '-c', script]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/Nothing was scanned or installed: .* is not the one that the control plane named/);
    expect(await readdir(join(root.directory, programs))).toEqual([]);
    expect((await read(commandId)).Status).not.toBe('Success');
  });
});
