import {
  type Command,
  ListCommandsCommand,
  type ListCommandsCommandInput,
  paginateListCommands,
  SendCommandCommand,
  type SendCommandCommandInput,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { createPerson } from '../../../test-support/test-people.ts';
import { withTestServer } from '../../../test-support/test-server.ts';

describe('commands, to somebody who is limited by tags', () => {
  const server = withTestServer();
  let web: TestNode;
  let shop: TestNode;
  let database: TestNode;
  let busy: TestNode;
  let operator: SSMClient;
  const delivered = new Set<string>();

  beforeAll(async () => {
    web = await enrolNode(server(), { tags: { PatchGroup: 'web' } });
    shop = await enrolNode(server(), { tags: { PatchGroup: 'web' } });
    busy = await enrolNode(server(), { tags: { PatchGroup: 'web' } });
    database = await enrolNode(server(), { tags: { PatchGroup: 'db' } });
    const limits = [{ key: 'PatchGroup', values: ['web'] }];
    operator = server().createClient(await createPerson(server(), 'limited', 'operator', limits));
  });

  /** Each a second after the one before: at equal times their ids decide the order. */
  async function send(nodes: readonly TestNode[], input: Partial<SendCommandCommandInput> = {}): Promise<string> {
    server().advance({ seconds: 1 });
    const { Command: sent } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunPatchBaseline',
        Parameters: { Operation: ['Scan'] },
        InstanceIds: nodes.map(({ instanceId }) => instanceId),
        ...input,
      }),
    );
    return sent?.CommandId ?? '';
  }
  async function finish(node: TestNode, commandId: string, status: 'Success' | 'Failed'): Promise<void> {
    const messageId = `aws.ssm.${commandId}.${node.instanceId}`;
    while (!delivered.has(messageId)) {
      const messages = await node.getMessages();
      if (messages.length === 0) throw new Error(`${commandId} does not come`);
      for (const { MessageId } of messages) delivered.add(MessageId);
    }
    await node.acknowledge(messageId);
    const code = status === 'Success' ? 0 : 1;
    await node.reply(messageId, { documentStatus: status, runtimeStatus: { PatchLinux: { status, code } } });
  }
  async function see(client: SSMClient, CommandId: string): Promise<Command | undefined> {
    return (await client.send(new ListCommandsCommand({ CommandId }))).Commands?.[0];
  }
  const list = async (client: SSMClient, input: ListCommandsCommandInput) =>
    (await client.send(new ListCommandsCommand(input))).Commands?.map(({ CommandId }) => CommandId);
  const filter = (key: 'Status' | 'ExecutionStage', value: string) => ({ Filters: [{ key, value }] });

  it('count the nodes within reach, and end with them', async () => {
    const commandId = await send([web, shop, database]);
    const pending = { Status: 'Pending', TargetCount: 2, CompletedCount: 0, ErrorCount: 0 };
    expect(await see(operator, commandId)).toMatchObject({
      ...pending,
      InstanceIds: [web.instanceId, shop.instanceId],
    });
    await finish(database, commandId, 'Failed');
    expect(await see(operator, commandId)).toMatchObject(pending);
    expect(await see(server().ssm, commandId)).toMatchObject({
      Status: 'InProgress',
      TargetCount: 3,
      CompletedCount: 1,
      ErrorCount: 1,
    });
    await finish(web, commandId, 'Success');
    expect(await see(operator, commandId)).toMatchObject({ Status: 'InProgress', CompletedCount: 1, ErrorCount: 0 });
    await finish(shop, commandId, 'Success');
    expect(await see(operator, commandId)).toMatchObject({
      Status: 'Success',
      StatusDetails: 'Success',
      TargetCount: 2,
      CompletedCount: 2,
      ErrorCount: 0,
      DeliveryTimedOutCount: 0,
    });
    expect(await see(server().ssm, commandId)).toMatchObject({ Status: 'Failed', TargetCount: 3, ErrorCount: 1 });
  });

  it('show the errors within reach', async () => {
    const commandId = await send([web, database], { MaxErrors: '100%' });
    await finish(web, commandId, 'Failed');
    expect(await see(operator, commandId)).toMatchObject({
      Status: 'Failed',
      TargetCount: 1,
      CompletedCount: 1,
      ErrorCount: 1,
    });
    expect(await see(server().ssm, commandId)).toMatchObject({ Status: 'InProgress', TargetCount: 2 });
  });

  it('name only nodes within reach among their targets', async () => {
    const Values = [web.instanceId, database.instanceId];
    const named = await send([], { InstanceIds: [], Targets: [{ Key: 'InstanceIds', Values }] });
    expect((await see(operator, named))?.Targets).toEqual([{ Key: 'InstanceIds', Values: [web.instanceId] }]);
    expect((await see(server().ssm, named))?.Targets).toEqual([{ Key: 'InstanceIds', Values }]);
    const Targets = [{ Key: 'tag:PatchGroup', Values: ['web', 'db'] }];
    const tagged = await send([], { InstanceIds: [], Targets });
    expect(await see(operator, tagged)).toMatchObject({ Targets, TargetCount: 3 });
    expect(await see(server().ssm, tagged)).toMatchObject({ Targets, TargetCount: 4 });
  });

  it('are filtered by the status within reach', async () => {
    const ended = [await send([web, database]), await send([web, database])];
    for (const commandId of ended) await finish(web, commandId, 'Success');
    const open = await send([web, database]);
    await finish(database, open, 'Success');
    const own = [...ended, open];
    const among = async (client: SSMClient, input: ListCommandsCommandInput) =>
      (await list(client, input))?.filter((commandId) => own.includes(commandId ?? '')).sort();
    for (const input of [filter('Status', 'Success'), filter('ExecutionStage', 'Complete')]) {
      expect(await among(operator, input)).toEqual([...ended].sort());
      expect(await among(server().ssm, input)).toEqual([]);
    }
    expect(await among(operator, filter('ExecutionStage', 'Executing'))).toEqual([open]);
    expect(await among(server().ssm, filter('ExecutionStage', 'Executing'))).toEqual([...own].sort());
  });

  it('are found by status page by page, however many others lie between', async () => {
    const wanted: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const commandId = await send([shop, database], { Comment: 'wanted' });
      await finish(shop, commandId, 'Failed');
      wanted.unshift(commandId);
      for (let others = 0; others < 60; others += 1) await send([busy]);
    }
    const found: (string | undefined)[] = [];
    const pages = paginateListCommands({ client: operator, pageSize: 1 }, filter('Status', 'Failed'));
    let sizes = 0;
    for await (const { Commands = [] } of pages) {
      sizes = Math.max(sizes, Commands.length);
      found.push(...Commands.filter(({ Comment }) => Comment === 'wanted').map(({ CommandId }) => CommandId));
    }
    expect(found).toEqual(wanted);
    expect(sizes).toBe(1);
  });
});
