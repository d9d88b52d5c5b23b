import {
  CancelCommandCommand,
  type Command,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { enrolNode, type Message, type TestNode } from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';
import { sweepCommands } from './sweep.ts';

describe('a cancelled command', () => {
  const server = withTestServer();

  async function send(nodes: readonly TestNode[], input: Partial<SendCommandCommandInput> = {}): Promise<string> {
    const { Command: sent } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands: ['true'] },
        InstanceIds: nodes.map((node) => node.instanceId),
        ...input,
      }),
    );
    return sent?.CommandId ?? '';
  }
  const cancel = (CommandId: string, InstanceIds?: string[]) =>
    server().ssm.send(new CancelCommandCommand({ CommandId, InstanceIds }));
  async function commandOf(CommandId: string): Promise<Command | undefined> {
    const { Commands = [] } = await server().ssm.send(new ListCommandsCommand({ CommandId }));
    return Commands[0];
  }
  async function statusOn(node: TestNode, CommandId: string): Promise<string | undefined> {
    const { StatusDetails } = await server().ssm.send(
      new GetCommandInvocationCommand({ CommandId, InstanceId: node.instanceId }),
    );
    return StatusDetails;
  }
  async function nextMessage(node: TestNode): Promise<Message | undefined> {
    const [message] = await node.getMessages({ hiddenSeconds: 1 });
    return message;
  }
  async function start(node: TestNode, commandId: string): Promise<void> {
    expect((await nextMessage(node))?.Topic).toMatch(/^aws\.ssm\.sendCommand\./);
    await node.acknowledge(`aws.ssm.${commandId}.${node.instanceId}`);
  }
  const end = (node: TestNode, commandId: string, status: string) =>
    node.reply(`aws.ssm.${commandId}.${node.instanceId}`, {
      documentStatus: status,
      runtimeStatus: { runShellScript: { status, code: status === 'Success' ? 0 : 137, standardOutput: 'so far' } },
    });

  it('ends at once where no agent can have it, and is never delivered', async () => {
    const node = await enrolNode(server());
    const commandId = await send([node]);
    await cancel(commandId);
    expect(await commandOf(commandId)).toMatchObject({
      Status: 'Cancelled',
      StatusDetails: 'Cancelled',
      CompletedCount: 1,
      ErrorCount: 0,
    });
    expect(await nextMessage(node)).toBeUndefined();
  });

  it('is told to the agent that runs it, and ends as the agent says', async () => {
    const node = await enrolNode(server());
    const commandId = await send([node]);
    await start(node, commandId);
    await cancel(commandId);
    expect(await commandOf(commandId)).toMatchObject({ Status: 'Cancelling', StatusDetails: 'Cancelling' });
    expect(await statusOn(node, commandId)).toBe('Cancelling');
    const message = await nextMessage(node);
    expect(message).toMatchObject({
      Topic: expect.stringMatching(/^aws\.ssm\.cancelCommand\./),
      Destination: node.instanceId,
    });
    expect(message?.MessageId).not.toContain(commandId);
    expect(JSON.parse(message?.Payload ?? '')).toEqual({
      CancelMessageId: `aws.ssm.${commandId}.${node.instanceId}`,
    });
    await node.acknowledge(message?.MessageId ?? '');
    expect(await nextMessage(node)).toBeUndefined();
    // A step that ends meanwhile does not undo the cancellation.
    await node.reply(`aws.ssm.${commandId}.${node.instanceId}`, { documentStatus: 'InProgress', runtimeStatus: {} });
    expect(await statusOn(node, commandId)).toBe('Cancelling');
    await end(node, commandId, 'Cancelled');
    expect(await commandOf(commandId)).toMatchObject({ Status: 'Cancelled', StatusDetails: 'Cancelled' });
    expect(await statusOn(node, commandId)).toBe('Cancelled');
  });

  it('that was too far on to be stopped ends as it ended', async () => {
    const node = await enrolNode(server());
    const commandId = await send([node]);
    await start(node, commandId);
    await cancel(commandId);
    await end(node, commandId, 'Success');
    expect(await commandOf(commandId)).toMatchObject({ Status: 'Success' });
    expect(await nextMessage(node)).toBeUndefined();
    await cancel(commandId);
    expect(await commandOf(commandId)).toMatchObject({ Status: 'Success' });
  });

  it('that was handed out and never acknowledged ends once the agent knows', async () => {
    const node = await enrolNode(server());
    const commandId = await send([node]);
    await nextMessage(node);
    await cancel(commandId);
    expect(await statusOn(node, commandId)).toBe('Cancelling');
    const message = await nextMessage(node);
    expect(message?.Topic).toMatch(/cancelCommand/);
    await node.acknowledge(message?.MessageId ?? '');
    expect(await statusOn(node, commandId)).toBe('Cancelled');
  });

  it('is handed out again until the agent acknowledged the cancellation', async () => {
    const start0 = server().now();
    const node = await enrolNode(server());
    const commandId = await send([node]);
    await start(node, commandId);
    await cancel(commandId);
    const first = await nextMessage(node);
    server().advance({ seconds: 2 });
    expect((await nextMessage(node))?.MessageId).toBe(first?.MessageId);
    server().setNow(start0);
  });

  it('is cancelled on some of its nodes only, where these are named', async () => {
    const [first, second] = [await enrolNode(server()), await enrolNode(server())];
    const commandId = await send([first, second]);
    await cancel(commandId, [first.instanceId]);
    expect(await statusOn(first, commandId)).toBe('Cancelled');
    expect(await statusOn(second, commandId)).toBe('Pending');
    await start(second, commandId);
    await end(second, commandId, 'Success');
    expect(await commandOf(commandId)).toMatchObject({ Status: 'Cancelled', CompletedCount: 2 });
  });

  it('lets none of the waiting nodes begin', async () => {
    const nodes = [await enrolNode(server()), await enrolNode(server())].sort((left, right) =>
      left.instanceId < right.instanceId ? -1 : 1,
    );
    const commandId = await send(nodes, { MaxConcurrency: '1' });
    const [first, second] = nodes;
    if (!first || !second) throw new Error('unreachable');
    await start(first, commandId);
    await cancel(commandId);
    await end(first, commandId, 'Cancelled');
    expect(await nextMessage(second)).toBeUndefined();
    expect(await statusOn(second, commandId)).toBe('Cancelled');
  });

  it('must exist, be the caller’s, and have been sent to the nodes named', async () => {
    const [first, second] = [await enrolNode(server()), await enrolNode(server())];
    const commandId = await send([first]);
    await expect(cancel('00000000-0000-4000-8000-000000000000')).rejects.toMatchObject({ name: 'InvalidCommandId' });
    await expect(cancel(commandId, [second.instanceId])).rejects.toMatchObject({ name: 'InvalidInstanceId' });
    const other = server().createClient(server().administrator, 'eu-west-1');
    await expect(other.send(new CancelCommandCommand({ CommandId: commandId }))).rejects.toMatchObject({
      name: 'InvalidCommandId',
    });
  });

  it('is not acknowledged by another node', async () => {
    const [node, stranger] = [await enrolNode(server()), await enrolNode(server())];
    const commandId = await send([node]);
    await start(node, commandId);
    await cancel(commandId);
    const message = await nextMessage(node);
    await expect(stranger.acknowledge(message?.MessageId ?? '')).rejects.toThrow();
    server().advance({ seconds: 2 });
    expect((await nextMessage(node))?.MessageId).toBe(message?.MessageId);
  });
});

