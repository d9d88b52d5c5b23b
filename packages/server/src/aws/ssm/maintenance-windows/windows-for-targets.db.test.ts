import {
  CreateMaintenanceWindowCommand,
  DescribeMaintenanceWindowScheduleCommand,
  DescribeMaintenanceWindowsForTargetCommand,
  type DescribeMaintenanceWindowsForTargetCommandInput,
  RegisterTargetWithMaintenanceWindowCommand,
  RegisterTaskWithMaintenanceWindowCommand,
  type SSMClient,
  type Target,
} from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { createPerson } from '../../../test-support/test-people.ts';
import { withTestServer } from '../../../test-support/test-server.ts';

describe('the maintenance windows for a target', () => {
  const server = withTestServer();
  let web: TestNode;
  let database: TestNode;
  let limited: SSMClient;

  async function createWindow(Name: string, Targets: Target[] = []): Promise<string> {
    const { WindowId = '' } = await server().ssm.send(
      new CreateMaintenanceWindowCommand({
        Name,
        Schedule: 'at(2027-01-01T00:00:00)',
        Duration: 2,
        Cutoff: 0,
        AllowUnassociatedTargets: true,
      }),
    );
    if (Targets.length > 0) {
      await server().ssm.send(
        new RegisterTargetWithMaintenanceWindowCommand({ WindowId, ResourceType: 'INSTANCE', Targets }),
      );
    }
    return WindowId;
  }

  beforeAll(async () => {
    web = await enrolNode(server(), { tags: { PatchGroup: 'web', Stage: 'production' } });
    database = await enrolNode(server(), { tags: { PatchGroup: 'db', Stage: 'production' } });
    await createWindow('nobody');
    await createWindow('web', [{ Key: 'tag:PatchGroup', Values: ['web', 'spare'] }]);
    await createWindow('production-db', [
      { Key: 'tag:PatchGroup', Values: ['db'] },
      { Key: 'tag-key', Values: ['Stage'] },
    ]);
    await createWindow('both-by-id', [{ Key: 'InstanceIds', Values: [web.instanceId, database.instanceId] }]);
    const byTask = await createWindow('db-by-task');
    await server().ssm.send(
      new RegisterTaskWithMaintenanceWindowCommand({
        WindowId: byTask,
        TaskType: 'RUN_COMMAND',
        TaskArn: 'AWS-RunPatchBaseline',
        Targets: [{ Key: 'InstanceIds', Values: [database.instanceId] }],
        MaxConcurrency: '1',
        MaxErrors: '0',
        TaskInvocationParameters: { RunCommand: { Parameters: { Operation: ['Scan'] } } },
      }),
    );
    const limits = [{ key: 'PatchGroup', values: ['web'] }];
    limited = server().createClient(await createPerson(server(), 'limited', 'operator', limits));
  });

  async function names(Targets: Target[], client = server().ssm) {
    const { WindowIdentities = [] } = await client.send(
      new DescribeMaintenanceWindowsForTargetCommand({ Targets, ResourceType: 'INSTANCE' }),
    );
    const { ScheduledWindowExecutions = [] } = await client.send(
      new DescribeMaintenanceWindowScheduleCommand({ Targets, ResourceType: 'INSTANCE' }),
    );
    const sorted = (entries: readonly { Name?: string | undefined }[]) =>
      entries.map(({ Name = '' }) => Name).toSorted((one, other) => one.localeCompare(other));
    expect(sorted(ScheduledWindowExecutions)).toEqual(sorted(WindowIdentities));
    return sorted(WindowIdentities);
  }
  const byId = (...nodes: TestNode[]) => [{ Key: 'InstanceIds', Values: nodes.map(({ instanceId }) => instanceId) }];

  it('are those that choose a node, by its id or its tags', async () => {
    expect(await names(byId(web))).toEqual(['both-by-id', 'web']);
    expect(await names(byId(database))).toEqual(['both-by-id', 'db-by-task', 'production-db']);
    expect(await names(byId(web, database))).toEqual(['both-by-id', 'db-by-task', 'production-db', 'web']);
    expect(await names([{ Key: 'InstanceIds', Values: ['mi-00000000000000000'] }])).toEqual([]);
  });

  it('are those that choose the nodes of a tag, or name the same tag', async () => {
    expect(await names([{ Key: 'tag:PatchGroup', Values: ['web'] }])).toEqual(['both-by-id', 'web']);
    expect(await names([{ Key: 'tag:PatchGroup', Values: ['spare'] }])).toEqual(['web']);
    expect(await names([{ Key: 'tag:Stage', Values: ['test'] }])).toEqual([]);
    expect(await names([{ Key: 'tag-key', Values: ['Stage'] }])).toHaveLength(4);
  });

  it('are told a person with a limit for nodes within it only', async () => {
    expect(await names(byId(web), limited)).toEqual(['both-by-id', 'web']);
    expect(await names(byId(database), limited)).toEqual([]);
    expect(await names([{ Key: 'tag:Stage', Values: ['production'] }], limited)).toEqual(['both-by-id', 'web']);
  });

  it('come in pages', async () => {
    const ask = (input: Partial<DescribeMaintenanceWindowsForTargetCommandInput>) =>
      server().ssm.send(
        new DescribeMaintenanceWindowsForTargetCommand({
          Targets: byId(web),
          ResourceType: 'INSTANCE',
          MaxResults: 1,
          ...input,
        }),
      );
    const first = await ask({});
    const second = await ask({ NextToken: first.NextToken });
    const found = [...(first.WindowIdentities ?? []), ...(second.WindowIdentities ?? [])].map(({ Name }) => Name);
    expect(new Set(found)).toEqual(new Set(['both-by-id', 'web']));
    expect(second.NextToken).toBeUndefined();
    await expect(ask({ MaxResults: 0 })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(ask({ ResourceType: 'RESOURCE_GROUP' })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(ask({ Targets: [{ Key: 'Name', Values: ['web'] }] })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  it('have a schedule only with the type of the targets', async () => {
    for (const input of [{ Targets: byId(web) }, { ResourceType: 'INSTANCE' }] as const) {
      await expect(server().ssm.send(new DescribeMaintenanceWindowScheduleCommand(input))).rejects.toMatchObject({
        name: 'ValidationException',
      });
    }
  });
});
