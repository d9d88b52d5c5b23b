import {
  CreateMaintenanceWindowCommand,
  DeregisterTaskFromMaintenanceWindowCommand,
  DescribeMaintenanceWindowTasksCommand,
  type DescribeMaintenanceWindowTasksCommandInput,
  GetMaintenanceWindowTaskCommand,
  RegisterTargetWithMaintenanceWindowCommand,
  RegisterTaskWithMaintenanceWindowCommand,
  type RegisterTaskWithMaintenanceWindowCommandInput,
  UpdateMaintenanceWindowCommand,
  UpdateMaintenanceWindowTaskCommand,
  type UpdateMaintenanceWindowTaskCommandInput,
} from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultQuotas } from '../../../quotas.ts';
import { type TestServer, withTestServer } from '../../../test-support/test-server.ts';

const noWindow = 'mw-00000000000000000';
const noId = '00000000-0000-4000-8000-000000000000';
const oneNode = [{ Key: 'InstanceIds', Values: ['mi-0123456789abcdef0'] }];

async function createWindow(server: TestServer, AllowUnassociatedTargets: boolean): Promise<string> {
  const { WindowId = '' } = await server.ssm.send(
    new CreateMaintenanceWindowCommand({
      Name: 'working',
      Schedule: 'rate(7 days)',
      Duration: 3,
      Cutoff: 1,
      AllowUnassociatedTargets,
    }),
  );
  return WindowId;
}

async function registerTarget(server: TestServer, WindowId: string): Promise<string> {
  const { WindowTargetId = '' } = await server.ssm.send(
    new RegisterTargetWithMaintenanceWindowCommand({
      WindowId,
      ResourceType: 'INSTANCE',
      Targets: [{ Key: 'tag:PatchGroup', Values: ['WebServers'] }],
    }),
  );
  return WindowTargetId;
}

/** A task that patches nodes by their ids. */
const patching = {
  TaskType: 'RUN_COMMAND',
  TaskArn: 'AWS-RunPatchBaseline',
  Targets: oneNode,
  MaxConcurrency: '50%',
  MaxErrors: '10%',
  TaskInvocationParameters: { RunCommand: { Parameters: { Operation: ['Install'] } } },
} satisfies Partial<RegisterTaskWithMaintenanceWindowCommandInput>;

