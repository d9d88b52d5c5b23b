import {
  type Command,
  type CommandInvocation,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
} from '@aws-sdk/client-ssm';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';
import { sweepCommands } from './sweep.ts';

describe('the progress of a command', () => {
  const server = withTestServer();
  const enrolTagged = async (group: string, count: number): Promise<TestNode[]> => {
    const nodes = [];
    for (let index = 0; index < count; index += 1) nodes.push(await enrolNode(server(), { tags: { Group: group } }));
    return nodes.sort((left, right) => (left.instanceId < right.instanceId ? -1 : 1));
  };
  async function send(group: string, input: Partial<SendCommandCommandInput> = {}): Promise<string> {
    const { Command: sent } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands: ['true'] },
        Targets: [{ Key: 'tag:Group', Values: [group] }],
        ...input,
      }),
    );
    return sent?.CommandId ?? '';
  }
  async function commandOf(CommandId: string): Promise<Command | undefined> {
    const { Commands = [] } = await server().ssm.send(new ListCommandsCommand({ CommandId }));
    return Commands[0];
  }
  async function invocationsOf(CommandId: string): Promise<Map<string, CommandInvocation>> {
    const { CommandInvocations = [] } = await server().ssm.send(new ListCommandInvocationsCommand({ CommandId }));
    return new Map(CommandInvocations.map((invocation) => [invocation.InstanceId ?? '', invocation]));
  }
  const hasMessage = async (node: TestNode) => (await node.getMessages({ hiddenSeconds: 1 })).length > 0;
  async function finish(node: TestNode, commandId: string, status: string): Promise<void> {
    const messageId = `aws.ssm.${commandId}.${node.instanceId}`;
    await node.acknowledge(messageId);
    await node.reply(messageId, {
      documentStatus: status,
      runtimeStatus: { runShellScript: { status, code: status === 'Success' ? 0 : 1 } },
    });
  }
  const at = (nodes: readonly TestNode[], index: number): TestNode => {
    const node = nodes[index];
    if (!node) throw new RangeError(`There is no node ${index}`);
    return node;
  };

  it('is in progress as soon as the first reply or acknowledgement of a node came', async () => {
    const [first, second] = await enrolTagged('started', 2);
    if (!first || !second) throw new Error('unreachable');
    const commandId = await send('started');
    expect(await commandOf(commandId)).toMatchObject({ Status: 'Pending' });
    await first.getMessages();
    // The SSM Agent replies that it is at work before it acknowledges.
    await first.reply(`aws.ssm.${commandId}.${first.instanceId}`, {
      documentStatus: 'InProgress',
      runtimeStatus: null,
    });
    expect(await commandOf(commandId)).toMatchObject({ Status: 'InProgress', StatusDetails: 'InProgress' });
    await first.acknowledge(`aws.ssm.${commandId}.${first.instanceId}`);
    // A status that no agent knows is no end, not even under a name that every object inherits.
    await first.reply(`aws.ssm.${commandId}.${first.instanceId}`, { documentStatus: 'constructor', runtimeStatus: {} });
    const { finishedAt } = await server()
      .database.selectFrom('commandInvocations')
      .select('finishedAt')
      .where('commandId', '=', commandId)
      .where('instanceId', '=', first.instanceId)
      .executeTakeFirstOrThrow();
    expect(finishedAt).toBeNull();
    expect((await invocationsOf(commandId)).get(first.instanceId)?.Status).toBe('InProgress');
    expect((await invocationsOf(commandId)).get(second.instanceId)?.Status).toBe('Pending');
  });

  it('keeps to MaxConcurrency: the next node starts when one has ended', async () => {
    const nodes = await enrolTagged('slow', 3);
    const commandId = await send('slow', { MaxConcurrency: '1' });
    expect(await hasMessage(at(nodes, 0))).toBe(true);
    const waiting = await server()
      .database.selectFrom('commandInvocations')
      .select('instanceId')
      .where('commandId', '=', commandId)
      .where('dispatchedAt', 'is', null)
      .execute();
    expect(waiting).toHaveLength(2);
    await finish(at(nodes, 0), commandId, 'Success');
    expect(await hasMessage(at(nodes, 1))).toBe(true);
    await finish(at(nodes, 1), commandId, 'Success');
    expect(await hasMessage(at(nodes, 2))).toBe(true);
    await finish(at(nodes, 2), commandId, 'Success');
    expect(await commandOf(commandId)).toMatchObject({ Status: 'Success', CompletedCount: 3, ErrorCount: 0 });
  });

  it('stops after more errors than MaxErrors: what has not started is terminated, what runs may end', async () => {
    const nodes = await enrolTagged('failing', 4);
    const commandId = await send('failing', { MaxConcurrency: '2', MaxErrors: '0' });
    expect(await hasMessage(at(nodes, 0))).toBe(true);
    expect(await hasMessage(at(nodes, 1))).toBe(true);
    await finish(at(nodes, 0), commandId, 'Failed');
    const invocations = await invocationsOf(commandId);
    expect(nodes.map((node) => invocations.get(node.instanceId)?.StatusDetails)).toEqual([
      'Failed',
      'Pending',
      'Terminated',
      'Terminated',
    ]);
    await finish(at(nodes, 1), commandId, 'Success');
    expect(await commandOf(commandId)).toMatchObject({
      Status: 'Failed',
      StatusDetails: 'Failed',
      CompletedCount: 4,
      ErrorCount: 1,
    });
  });

  it('goes on while there are no more errors than MaxErrors, and ends as incomplete', async () => {
    const nodes = await enrolTagged('tolerant', 2);
    const commandId = await send('tolerant', { MaxConcurrency: '1', MaxErrors: '1' });
    expect(await hasMessage(at(nodes, 0))).toBe(true);
    await finish(at(nodes, 0), commandId, 'TimedOut');
    expect(await hasMessage(at(nodes, 1))).toBe(true);
    await finish(at(nodes, 1), commandId, 'Success');
    expect((await invocationsOf(commandId)).get(at(nodes, 0).instanceId)).toMatchObject({
      Status: 'TimedOut',
      StatusDetails: 'ExecutionTimedOut',
    });
    expect(await commandOf(commandId)).toMatchObject({ Status: 'Failed', StatusDetails: 'Incomplete', ErrorCount: 1 });
  });

  it('times out what was not delivered in time, at the next sweep', async () => {
    const start = server().now();
    const [node] = await enrolTagged('late', 1);
    if (!node) throw new Error('unreachable');
    const commandId = await send('late', { TimeoutSeconds: 60 });
    server().advance({ seconds: 59 });
    await sweepCommands(server().database, server().dependencies);
    expect(await commandOf(commandId)).toMatchObject({ Status: 'Pending' });
    server().advance({ seconds: 1 });
    expect(await hasMessage(node)).toBe(false);
    expect(await sweepCommands(server().database, server().dependencies)).toBe(1);
    expect((await invocationsOf(commandId)).get(node.instanceId)).toMatchObject({
      Status: 'TimedOut',
      StatusDetails: 'DeliveryTimedOut',
    });
    expect(await commandOf(commandId)).toMatchObject({
      Status: 'TimedOut',
      StatusDetails: 'DeliveryTimedOut',
      DeliveryTimedOutCount: 1,
      ErrorCount: 0,
      CompletedCount: 1,
    });
    expect(await sweepCommands(server().database, server().dependencies)).toBe(0);
    server().setNow(start);
  });

  it('times out what was delivered and never answered once the whole time is over', async () => {
    const start = server().now();
    const [node] = await enrolTagged('lost', 1);
    if (!node) throw new Error('unreachable');
    const commandId = await send('lost', {
      TimeoutSeconds: 60,
      Parameters: { commands: ['sleep 1'], executionTimeout: ['120'] },
    });
    const [message] = await node.getMessages();
    await node.acknowledge(message?.MessageId ?? '');
    server().advance({ seconds: 179 });
    await sweepCommands(server().database, server().dependencies);
    expect(await commandOf(commandId)).toMatchObject({ Status: 'InProgress' });
    server().advance({ seconds: 1 });
    await sweepCommands(server().database, server().dependencies);
    expect(await commandOf(commandId)).toMatchObject({ Status: 'TimedOut', StatusDetails: 'DeliveryTimedOut' });
    // The answer comes after all: what has ended stays as it ended.
    await finish(node, commandId, 'Success');
    expect(await commandOf(commandId)).toMatchObject({ Status: 'TimedOut' });
    expect((await invocationsOf(commandId)).get(node.instanceId)?.Status).toBe('TimedOut');
    server().setNow(start);
  });

  it('counts what an agent could make nothing of as undeliverable', async () => {
    const [node] = await enrolTagged('odd', 1);
    if (!node) throw new Error('unreachable');
    const commandId = await send('odd');
    const [message] = await node.getMessages();
    await node.callEc2Messages('FailMessage', {
      MessageId: message?.MessageId,
      FailureType: 'InternalHandlerException',
    });
    expect((await invocationsOf(commandId)).get(node.instanceId)).toMatchObject({
      Status: 'Failed',
      StatusDetails: 'Undeliverable',
      TraceOutput: expect.stringContaining('InternalHandlerException'),
    });
    expect(await commandOf(commandId)).toMatchObject({
      Status: 'Failed',
      StatusDetails: 'Failed',
      ErrorCount: 0,
      CompletedCount: 1,
      DeliveryTimedOutCount: 0,
    });
  });

  it('is delayed on a node that has to be told again, until the node acknowledges', async () => {
    const start = server().now();
    const [node] = await enrolTagged('delayed', 1);
    if (!node) throw new Error('unreachable');
    const commandId = await send('delayed');
    const status = async () => (await invocationsOf(commandId)).get(node.instanceId);
    expect(await hasMessage(node)).toBe(true);
    expect(await status()).toMatchObject({ Status: 'Pending', StatusDetails: 'Pending' });
    server().advance({ seconds: 2 });
    expect(await hasMessage(node)).toBe(true);
    expect(await status()).toMatchObject({ Status: 'Delayed', StatusDetails: 'Delayed' });
    expect(await commandOf(commandId)).toMatchObject({ Status: 'Pending' });
    await node.acknowledge(`aws.ssm.${commandId}.${node.instanceId}`);
    expect(await status()).toMatchObject({ Status: 'InProgress', StatusDetails: 'InProgress' });
    server().setNow(start);
  });

  it('ends at once on a node of another platform, which counts as no error', async () => {
    const windows = await enrolNode(server(), { tags: { Group: 'mixed' }, platform: { PlatformType: 'Windows' } });
    const linux = await enrolNode(server(), { tags: { Group: 'mixed' } });
    const commandId = await send('mixed', { MaxErrors: '0' });
    expect((await invocationsOf(commandId)).get(windows.instanceId)).toMatchObject({
      Status: 'Failed',
      StatusDetails: 'InvalidPlatform',
      TraceOutput: expect.stringContaining('Windows'),
    });
    expect(await hasMessage(windows)).toBe(false);
    expect(await hasMessage(linux)).toBe(true);
    await finish(linux, commandId, 'Success');
    expect(await commandOf(commandId)).toMatchObject({ StatusDetails: 'Incomplete', ErrorCount: 0, CompletedCount: 2 });
    await expect(send('mixed', { Targets: undefined, InstanceIds: [windows.instanceId] })).rejects.toMatchObject({
      name: 'UnsupportedPlatformType',
    });
  });

  it('ends once for many nodes that answer at the same moment', async () => {
    const nodes = await enrolTagged('crowd', 6);
    const commandId = await send('crowd', { MaxConcurrency: '100%', MaxErrors: '100%' });
    for (const node of nodes) expect(await hasMessage(node)).toBe(true);
    await Promise.all(nodes.map((node, index) => finish(node, commandId, index % 2 === 0 ? 'Success' : 'Failed')));
    expect(await commandOf(commandId)).toMatchObject({
      Status: 'Failed',
      StatusDetails: 'Incomplete',
      CompletedCount: 6,
      ErrorCount: 3,
    });
  });

  it('does not let a reply change an invocation that was ended at the same moment', async () => {
    const [node] = await enrolTagged('race', 1);
    if (!node) throw new Error('unreachable');
    const commandId = await send('race');
    const messageId = `aws.ssm.${commandId}.${node.instanceId}`;
    await node.getMessages();
    let reply: Promise<unknown> = Promise.resolve();
    await server()
      .database.transaction()
      .execute(async (transaction) => {
        await transaction
          .updateTable('commandInvocations')
          .set({ status: 'TimedOut', statusDetails: 'DeliveryTimedOut', finishedAt: server().now() })
          .where('commandId', '=', commandId)
          .execute();
        reply = node.reply(messageId, { documentStatus: 'Success', runtimeStatus: {} });
        // The reply has read the invocation as unfinished when it waits for our row.
        await expect
          .poll(async () => {
            const { rows } = await sql`select 1 from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock'`.execute(server().database);
            return rows.length;
          })
          .toBe(1);
      });
    await reply;
    const { Status } = await server().ssm.send(
      new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: node.instanceId }),
    );
    expect(Status).toBe('TimedOut');
  });
});
