import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  DescribeInstancePatchesCommand,
  DescribeInstancePatchStatesCommand,
  DescribeInstancePatchStatesForPatchGroupCommand,
  DescribePatchGroupStateCommand,
  GetCommandInvocationCommand,
  GetPatchBaselineCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  ListComplianceItemsCommand,
  ListComplianceSummariesCommand,
  ListResourceComplianceSummariesCommand,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { BindUser, ListManagedNodes, ListPatchOperations } from '@patchbay/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { sampleFacts } from '../test-support/sample-facts.ts';
import { enrolNode, type TestNode } from '../test-support/test-node.ts';
import { callPatchbay, createPerson } from '../test-support/test-people.ts';
import { withTestServer } from '../test-support/test-server.ts';

const webLimit = [{ key: 'PatchGroup', values: ['web'] }];

describe('an operator who is limited by tags', () => {
  const server = withTestServer();
  let web: TestNode;
  let database: TestNode;
  let untagged: TestNode;
  let operator: SSMClient;
  let credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };

  const ids = (entries: readonly { InstanceId?: string | undefined }[] | undefined) =>
    (entries ?? []).map(({ InstanceId }) => InstanceId);
  const patch = (client: SSMClient, input: Partial<SendCommandCommand['input']>) =>
    client.send(
      new SendCommandCommand({ DocumentName: 'AWS-RunPatchBaseline', Parameters: { Operation: ['Scan'] }, ...input }),
    );

  beforeAll(async () => {
    web = await enrolNode(server(), { tags: { PatchGroup: 'web', Stage: 'production' } });
    database = await enrolNode(server(), { tags: { PatchGroup: 'db', Stage: 'production' } });
    untagged = await enrolNode(server());
    for (const node of [web, database, untagged]) await node.patch(sampleFacts());
    credentials = await createPerson(server(), 'limited', 'operator', webLimit);
    operator = server().createClient(credentials);
  });

  it('sees only nodes with the tags, however they are asked for', async () => {
    const list = async (input: DescribeInstanceInformationCommand['input'] = {}) =>
      ids((await operator.send(new DescribeInstanceInformationCommand(input))).InstanceInformationList);
    expect(await list()).toEqual([web.instanceId]);
    expect(await list({ Filters: [{ Key: 'tag:Stage', Values: ['production'] }] })).toEqual([web.instanceId]);
    expect(await list({ Filters: [{ Key: 'InstanceIds', Values: [database.instanceId] }] })).toEqual([]);
    const everybody = await server().ssm.send(new DescribeInstanceInformationCommand({}));
    expect(everybody.InstanceInformationList).toHaveLength(3);
  });

  it('sees only patch states of nodes with the tags', async () => {
    const InstanceIds = [web.instanceId, database.instanceId, untagged.instanceId];
    const states = await operator.send(new DescribeInstancePatchStatesCommand({ InstanceIds }));
    expect(ids(states.InstancePatchStates)).toEqual([web.instanceId]);
    await operator.send(new DescribeInstancePatchesCommand({ InstanceId: web.instanceId }));
    for (const node of [database, untagged]) {
      await expect(
        operator.send(new DescribeInstancePatchesCommand({ InstanceId: node.instanceId })),
      ).rejects.toMatchObject({ name: 'AccessDeniedException', message: expect.stringContaining(node.instanceId) });
      await expect(
        callPatchbay(server(), ListPatchOperations, { instanceId: node.instanceId }, { credentials }),
      ).rejects.toMatchObject({ code: 'AccessDeniedException' });
    }
  });

  it('sums up and lists only nodes with the tags', async () => {
    const everybody = server().ssm;
    const states = async (client: SSMClient, PatchGroup: string) =>
      ids((await client.send(new DescribeInstancePatchStatesForPatchGroupCommand({ PatchGroup }))).InstancePatchStates);
    expect(await states(operator, 'web')).toEqual([web.instanceId]);
    expect(await states(operator, 'db')).toEqual([]);
    expect(await states(everybody, 'db')).toEqual([database.instanceId]);
    const count = async (client: SSMClient, PatchGroup: string) =>
      (await client.send(new DescribePatchGroupStateCommand({ PatchGroup }))).Instances;
    expect([await count(operator, 'web'), await count(operator, 'db'), await count(everybody, 'db')]).toEqual([
      1, 0, 1,
    ]);

    const resources = async (client: SSMClient) =>
      (await client.send(new ListResourceComplianceSummariesCommand({}))).ResourceComplianceSummaryItems?.map(
        ({ ResourceId }) => ResourceId,
      );
    expect(await resources(operator)).toEqual([web.instanceId]);
    expect(await resources(everybody)).toHaveLength(3);
    const total = async (client: SSMClient) => {
      const { ComplianceSummaryItems = [] } = await client.send(new ListComplianceSummariesCommand({}));
      const [patches] = ComplianceSummaryItems;
      return (patches?.CompliantSummary?.CompliantCount ?? 0) + (patches?.NonCompliantSummary?.NonCompliantCount ?? 0);
    };
    expect([await total(operator), await total(everybody)]).toEqual([1, 3]);
    await operator.send(new ListComplianceItemsCommand({ ResourceIds: [web.instanceId] }));
    await expect(
      operator.send(new ListComplianceItemsCommand({ ResourceIds: [database.instanceId] })),
    ).rejects.toMatchObject({ name: 'AccessDeniedException' });

    const { nodes } = await callPatchbay(server(), ListManagedNodes, {}, { credentials });
    expect(nodes.map(({ instanceId }) => instanceId)).toEqual([web.instanceId]);
  });

  it('cancels commands only on nodes with the tags', async () => {
    const both = { InstanceIds: [web.instanceId, database.instanceId] };
    const statuses = async (CommandId: string | undefined) => {
      const { CommandInvocations = [] } = await server().ssm.send(new ListCommandInvocationsCommand({ CommandId }));
      return new Map(CommandInvocations.map(({ InstanceId, Status }) => [InstanceId, Status]));
    };
    const CommandId = (await patch(server().ssm, both)).Command?.CommandId;
    const cancel = (input: { InstanceIds?: string[] }, id = CommandId) =>
      operator.send(new CancelCommandCommand({ CommandId: id, ...input }));
    await expect(cancel(both)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(database.instanceId),
    });
    await cancel({});
    expect(await statuses(CommandId)).toEqual(
      new Map([
        [web.instanceId, 'Cancelled'],
        [database.instanceId, 'Pending'],
      ]),
    );
    const other = await patch(server().ssm, { InstanceIds: [database.instanceId] });
    await expect(cancel({}, other.Command?.CommandId)).rejects.toMatchObject({ name: 'InvalidCommandId' });
    expect(await statuses(other.Command?.CommandId)).toEqual(new Map([[database.instanceId, 'Pending']]));
  });

  it('reaches with tags only what is within reach, and is told how many nodes that are', async () => {
    const { Command } = await patch(operator, { Targets: [{ Key: 'tag:Stage', Values: ['production'] }] });
    expect(Command?.TargetCount).toBe(1);
    const { CommandInvocations } = await server().ssm.send(
      new ListCommandInvocationsCommand({ CommandId: Command?.CommandId }),
    );
    expect(ids(CommandInvocations)).toEqual([web.instanceId]);
    const all = await patch(operator, { Targets: [{ Key: 'InstanceIds', Values: ['*'] }] });
    expect(all.Command?.TargetCount).toBe(1);
  });

  it('is refused when a node is named that is out of reach, and no command is made', async () => {
    const before = await server().ssm.send(new ListCommandsCommand({}));
    const missing = 'mi-00000000000000000';
    for (const beyond of [database.instanceId, untagged.instanceId, missing]) {
      for (const input of [
        { InstanceIds: [web.instanceId, beyond] },
        { Targets: [{ Key: 'InstanceIds', Values: [web.instanceId, beyond] }] },
      ]) {
        await expect(patch(operator, input)).rejects.toMatchObject({
          name: 'AccessDeniedException',
          message: expect.stringContaining(`managed-instance/${beyond}`),
        });
      }
    }
    expect((await server().ssm.send(new ListCommandsCommand({}))).Commands).toHaveLength(before.Commands?.length ?? -1);
    expect((await server().auditEvents('ssm:SendCommand')).at(-1)).toMatchObject({ result: 'AccessDeniedException' });
  });

  it('sees of other people’s commands what went to nodes within reach', async () => {
    const both = await patch(server().ssm, { InstanceIds: [web.instanceId, database.instanceId] });
    const other = await patch(server().ssm, { InstanceIds: [database.instanceId] });
    const { Commands = [] } = await operator.send(new ListCommandsCommand({}));
    const seen = Commands.find(({ CommandId }) => CommandId === both.Command?.CommandId);
    expect(seen?.InstanceIds).toEqual([web.instanceId]);
    expect(Commands.map(({ CommandId }) => CommandId)).not.toContain(other.Command?.CommandId);
    const { CommandInvocations } = await operator.send(new ListCommandInvocationsCommand({}));
    expect(new Set(ids(CommandInvocations))).toEqual(new Set([web.instanceId]));
    await expect(
      operator.send(
        new GetCommandInvocationCommand({ CommandId: both.Command?.CommandId, InstanceId: database.instanceId }),
      ),
    ).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('runs scripts where another role allows it, and only there', async () => {
    const limits = [{ key: 'Stage', values: ['development'] }];
    const development = await enrolNode(server(), { tags: { PatchGroup: 'web', Stage: 'development' } });
    const somebody = await createPerson(server(), 'developer', 'operator');
    await callPatchbay(server(), BindUser, { userName: 'developer', role: 'administrator', tagLimits: limits });
    const client = server().createClient(somebody);
    const run = (instanceId: string) =>
      patch(client, {
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands: ['true'] },
        InstanceIds: [instanceId],
      });
    await run(development.instanceId);
    await expect(run(web.instanceId)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await patch(client, { InstanceIds: [web.instanceId] });
  });
});

