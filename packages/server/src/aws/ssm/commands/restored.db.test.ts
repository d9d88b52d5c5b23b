import { CancelCommandCommand, GetCommandInvocationCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';
import { endRestoredCommands } from './restored.ts';

describe('commands of a restored installation', () => {
  const server = withTestServer();

  async function send(node: TestNode): Promise<string> {
    const { Command } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands: ['true'] },
        InstanceIds: [node.instanceId],
      }),
    );
    return Command?.CommandId ?? '';
  }
  const restore = () =>
    endRestoredCommands(server().database, {
      backupAt: '2026-11-19T00:00:00.000Z',
      now: server().now(),
      wake: server().dependencies.wake,
    });
  const read = (commandId: string, node: TestNode) =>
    server().ssm.send(new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: node.instanceId }));

  it('are not sent again, nor is a cancellation that waited for its node', async () => {
    const [idle, busy] = [await enrolNode(server()), await enrolNode(server())];
    const waiting = await send(idle);
    const cancelled = await send(busy);
    await busy.getMessages();
    await busy.acknowledge(`aws.ssm.${cancelled}.${busy.instanceId}`);
    await server().ssm.send(new CancelCommandCommand({ CommandId: cancelled }));
    expect((await read(cancelled, busy)).StatusDetails).toBe('Cancelling');

    expect(await restore()).toBe(2);
    server().advance({ seconds: 60 });
    for (const node of [idle, busy]) expect(await node.getMessages()).toEqual([]);
    expect((await read(waiting, idle)).StatusDetails).toBe('Cancelled');
    expect((await read(cancelled, busy)).StatusDetails).toBe('Failed');
    expect(await restore()).toBe(0);
  });

  it('take what a node still has to say about them', async () => {
    const node = await enrolNode(server());
    const commandId = await send(node);
    await node.getMessages();
    await restore();
    await node.reply(`aws.ssm.${commandId}.${node.instanceId}`, {
      documentStatus: 'Success',
      runtimeStatus: { runShellScript: { status: 'Success', code: 0, standardOutput: 'it ran' } },
    });
    expect(await read(commandId, node)).toMatchObject({ StatusDetails: 'Failed', StandardOutputContent: 'it ran' });
  });
});
