import {
  CreateMaintenanceWindowCommand,
  DeregisterTargetFromMaintenanceWindowCommand,
  DescribeMaintenanceWindowTargetsCommand,
  type DescribeMaintenanceWindowTargetsCommandInput,
  GetMaintenanceWindowTaskCommand,
  RegisterTargetWithMaintenanceWindowCommand,
  type RegisterTargetWithMaintenanceWindowCommandInput,
  RegisterTaskWithMaintenanceWindowCommand,
  type Target,
  UpdateMaintenanceWindowTargetCommand,
  type UpdateMaintenanceWindowTargetCommandInput,
} from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultQuotas } from '../../../quotas.ts';
import { type TestServer, withTestServer } from '../../../test-support/test-server.ts';

const noWindow = 'mw-00000000000000000';
const noId = '00000000-0000-4000-8000-000000000000';
const webServers = [{ Key: 'tag:PatchGroup', Values: ['WebServers'] }];

async function createWindow(server: TestServer): Promise<string> {
  const { WindowId = '' } = await server.ssm.send(
    new CreateMaintenanceWindowCommand({
      Name: 'targeted',
      Schedule: 'rate(7 days)',
      Duration: 3,
      Cutoff: 1,
      AllowUnassociatedTargets: false,
    }),
  );
  return WindowId;
}

