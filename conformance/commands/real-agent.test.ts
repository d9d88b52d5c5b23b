import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  CancelCommandCommand,
  CreateActivationCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { runAgent } from '@patchbay/agent';
import { GetNode, ReleaseNode } from '@patchbay/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import { withRealServer } from '../ssm/real-server.ts';
import { runTool } from '../support/run-tool.ts';

/** The agent's timers, hurried: five minutes between pings would make long tests. */
const hurriedTimers = {
  now: () => new Date(),
  random: Math.random,
  sleep: async (milliseconds: number, signal: AbortSignal) => {
    await wait(Math.min(milliseconds, 200), undefined, { signal }).catch(() => {});
  },
};

interface RunningAgent {
  readonly lines: string[];
  stop(): Promise<void>;
}

describe('commands on a real agent', () => {
  const server = withRealServer();
  let folder: string;
  let agent: RunningAgent;
  let instanceId: string;

  function start(stateDirectory: string, activation: { id: string; code: string } | null): RunningAgent {
    const stopping = new AbortController();
    const lines: string[] = [];
    const running = runAgent({
      stateDirectory,
      endpoint: server().url,
      region: server().access.region,
      activation,
      patcherProgram: ['/nonexistent'],
      hostPolicyFile: join(folder, 'policy', 'policy.json'),
      log: ({ message }) => lines.push(message),
      signal: stopping.signal,
      timers: hurriedTimers,
    });
    running.catch((error: unknown) => lines.push(String(error)));
    return {
      lines,
      stop: async () => {
        stopping.abort();
        await running;
      },
    };
  }
  /** The id under which an agent came online. */
  const online = (running: RunningAgent): Promise<string> =>
    vi.waitUntil(() => running.lines.map((line) => /Online as (mi-\w+)/.exec(line)?.[1]).find(Boolean) ?? '', {
      timeout: 20_000,
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchbay-commands-'));
    mkdirSync(join(folder, 'policy'), { mode: 0o755 });
    writeFileSync(join(folder, 'policy', 'policy.json'), '{"mode":"full"}', { mode: 0o644 });
    const { ActivationId = '', ActivationCode = '' } = await server().ssm.send(
      new CreateActivationCommand({ IamRole: 'node' }),
    );
    agent = start(join(folder, 'state'), { id: ActivationId, code: ActivationCode });
    instanceId = await online(agent);
  });
  afterAll(async () => {
    await agent?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function send(commands: string[]): Promise<string> {
    const { Command } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [instanceId],
        Parameters: { commands },
      }),
    );
    return Command?.CommandId ?? '';
  }
  const read = (CommandId: string): Promise<GetCommandInvocationCommandOutput> =>
    server().ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: instanceId }));
  const ends = (commandId: string) =>
    expect
      .poll(async () => (await read(commandId)).Status, { timeout: 30_000, interval: 200 })
      .not.toMatch(/Pending|InProgress|Delayed|Cancelling/);
  async function quarantine(): Promise<unknown> {
    const answer = await server().call(`Patchbay.${GetNode.name}`, { instanceId }, { service: 'patchbay' });
    return GetNode.output.parse(readSuccess(answer)).quarantine;
  }

  it('hand out a long output whole: by link with curl, and by the command line', async () => {
    const commandId = await send(['seq 1 400000']);
    await ends(commandId);
    const whole = await runTool(['seq', '1', '400000']);
    const { StandardOutputContent, StandardOutputUrl = '' } = await read(commandId);
    expect(StandardOutputContent).toHaveLength(24_000);
    await expect
      .poll(async () => (await runTool(['curl', '-sf', StandardOutputUrl])).length, { timeout: 20_000 })
      .toBe(whole.length);
    expect(await runTool(['curl', '-sf', StandardOutputUrl])).toBe(whole);
    const { accessKeyId, secretAccessKey, region } = server().access;
    const printed = await runTool([
      'env',
      `AWS_ENDPOINT_URL=${server().url}`,
      `AWS_ACCESS_KEY_ID=${accessKeyId}`,
      `AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
      `AWS_REGION=${region}`,
      join(import.meta.dirname, '../../patchbay'),
      'command-output',
      commandId,
      `--instance=${instanceId}`,
    ]);
    expect(printed).toBe(whole);
  });

  it('are cancelled while they wait on the node, and run to their end where they have begun', async () => {
    const running = await send(['sleep 2', 'echo whole']);
    const waiting = await send(['echo never']);
    await expect.poll(async () => (await read(waiting)).Status, { timeout: 15_000 }).toBe('InProgress');
    for (const CommandId of [running, waiting]) await server().ssm.send(new CancelCommandCommand({ CommandId }));
    await ends(running);
    await ends(waiting);
    expect(await read(running)).toMatchObject({ StatusDetails: 'Success', StandardOutputContent: 'whole\n' });
    expect(await read(waiting)).toMatchObject({ StatusDetails: 'Cancelled', StandardOutputContent: '' });
  });

  it('go to nobody while a copy of the state directory speaks too', async () => {
    await runTool(['cp', '-a', join(folder, 'state'), join(folder, 'copy')]);
    await rm(join(folder, 'copy', 'lock'), { force: true });
    const clone = start(join(folder, 'copy'), null);
    await online(clone);
    await expect.poll(quarantine, { timeout: 20_000 }).toMatchObject({
      reason: expect.stringMatching(/Two agents speak for it/),
    });
    await expect(send(['true'])).rejects.toMatchObject({ name: 'InvalidInstanceId' });
    await clone.stop();
    readSuccess(await server().call(`Patchbay.${ReleaseNode.name}`, { instanceId }, { service: 'patchbay' }));
    await wait(500);
    expect(await quarantine()).toBeNull();
    const commandId = await send(['echo back']);
    await ends(commandId);
    expect((await read(commandId)).StandardOutputContent).toBe('back\n');
  });

  it('find no node that has said goodbye', async () => {
    await agent.stop();
    const { InstanceInformationList: [information] = [] } = await server().ssm.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [instanceId] }] }),
    );
    expect(information?.PingStatus).toBe('ConnectionLost');
  });
});
