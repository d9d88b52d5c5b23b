import {
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandInput,
  ListCommandInvocationsCommand,
  type ListCommandInvocationsCommandInput,
  ListCommandsCommand,
  type ListCommandsCommandInput,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { OTHER_REGION, withTestServer } from '../../../test-support/test-server.ts';

describe('reading commands', () => {
  const server = withTestServer();
  let first: TestNode;
  let second: TestNode;
  /** Ids by what the command is for. */
  const commands = new Map<string, string>();
  const titleOf = (commandId: string | undefined) =>
    [...commands].find(([, id]) => id === commandId)?.[0] ?? `unknown ${commandId}`;
  const idOf = (title: string) => commands.get(title) ?? '';

  async function send(title: string, DocumentName: string, nodes: readonly TestNode[]): Promise<void> {
    const Parameters: Record<string, string[]> =
      DocumentName === 'AWS-RunShellScript' ? { commands: ['true'] } : { Operation: ['Scan'] };
    const { Command } = await server().ssm.send(
      new SendCommandCommand({ DocumentName, Parameters, InstanceIds: nodes.map((node) => node.instanceId) }),
    );
    commands.set(title, Command?.CommandId ?? '');
  }
  async function finish(title: string, node: TestNode, status: string, output: object = {}): Promise<void> {
    const [message] = await node.getMessages();
    expect(message?.MessageId).toContain(idOf(title));
    await node.reply(message?.MessageId ?? '', {
      documentStatus: status,
      runtimeStatus: { PatchLinux: { status, code: 0, ...output }, runShellScript: { status, code: 0, ...output } },
    });
  }

  beforeAll(async () => {
    first = await enrolNode(server());
    second = await enrolNode(server(), { name: 'web-2' });
    await send('done', 'AWS-RunPatchBaseline', [first]);
    await finish('done', first, 'Success', {
      standardOutput: 'o'.repeat(30_000),
      standardError: 'e'.repeat(10_000),
    });
    server().advance({ seconds: 10 });
    await send('failed', 'AWS-RunShellScript', [second]);
    await finish('failed', second, 'TimedOut', { standardOutput: 'out', standardError: 'err' });
    server().advance({ seconds: 10 });
    await send('open', 'AWS-RunPatchBaseline', [first, second]);
    await send('same moment', 'AWS-RunPatchBaseline', [first]);
  });

  async function list(input: ListCommandsCommandInput): Promise<string[]> {
    const { Commands = [] } = await server().ssm.send(new ListCommandsCommand(input));
    return Commands.map((command) => titleOf(command.CommandId));
  }
  async function listInvocations(input: ListCommandInvocationsCommandInput): Promise<string[]> {
    const { CommandInvocations = [] } = await server().ssm.send(new ListCommandInvocationsCommand(input));
    return CommandInvocations.map((invocation) => {
      return `${titleOf(invocation.CommandId)} on ${invocation.InstanceId === first.instanceId ? 'first' : 'second'}`;
    });
  }

  it('shows commands newest first, and those of one node', async () => {
    const everything = await list({});
    expect(everything.slice(2)).toEqual(['failed', 'done']);
    expect(new Set(everything.slice(0, 2))).toEqual(new Set(['open', 'same moment']));
    expect(await list({ CommandId: idOf('done') })).toEqual(['done']);
    expect(await list({ InstanceId: second.instanceId })).toEqual(['open', 'failed']);
    expect(await list({ CommandId: '00000000-0000-4000-8000-000000000000' })).toEqual([]);
    const elsewhere = server().createClient(server().administrator, OTHER_REGION);
    expect(await elsewhere.send(new ListCommandsCommand({}))).toMatchObject({ Commands: [] });
  });

  it.each<[string, ListCommandsCommandInput['Filters'], string[]]>([
    ['Status Success', [{ key: 'Status', value: 'Success' }], ['done']],
    ['Status with details', [{ key: 'Status', value: 'Incomplete' }], []],
    ['Status Failed', [{ key: 'Status', value: 'Failed' }], ['failed']],
    ['DocumentName', [{ key: 'DocumentName', value: 'AWS-RunShellScript' }], ['failed']],
    ['ExecutionStage Complete', [{ key: 'ExecutionStage', value: 'Complete' }], ['failed', 'done']],
    ['InvokedBefore', [{ key: 'InvokedBefore', value: '2026-11-20T12:00:10Z' }], ['done']],
    ['InvokedBefore the first time there is', [{ key: 'InvokedBefore', value: '-004712-01-01T00:00:00Z' }], []],
    [
      'InvokedAfter and DocumentName',
      [
        { key: 'InvokedAfter', value: '2026-11-20T12:00:10Z' },
        { key: 'DocumentName', value: 'AWS-RunShellScript' },
      ],
      ['failed'],
    ],
    [
      'two conditions that exclude each other',
      [
        { key: 'ExecutionStage', value: 'Executing' },
        { key: 'Status', value: 'Success' },
      ],
      [],
    ],
  ])('filters commands by %s', async (_title, Filters, expected) => {
    expect(await list({ Filters })).toEqual(expected);
  });

  it('filters invocations by node, status and its details', async () => {
    expect(await listInvocations({ Filters: [{ key: 'Status', value: 'TimedOut' }] })).toEqual(['failed on second']);
    expect(await listInvocations({ Filters: [{ key: 'Status', value: 'ExecutionTimedOut' }] })).toEqual([
      'failed on second',
    ]);
    expect(await listInvocations({ Filters: [{ key: 'Status', value: 'DeliveryTimedOut' }] })).toEqual([]);
    expect(await listInvocations({ CommandId: idOf('open'), InstanceId: second.instanceId })).toEqual([
      'open on second',
    ]);
    expect(await listInvocations({ InstanceId: second.instanceId })).toEqual(['open on second', 'failed on second']);
  });

  it.each([
    ['an unknown time', { key: 'InvokedAfter', value: 'yesterday' }],
    ['a time before all that a database stores', { key: 'InvokedAfter', value: '-271821-04-20T00:00:00Z' }],
    ['a stage for invocations', { key: 'ExecutionStage', value: 'Complete' }],
  ] as const)('refuses to filter by %s', async (_title, filter) => {
    await expect(listInvocations({ Filters: [filter] })).rejects.toMatchObject({ name: 'InvalidFilterKey' });
  });

  it('shows each command and each invocation once however small the pages are', async () => {
    const seen: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await server().ssm.send(new ListCommandsCommand({ MaxResults: 1, NextToken }));
      seen.push(...(page.Commands ?? []).map((command) => titleOf(command.CommandId)));
      NextToken = page.NextToken;
    } while (NextToken);
    expect(seen).toEqual(await list({}));
    const invocations: string[] = [];
    do {
      const page = await server().ssm.send(new ListCommandInvocationsCommand({ MaxResults: 2, NextToken }));
      invocations.push(...(page.CommandInvocations ?? []).map((each) => `${each.CommandId} ${each.InstanceId}`));
      NextToken = page.NextToken;
    } while (NextToken);
    expect(new Set(invocations).size).toBe(5);
    expect(invocations).toHaveLength(5);
  });

  it('shows steps only where they are asked for, with both outputs in 2,500 characters', async () => {
    const read = async (title: string, Details: boolean) => {
      const { CommandInvocations } = await server().ssm.send(
        new ListCommandInvocationsCommand({ CommandId: idOf(title), Details }),
      );
      return CommandInvocations?.[0];
    };
    expect(await read('failed', false)).toMatchObject({ InstanceName: 'web-2', CommandPlugins: [] });
    expect((await read('failed', true))?.CommandPlugins).toMatchObject([
      { Name: 'runShellScript', Status: 'TimedOut', Output: 'out\n----------ERROR-------\nerr' },
    ]);
    const [long] = (await read('done', true))?.CommandPlugins ?? [];
    expect(long?.Output).toHaveLength(2_500);
    expect(long?.Output?.endsWith('--output truncated--')).toBe(true);
  });

  async function get(input: Partial<GetCommandInvocationCommandInput>) {
    return await server().ssm.send(
      new GetCommandInvocationCommand({ CommandId: idOf('done'), InstanceId: first.instanceId, ...input }),
    );
  }

  it('shows the first 24,000 characters of the output and 8,000 of the errors', async () => {
    const result = await get({});
    expect(result.StandardOutputContent).toHaveLength(24_000);
    expect(result.StandardOutputContent?.endsWith('--output truncated--')).toBe(true);
    expect(result.StandardErrorContent).toHaveLength(8_000);
  });

  it('takes the name of the step, which is needed only where there are several', async () => {
    expect(await get({ PluginName: 'PatchLinux' })).toMatchObject({ PluginName: 'PatchLinux', Status: 'Success' });
    await expect(get({ PluginName: 'aws:runShellScript' })).rejects.toMatchObject({ name: 'InvalidPluginName' });
  });

  it('shows a step that has not begun with a response code of -1 and empty times', async () => {
    expect(await get({ CommandId: idOf('open') })).toMatchObject({
      Status: 'Pending',
      ResponseCode: -1,
      ExecutionStartDateTime: '',
      ExecutionEndDateTime: '',
      ExecutionElapsedTime: '',
      StandardOutputContent: '',
    });
  });

  it('says that an invocation does not exist, with no text, as AWS does', async () => {
    await expect(get({ InstanceId: second.instanceId })).rejects.toMatchObject({ name: 'InvocationDoesNotExist' });
    await expect(get({ CommandId: '00000000-0000-4000-8000-000000000000' })).rejects.toMatchObject({
      name: 'InvocationDoesNotExist',
    });
  });
});