describe('the tasks of a maintenance window', () => {
  const server = withTestServer();
  /** One that takes unassociated targets, and one that does not. */
  let open: string;
  let closed: string;

  beforeAll(async () => {
    open = await createWindow(server(), true);
    closed = await createWindow(server(), false);
  });

  async function register(input: Partial<RegisterTaskWithMaintenanceWindowCommandInput> = {}): Promise<string> {
    const { WindowTaskId = '' } = await server().ssm.send(
      new RegisterTaskWithMaintenanceWindowCommand({ WindowId: open, ...patching, ...input }),
    );
    return WindowTaskId;
  }
  async function read(WindowTaskId: string, WindowId = open) {
    const { $metadata: _metadata, ...task } = await server().ssm.send(
      new GetMaintenanceWindowTaskCommand({ WindowId, WindowTaskId }),
    );
    return task;
  }
  async function update(input: Partial<UpdateMaintenanceWindowTaskCommandInput> & { WindowTaskId: string }) {
    const { $metadata: _metadata, ...task } = await server().ssm.send(
      new UpdateMaintenanceWindowTaskCommand({ WindowId: open, ...input }),
    );
    return task;
  }
  async function list(input: Partial<DescribeMaintenanceWindowTasksCommandInput> = {}) {
    return await server().ssm.send(new DescribeMaintenanceWindowTasksCommand({ WindowId: open, ...input }));
  }

  it('are registered for targets of the window, with all that AWS lets one say', async () => {
    const WindowTargetId = await registerTarget(server(), closed);
    const said = {
      ...patching,
      Targets: [{ Key: 'WindowTargetIds', Values: [WindowTargetId] }],
      Name: 'patch',
      Description: 'Install what is approved',
      Priority: 3,
      CutoffBehavior: 'CANCEL_TASK',
      ServiceRoleArn: 'arn:aws:iam::123456789012:role/maintenance',
      LoggingInfo: { S3BucketName: 'the-logs', S3KeyPrefix: 'windows', S3Region: 'eu-central-1' },
      AlarmConfiguration: { Alarms: [{ Name: 'too-many-errors' }], IgnorePollAlarmFailure: true },
      TaskParameters: { Older: { Values: ['a', 'b'] } },
      TaskInvocationParameters: {
        RunCommand: {
          Comment: 'in {{WINDOW_ID}}',
          DocumentVersion: '$DEFAULT',
          NotificationConfig: {
            NotificationArn: 'arn:aws:sns:us-east-1:123456789012:ops',
            NotificationEvents: ['Failed'],
          },
          OutputS3BucketName: 'the-logs',
          Parameters: { Operation: ['Install'], SnapshotId: ['{{WINDOW_EXECUTION_ID}}'], RebootOption: ['NoReboot'] },
          TimeoutSeconds: 600,
        },
      },
    } satisfies Partial<RegisterTaskWithMaintenanceWindowCommandInput>;
    const WindowTaskId = await register({ WindowId: closed, ...said });
    expect(WindowTaskId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await read(WindowTaskId, closed)).toEqual({ WindowId: closed, WindowTaskId, ...said });
    const { TaskInvocationParameters: _parameters, TaskType, ...listed } = said;
    expect((await list({ WindowId: closed })).Tasks).toEqual([
      { WindowId: closed, WindowTaskId, Type: TaskType, ...listed },
    ]);
  });

  it('have priority 1 where none is given, and know who registered them', async () => {
    const WindowTaskId = await register();
    expect(await read(WindowTaskId)).toEqual({ WindowId: open, WindowTaskId, ...patching, Priority: 1 });
    const row = await server()
      .database.selectFrom('maintenanceWindowTasks')
      .select('registeredBy')
      .where('windowTaskId', '=', WindowTaskId)
      .executeTakeFirst();
    expect(row?.registeredBy).toBe(`arn:aws:iam::${server().accountId}:user/administrator`);
  });

  it('are registered once for a token', async () => {
    const ClientToken = 'one-task';
    const first = await register({ ClientToken });
    expect(await register({ ClientToken })).toBe(first);
    await expect(register({ ClientToken, Priority: 0 })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatch',
    });
  });

  const runCommand = (parameters: Record<string, string[]>) => ({
    TaskInvocationParameters: { RunCommand: { Parameters: parameters } },
  });

  it.each<[string, Partial<RegisterTaskWithMaintenanceWindowCommandInput>, string]>([
    ['a command without targets', { Targets: undefined }, 'needs targets'],
    ['an empty list of targets', { Targets: [] }, 'needs targets'],
    ['a tag', { Targets: [{ Key: 'tag:PatchGroup', Values: ['Web'] }] }, 'register tag:PatchGroup as a target'],
    ['no values', { Targets: [{ Key: 'InstanceIds', Values: [] }] }, 'needs values'],
    [
      'both kinds of targets',
      { Targets: [...oneNode, { Key: 'WindowTargetIds', Values: [noId] }] },
      'either WindowTargetIds or InstanceIds',
    ],
    ['nodes of its own in a closed window', { WindowId: 'closed' }, 'does not allow unassociated targets'],
    ['no concurrency', { MaxConcurrency: undefined }, 'MaxConcurrency is required'],
    ['no errors', { MaxErrors: undefined }, 'MaxErrors is required'],
    ['a concurrency of zero', { MaxConcurrency: '0' }, "at 'maxConcurrency'"],
    ['a concurrency of zero per cent', { MaxConcurrency: '0%' }, "at 'maxConcurrency'"],
    ['errors beyond all', { MaxErrors: '101%' }, "at 'maxErrors'"],
    ['a priority below zero', { Priority: -1 }, "at 'priority'"],
    ['an unknown type', { TaskType: 'SCRIPT' as 'RUN_COMMAND' }, "at 'taskType'"],
    [
      'the parameters of another type',
      { TaskInvocationParameters: { Automation: {} } },
      'Automation does not fit a task of type RUN_COMMAND',
    ],
    ['an unknown parameter', runCommand({ Operation: ['Scan'], Colour: ['red'] }), 'Colour is not defined'],
    ['an unknown parameter told later', runCommand({ Operation: ['Scan'], X: ['{{WINDOW_ID}}'] }), 'X is not defined'],
    ['a value that is not allowed', runCommand({ Operation: ['Remove'] }), 'not allowed'],
    ['a required parameter left out', { TaskInvocationParameters: undefined }, 'Operation is required'],
    [
      'older parameters that do not fit',
      { TaskInvocationParameters: undefined, TaskParameters: { Operation: { Values: ['Remove'] } } },
      'not allowed',
    ],
    ['a node', runCommand({ Operation: ['{{ TARGET_ID }}'] }), '{{TARGET_ID}} is not available'],
    ['a resource', runCommand({ Operation: ['Scan'], SnapshotId: ['{{RESOURCE_ID}}'] }), 'not available'],
  ])('are not registered with %s', async (_title, input, message) => {
    const WindowId = input.WindowId === 'closed' ? closed : open;
    await expect(register({ ...input, WindowId })).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(message),
    });
  });

  it.each<[string, Partial<RegisterTaskWithMaintenanceWindowCommandInput>, string]>([
    ['an unknown window', { WindowId: noWindow }, 'DoesNotExistException'],
    ['a target of no window', { Targets: [{ Key: 'WindowTargetIds', Values: [noId] }] }, 'DoesNotExistException'],
    ['an unknown document', { TaskArn: 'constructor' }, 'DoesNotExistException'],
    [
      'an unknown version',
      { TaskInvocationParameters: { RunCommand: { DocumentVersion: '7', Parameters: { Operation: ['Scan'] } } } },
      'DoesNotExistException',
    ],
    ['a function', { TaskType: 'LAMBDA', TaskArn: 'SSM-function' }, 'FeatureNotAvailableException'],
    ['a state machine', { TaskType: 'STEP_FUNCTIONS' }, 'FeatureNotAvailableException'],
  ])('are not registered for %s', async (_title, input, name) => {
    await expect(register(input)).rejects.toMatchObject({ name });
  });

  it('take only the targets of their own window', async () => {
    const elsewhere = await registerTarget(server(), closed);
    await expect(register({ Targets: [{ Key: 'WindowTargetIds', Values: [elsewhere] }] })).rejects.toMatchObject({
      name: 'DoesNotExistException',
      message: expect.stringContaining(elsewhere),
    });
  });

  it('may leave values for later, to pseudo parameters and the Parameter Store', async () => {
    await register(runCommand({ Operation: ['{{ssm:patch-operation}}'], SnapshotId: ['{{ WINDOW_EXECUTION_ID }}'] }));
    await register({
      TaskArn: 'AWS-RunShellScript',
      ...runCommand({ commands: ["docker inspect --format '{{.Id}}' {{ WINDOW_ID }}"] }),
    });
  });

  it('may have the older parameters in the place of the newer', async () => {
    const TaskParameters = { Operation: { Values: ['Scan'] } };
    const WindowTaskId = await register({ TaskInvocationParameters: undefined, TaskParameters });
    expect((await read(WindowTaskId)).TaskParameters).toEqual(TaskParameters);
  });

  it('of automations need no targets, and then show one at a time', async () => {
    const WindowTaskId = await register({
      TaskType: 'AUTOMATION',
      TaskArn: 'My-Runbook',
      Targets: undefined,
      MaxConcurrency: undefined,
      MaxErrors: undefined,
      TaskInvocationParameters: { Automation: { Parameters: { InstanceId: ['{{RESOURCE_ID}}'] } } },
    });
    expect(await read(WindowTaskId)).toEqual({
      WindowId: open,
      WindowTaskId,
      TaskType: 'AUTOMATION',
      TaskArn: 'My-Runbook',
      Targets: [],
      Priority: 1,
      MaxConcurrency: '1',
      MaxErrors: '1',
      TaskInvocationParameters: { Automation: { Parameters: { InstanceId: ['{{RESOURCE_ID}}'] } } },
    });
    await expect(
      register({ TaskType: 'AUTOMATION', Targets: undefined, TaskInvocationParameters: undefined }),
    ).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining("Tasks without targets don't support MaxConcurrency values"),
    });
  });

  it('keep what a change does not name, but for the parameters, which are replaced whole', async () => {
    const WindowTaskId = await register({
      Name: 'before',
      Priority: 5,
      TaskInvocationParameters: { RunCommand: { Comment: 'nightly', Parameters: { Operation: ['Scan'] } } },
    });
    const changed = await update({ WindowTaskId, Name: 'after', MaxErrors: '0' });
    const { TaskType: _type, ...shown } = patching;
    const expected = {
      ...shown,
      WindowId: open,
      WindowTaskId,
      Name: 'after',
      Priority: 5,
      MaxErrors: '0',
      TaskInvocationParameters: { RunCommand: { Comment: 'nightly', Parameters: { Operation: ['Scan'] } } },
    };
    expect(changed).toEqual(expected);
    await update({
      WindowTaskId,
      TaskInvocationParameters: { RunCommand: { Parameters: { Operation: ['Install'] } } },
    });
    expect(await read(WindowTaskId)).toEqual({
      ...expected,
      TaskType: 'RUN_COMMAND',
      TaskInvocationParameters: { RunCommand: { Parameters: { Operation: ['Install'] } } },
    });
  });

  it('lose with Replace what it does not name', async () => {
    const WindowTaskId = await register({
      Name: 'before',
      Description: 'x',
      Priority: 5,
      CutoffBehavior: 'CANCEL_TASK',
    });
    const { TaskType: _type, ...whole } = patching;
    await expect(update({ WindowTaskId, Replace: true, ...whole, TaskArn: undefined })).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('TaskArn is required'),
    });
    await expect(update({ WindowTaskId, Replace: true, ...whole, Targets: undefined })).rejects.toMatchObject({
      name: 'ValidationException',
    });
    const replaced = await update({ WindowTaskId, Replace: true, ...whole });
    expect(replaced).toEqual({ WindowId: open, WindowTaskId, ...whole, Priority: 1 });
  });

  it('are changed only to what could have been registered', async () => {
    const WindowTaskId = await register();
    for (const [change, name] of [
      [{ Targets: [] }, 'ValidationException'],
      [{ TaskArn: 'AWS-RunShellScript' }, 'ValidationException'],
      [{ TaskArn: 'AWS-None' }, 'DoesNotExistException'],
      [{ WindowId: noWindow }, 'DoesNotExistException'],
      [{ WindowId: closed }, 'DoesNotExistException'],
      [{ WindowTaskId: noId }, 'DoesNotExistException'],
    ] as const) {
      await expect(update({ WindowTaskId, ...change } as { WindowTaskId: string })).rejects.toMatchObject({ name });
    }
    expect(await read(WindowTaskId)).toMatchObject(patching);
  });

  it('are deregistered once', async () => {
    const WindowTaskId = await register();
    const deregister = () =>
      server().ssm.send(new DeregisterTaskFromMaintenanceWindowCommand({ WindowId: open, WindowTaskId }));
    expect(await deregister()).toMatchObject({ WindowId: open, WindowTaskId });
    await expect(read(WindowTaskId)).rejects.toMatchObject({ name: 'DoesNotExistException' });
    await expect(deregister()).rejects.toMatchObject({ name: 'DoesNotExistException' });
  });

  it('keep a window open that names nodes itself', async () => {
    const WindowId = await createWindow(server(), true);
    const WindowTaskId = await register({ WindowId });
    const close = () =>
      server().ssm.send(new UpdateMaintenanceWindowCommand({ WindowId, AllowUnassociatedTargets: false }));
    await expect(close()).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(WindowTaskId),
    });
    await server().ssm.send(new DeregisterTaskFromMaintenanceWindowCommand({ WindowId, WindowTaskId }));
    expect((await close()).AllowUnassociatedTargets).toBe(false);
  });

  it('are filtered, and come in pages', async () => {
    const WindowId = await createWindow(server(), true);
    const ids: string[] = [];
    for (let number = 0; number < 12; number += 1) {
      const scripted = { TaskArn: 'AWS-RunShellScript', ...runCommand({ commands: ['true'] }) };
      ids.push(await register({ WindowId, Priority: number % 3, ...(number < 4 ? scripted : {}) }));
    }
    const first = await list({ WindowId, MaxResults: 10 });
    const second = await list({ WindowId, MaxResults: 10, NextToken: first.NextToken });
    expect([...(first.Tasks ?? []), ...(second.Tasks ?? [])].map((task) => task.WindowTaskId)).toEqual(ids.toSorted());
    expect(second.NextToken).toBeUndefined();
    const count = async (Key: string, ...Values: string[]) =>
      (await list({ WindowId, Filters: [{ Key, Values }] })).Tasks?.length;
    expect(await count('Priority', '0', '2')).toBe(8);
    expect(await count('TaskArn', 'AWS-RunShellScript')).toBe(4);
    expect(await count('TaskType', 'RUN_COMMAND')).toBe(12);
    expect(await count('TaskType', 'LAMBDA')).toBe(0);
    expect(await count('WindowTaskId', ids[3] ?? '', noId)).toBe(1);
    for (const [key, value] of [
      ['Priority', 'high'],
      ['Priority', '99999999999'],
      ['Name', 'a'],
    ] as const) {
      await expect(count(key, value)).rejects.toMatchObject({ name: 'ValidationException' });
    }
    await expect(list({ WindowId: noWindow })).rejects.toMatchObject({ name: 'DoesNotExistException' });
  });
});

describe('the quota of tasks', () => {
  const server = withTestServer({ quotas: { ...defaultQuotas, 'tasks-per-maintenance-window': 2 } });

  it('holds for each window, however many are registered at the same moment', async () => {
    const register = async (WindowId: string) =>
      await server().ssm.send(new RegisterTaskWithMaintenanceWindowCommand({ WindowId, ...patching }));
    const WindowId = await createWindow(server(), true);
    const made = await Promise.allSettled(Array.from({ length: 5 }, () => register(WindowId)));
    const refused = made.filter((each) => each.status === 'rejected').map((each): unknown => each.reason);
    expect(refused).toHaveLength(3);
    expect(refused[0]).toMatchObject({ name: 'ResourceLimitExceededException' });
    await register(await createWindow(server(), true));
  });
});