describe('what may hold a secret', () => {
  const server = withTestServer();

  it('is shown to administrators only: parameters of scripts, configuration of patch sources', async () => {
    const node = await enrolNode(server());
    await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [node.instanceId],
        Parameters: { commands: ['echo a-password'] },
      }),
    );
    await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunPatchBaseline',
        InstanceIds: [node.instanceId],
        Parameters: { Operation: ['Scan'] },
      }),
    );
    const auditor = server().createClient(await createPerson(server(), 'auditor', 'auditor'));
    const { Commands = [] } = await auditor.send(new ListCommandsCommand({}));
    const parameters = new Map(Commands.map(({ DocumentName, Parameters }) => [DocumentName, Parameters]));
    expect(parameters.get('AWS-RunShellScript')).toEqual({ commands: ['***'] });
    expect(parameters.get('AWS-RunPatchBaseline')).toEqual({ Operation: ['Scan'] });
    const shown = await server().ssm.send(new ListCommandsCommand({}));
    expect(JSON.stringify(shown.Commands)).toContain('a-password');
  });

  it('is not in a baseline that an auditor reads', async () => {
    const auditor = server().createClient(await createPerson(server(), 'reader', 'auditor'));
    const made = await server().call('AmazonSSM.CreatePatchBaseline', {
      Name: 'with-source',
      OperatingSystem: 'UBUNTU',
      Sources: [{ Name: 'own', Products: ['*'], Configuration: 'deb https://user:a-password@host/ x main' }],
    });
    const { BaselineId } = JSON.parse(made.text) as { BaselineId: string };
    const read = async (client: SSMClient) => await client.send(new GetPatchBaselineCommand({ BaselineId }));
    expect((await read(auditor)).Sources).toEqual([{ Name: 'own', Products: ['*'], Configuration: '***' }]);
    expect((await read(server().ssm)).Sources?.[0]?.Configuration).toContain('a-password');
  });
});