describe('a reply that comes late', () => {
  const server = withTestServer();

  async function unexpectedReplies(): Promise<Record<string, string>> {
    const { text } = await server().dependencies.metrics.render();
    const lines = text.matchAll(/^patchbay_agent_replies_unexpected_total\{reason="(\w+)"\} (\d+)$/gm);
    return Object.fromEntries([...lines].map(([, reason = '', count = '']) => [reason, count]));
  }

  it('loses nothing: output and end are kept, while the invocation stays as everybody was told', async () => {
    const node = await enrolNode(server());
    const { Command: sent } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands: ['true'], executionTimeout: ['60'] },
        InstanceIds: [node.instanceId],
        TimeoutSeconds: 60,
      }),
    );
    const commandId = sent?.CommandId ?? '';
    const id = `aws.ssm.${commandId}.${node.instanceId}`;
    await node.getMessages();
    await node.acknowledge(id);
    server().advance({ seconds: 121 });
    await sweepCommands(server().database, server().dependencies);
    const reply = {
      documentStatus: 'Success',
      runtimeStatus: { runShellScript: { status: 'Success', code: 0, standardOutput: 'all of it' } },
    };
    await node.reply(id, reply);
    const read = () =>
      server().ssm.send(new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: node.instanceId }));
    const after = await read();
    expect(after).toMatchObject({
      StatusDetails: 'DeliveryTimedOut',
      ResponseCode: 0,
      StandardOutputContent: 'all of it',
    });
    const { CommandInvocations: [invocation] = [] } = await server().ssm.send(
      new ListCommandInvocationsCommand({ CommandId: commandId, Details: true }),
    );
    expect(invocation?.TraceOutput).toMatch(/The node answered at .* after this had ended at .*: Success/);
    expect(invocation?.CommandPlugins).toMatchObject([{ Status: 'Success', ResponseCode: 0 }]);
    // Once more, and with another content: harmless, and counted.
    await node.reply(id, {
      ...reply,
      runtimeStatus: { runShellScript: { status: 'Failed', code: 1, standardOutput: 'forged' } },
    });
    expect(await read()).toMatchObject({ StandardOutputContent: 'all of it', ResponseCode: 0 });
    expect(await unexpectedReplies()).toMatchObject({ late: '1', repeated: '1' });
  });

  it('or for another node, another command, or nothing at all is refused and counted', async () => {
    const [node, stranger] = [await enrolNode(server()), await enrolNode(server())];
    const { Command: sent } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands: ['true'] },
        InstanceIds: [node.instanceId],
      }),
    );
    const payload = { documentStatus: 'Success', runtimeStatus: {} };
    const ids = [
      // Not delivered yet.
      `aws.ssm.${sent?.CommandId}.${node.instanceId}`,
      `aws.ssm.${sent?.CommandId}.${stranger.instanceId}`,
      `aws.ssm.00000000-0000-4000-8000-000000000000.${node.instanceId}`,
      'constructor',
    ];
    for (const id of ids) await expect(node.reply(id, payload)).rejects.toThrow();
    expect(await unexpectedReplies()).toMatchObject({
      never_delivered: '1',
      other_node: '1',
      unknown_command: '1',
      unreadable_id: '1',
    });
    const { StatusDetails } = await server().ssm.send(
      new GetCommandInvocationCommand({ CommandId: sent?.CommandId, InstanceId: node.instanceId }),
    );
    expect(StatusDetails).toBe('Pending');
  });
});