describe('the targets of a maintenance window', () => {
  const server = withTestServer();
  let WindowId: string;

  beforeAll(async () => {
    WindowId = await createWindow(server());
  });

  async function register(input: Partial<RegisterTargetWithMaintenanceWindowCommandInput> = {}): Promise<string> {
    const { WindowTargetId = '' } = await server().ssm.send(
      new RegisterTargetWithMaintenanceWindowCommand({
        WindowId,
        ResourceType: 'INSTANCE',
        Targets: webServers,
        ...input,
      }),
    );
    return WindowTargetId;
  }
  async function list(input: Partial<DescribeMaintenanceWindowTargetsCommandInput> = {}) {
    const { Targets = [] } = await server().ssm.send(
      new DescribeMaintenanceWindowTargetsCommand({ WindowId, ...input }),
    );
    return Targets;
  }
  async function read(WindowTargetId: string) {
    const [target] = await list({ Filters: [{ Key: 'WindowTargetId', Values: [WindowTargetId] }] });
    return target;
  }
  async function update(input: Partial<UpdateMaintenanceWindowTargetCommandInput> & { WindowTargetId: string }) {
    const { $metadata: _metadata, ...target } = await server().ssm.send(
      new UpdateMaintenanceWindowTargetCommand({ WindowId, ...input }),
    );
    return target;
  }

  it('are registered with what is said of them, by tags and by ids', async () => {
    const Targets: Target[] = [
      { Key: 'tag:PatchGroup', Values: ['WebServers', 'Spare'] },
      { Key: 'tag-key', Values: ['Stage'] },
      { Key: 'InstanceIds', Values: ['mi-0123456789abcdef0', 'i-01234567'] },
    ];
    const said = { OwnerInformation: 'ops', Name: 'web', Description: 'All of them' };
    const WindowTargetId = await register({ Targets, ...said });
    expect(await read(WindowTargetId)).toEqual({
      WindowId,
      WindowTargetId,
      ResourceType: 'INSTANCE',
      Targets,
      ...said,
    });
    const plain = await register();
    expect(await read(plain)).toEqual({
      WindowId,
      WindowTargetId: plain,
      ResourceType: 'INSTANCE',
      Targets: webServers,
    });
  });

  it('may name nodes under the key in small letters', async () => {
    const id = await register({ Targets: [{ Key: 'instanceids', Values: ['mi-0123456789abcdef0'] }] });
    expect((await read(id))?.Targets).toEqual([{ Key: 'InstanceIds', Values: ['mi-0123456789abcdef0'] }]);
  });

  it('are registered once for a token', async () => {
    const ClientToken = 'one-target';
    const first = await register({ ClientToken });
    expect(await register({ ClientToken })).toBe(first);
    await expect(register({ ClientToken, Name: 'another' })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatch',
    });
  });

  it.each<[string, Partial<RegisterTargetWithMaintenanceWindowCommandInput>, string]>([
    ['a resource group', { ResourceType: 'RESOURCE_GROUP' }, 'RESOURCE_GROUP are not supported'],
    ['its key', { Targets: [{ Key: 'resource-groups:Name', Values: ['web'] }] }, 'Resource groups are not supported'],
    ['no targets', { Targets: [] }, 'at least one entry'],
    ['six', { Targets: Array.from({ length: 6 }, () => ({ Key: 'tag:a', Values: ['b'] })) }, "at 'targets'"],
    ['no values', { Targets: [{ Key: 'tag:PatchGroup', Values: [] }] }, 'needs values'],
    [
      'fifty-one ids',
      { Targets: [{ Key: 'InstanceIds', Values: Array.from({ length: 51 }, () => 'mi-0123456789abcdef0') }] },
      "at 'targets.1.member.values'",
    ],
    ['what is no id', { Targets: [{ Key: 'InstanceIds', Values: ['web-1'] }] }, 'web-1 is not the id of a node'],
    ['a tag without a key', { Targets: [{ Key: 'tag:', Values: ['a'] }] }, 'not by tag:'],
    ['the targets of a task', { Targets: [{ Key: 'WindowTargetIds', Values: [noId] }] }, 'not by WindowTargetIds'],
  ])('are not %s', async (_title, input, message) => {
    await expect(register(input)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(message),
    });
  });

  it('exist only with a window', async () => {
    await expect(register({ WindowId: noWindow })).rejects.toMatchObject({ name: 'DoesNotExistException' });
    await expect(list({ WindowId: noWindow })).rejects.toMatchObject({ name: 'DoesNotExistException' });
    const WindowTargetId = await register();
    const other = await createWindow(server());
    for (const window of [noWindow, other]) {
      await expect(update({ WindowId: window, WindowTargetId })).rejects.toMatchObject({
        name: 'DoesNotExistException',
      });
      await expect(
        server().ssm.send(new DeregisterTargetFromMaintenanceWindowCommand({ WindowId: window, WindowTargetId })),
      ).rejects.toMatchObject({ name: 'DoesNotExistException' });
    }
  });

  it('keep what a change does not name, and lose it with Replace', async () => {
    const WindowTargetId = await register({ OwnerInformation: 'ops', Name: 'web', Description: 'All' });
    const Targets = [{ Key: 'tag:PatchGroup', Values: ['Databases'] }];
    expect(await update({ WindowTargetId, Targets, Name: 'databases' })).toEqual({
      WindowId,
      WindowTargetId,
      Targets,
      OwnerInformation: 'ops',
      Name: 'databases',
      Description: 'All',
    });
    await expect(update({ WindowTargetId, Replace: true, Name: 'short' })).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('Targets is required'),
    });
    const replaced = { WindowId, WindowTargetId, Targets: webServers };
    expect(await update({ WindowTargetId, Replace: true, Targets: webServers })).toEqual(replaced);
    expect(await read(WindowTargetId)).toEqual({ ...replaced, ResourceType: 'INSTANCE' });
    await expect(update({ WindowTargetId, Targets: [] })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('are filtered, and come in pages', async () => {
    const window = await createWindow(server());
    const ids: string[] = [];
    for (let number = 0; number < 12; number += 1) {
      ids.push(await register({ WindowId: window, OwnerInformation: `owner-${number % 3}` }));
    }
    const first = await server().ssm.send(
      new DescribeMaintenanceWindowTargetsCommand({ WindowId: window, MaxResults: 10 }),
    );
    const { NextToken } = first;
    const second = await server().ssm.send(
      new DescribeMaintenanceWindowTargetsCommand({ WindowId: window, MaxResults: 10, NextToken }),
    );
    const found = [...(first.Targets ?? []), ...(second.Targets ?? [])].map((target) => target.WindowTargetId);
    expect(found).toEqual(ids.toSorted());
    expect(second.NextToken).toBeUndefined();
    const filter = (Key: string, ...Values: string[]) => list({ WindowId: window, Filters: [{ Key, Values }] });
    expect(await filter('OwnerInformation', 'owner-0', 'owner-1')).toHaveLength(8);
    expect(await filter('Type', 'INSTANCE')).toHaveLength(12);
    expect(await filter('Type', 'RESOURCE_GROUP')).toEqual([]);
    expect(await filter('WindowTargetId', ids[0] ?? '')).toHaveLength(1);
    await expect(filter('Name', 'a')).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(list({ WindowId: window, MaxResults: 5 })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('are kept for the tasks that use them only where that is asked for', async () => {
    const WindowTargetId = await register();
    const { WindowTaskId } = await server().ssm.send(
      new RegisterTaskWithMaintenanceWindowCommand({
        WindowId,
        TaskType: 'RUN_COMMAND',
        TaskArn: 'AWS-RunPatchBaseline',
        Targets: [{ Key: 'WindowTargetIds', Values: [await register(), WindowTargetId] }],
        MaxConcurrency: '1',
        MaxErrors: '1',
        TaskInvocationParameters: { RunCommand: { Parameters: { Operation: ['Scan'] } } },
      }),
    );
    const deregister = (Safe?: boolean) =>
      server().ssm.send(new DeregisterTargetFromMaintenanceWindowCommand({ WindowId, WindowTargetId, Safe }));
    await expect(deregister(true)).rejects.toMatchObject({
      name: 'TargetInUseException',
      message: expect.stringContaining(WindowTaskId ?? 'none'),
    });
    expect(await deregister()).toMatchObject({ WindowId, WindowTargetId });
    expect(await read(WindowTargetId)).toBeUndefined();
    const task = await server().ssm.send(new GetMaintenanceWindowTaskCommand({ WindowId, WindowTaskId }));
    expect(task.Targets?.[0]?.Values).toContain(WindowTargetId);
    await expect(deregister()).rejects.toMatchObject({ name: 'DoesNotExistException' });
    const unused = await register();
    await server().ssm.send(
      new DeregisterTargetFromMaintenanceWindowCommand({ WindowId, WindowTargetId: unused, Safe: true }),
    );
    expect(await read(unused)).toBeUndefined();
  });
});

describe('the quota of targets', () => {
  const server = withTestServer({ quotas: { ...defaultQuotas, 'targets-per-maintenance-window': 2 } });

  it('holds for each window, however many are registered at the same moment', async () => {
    const register = async (WindowId: string) =>
      await server().ssm.send(
        new RegisterTargetWithMaintenanceWindowCommand({ WindowId, ResourceType: 'INSTANCE', Targets: webServers }),
      );
    const WindowId = await createWindow(server());
    const made = await Promise.allSettled(Array.from({ length: 5 }, () => register(WindowId)));
    const refused = made.filter((each) => each.status === 'rejected').map((each): unknown => each.reason);
    expect(refused).toHaveLength(3);
    expect(refused[0]).toMatchObject({ name: 'ResourceLimitExceededException' });
    await register(await createWindow(server()));
  });
});
