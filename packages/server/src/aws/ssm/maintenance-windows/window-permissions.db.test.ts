import {
  CreateMaintenanceWindowCommand,
  DeregisterTaskFromMaintenanceWindowCommand,
  DescribeMaintenanceWindowTargetsCommand,
  DescribeMaintenanceWindowTasksCommand,
  GetMaintenanceWindowCommand,
  GetMaintenanceWindowTaskCommand,
  RegisterTargetWithMaintenanceWindowCommand,
  RegisterTaskWithMaintenanceWindowCommand,
  type SSMClient,
  UpdateMaintenanceWindowTaskCommand,
  type UpdateMaintenanceWindowTaskCommandInput,
} from '@aws-sdk/client-ssm';
import { BindUser } from '@patchbay/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { callPatchbay, createPerson } from '../../../test-support/test-people.ts';
import { withTestServer } from '../../../test-support/test-server.ts';

const denied = { name: 'AccessDeniedException' };

describe('who may do what with a maintenance window', () => {
  const server = withTestServer();
  let WindowId: string;
  let web: TestNode;
  let database: TestNode;
  let patchTask: string;
  let scriptTask: string;
  let operator: SSMClient;
  let auditor: SSMClient;
  let limited: SSMClient;

  const patch = { TaskArn: 'AWS-RunPatchBaseline', Parameters: { Operation: ['Scan'] } };
  const script = { TaskArn: 'AWS-RunShellScript', Parameters: { commands: ['echo a-password'] } };

  async function register(client: SSMClient, { TaskArn, Parameters }: typeof patch | typeof script): Promise<string> {
    const { WindowTaskId = '' } = await client.send(
      new RegisterTaskWithMaintenanceWindowCommand({
        WindowId,
        TaskType: 'RUN_COMMAND',
        TaskArn,
        Targets: [{ Key: 'InstanceIds', Values: [web.instanceId, database.instanceId] }],
        MaxConcurrency: '1',
        MaxErrors: '0',
        TaskInvocationParameters: { RunCommand: { Comment: 'nightly', Parameters } },
        TaskParameters: { older: { Values: ['a-password'] } },
      }),
    );
    return WindowTaskId;
  }
  async function update(client: SSMClient, input: Omit<UpdateMaintenanceWindowTaskCommandInput, 'WindowId'>) {
    return await client.send(new UpdateMaintenanceWindowTaskCommand({ WindowId, ...input }));
  }
  async function read(client: SSMClient, WindowTaskId: string) {
    return await client.send(new GetMaintenanceWindowTaskCommand({ WindowId, WindowTaskId }));
  }
  async function nameOfOwner(windowTaskId: string) {
    const row = await server()
      .database.selectFrom('maintenanceWindowTasks')
      .select('registeredBy')
      .where('windowTaskId', '=', windowTaskId)
      .executeTakeFirst();
    return row?.registeredBy.split('/').at(-1);
  }

  beforeAll(async () => {
    web = await enrolNode(server(), { tags: { PatchGroup: 'web' } });
    database = await enrolNode(server(), { tags: { PatchGroup: 'db' } });
    const window = { Name: 'shared', Schedule: 'rate(7 days)', Duration: 2, Cutoff: 0, AllowUnassociatedTargets: true };
    ({ WindowId = '' } = await server().ssm.send(new CreateMaintenanceWindowCommand(window)));
    await server().ssm.send(
      new RegisterTargetWithMaintenanceWindowCommand({
        WindowId,
        ResourceType: 'INSTANCE',
        Targets: [{ Key: 'InstanceIds', Values: [web.instanceId, database.instanceId] }],
      }),
    );
    patchTask = await register(server().ssm, patch);
    scriptTask = await register(server().ssm, script);
    operator = server().createClient(await createPerson(server(), 'operator', 'operator'));
    auditor = server().createClient(await createPerson(server(), 'auditor', 'auditor'));
    const limits = [{ key: 'PatchGroup', values: ['web'] }];
    limited = server().createClient(await createPerson(server(), 'limited', 'operator', limits));
  });

  it('lets operators have patched what they may patch, and notes who said so last', async () => {
    const own = await register(operator, patch);
    expect(await nameOfOwner(own)).toBe('operator');
    expect(await nameOfOwner(patchTask)).toBe('administrator');
    await update(operator, { WindowTaskId: patchTask, Priority: 2 });
    expect(await nameOfOwner(patchTask)).toBe('operator');
    await operator.send(new DeregisterTaskFromMaintenanceWindowCommand({ WindowId, WindowTaskId: own }));
  });

  it('lets operators neither register scripts nor make one of what patches, nor touch one', async () => {
    await expect(register(operator, script)).rejects.toMatchObject({
      ...denied,
      message: expect.stringContaining('patchbay:RunScripts'),
    });
    const commands = { RunCommand: { Parameters: script.Parameters } };
    const override = { RunCommand: { Parameters: { Operation: ['Scan'], BaselineOverride: ['https://x/y'] } } };
    for (const change of [
      { TaskArn: script.TaskArn },
      { TaskArn: script.TaskArn, TaskInvocationParameters: commands },
      { TaskInvocationParameters: override },
    ]) {
      await expect(update(operator, { WindowTaskId: patchTask, ...change })).rejects.toMatchObject(denied);
    }
    for (const change of [{ Priority: 0 }, { TaskArn: patch.TaskArn }]) {
      await expect(update(operator, { WindowTaskId: scriptTask, ...change })).rejects.toMatchObject(denied);
    }
    await expect(
      operator.send(new DeregisterTaskFromMaintenanceWindowCommand({ WindowId, WindowTaskId: scriptTask })),
    ).rejects.toMatchObject(denied);
    expect(await read(server().ssm, scriptTask)).toMatchObject({ TaskArn: script.TaskArn, Priority: 1 });
  });

  it('looks at the older parameters as well', async () => {
    const older = (TaskParameters: Record<string, { Values: string[] }>) =>
      operator.send(
        new RegisterTaskWithMaintenanceWindowCommand({
          WindowId,
          TaskType: 'RUN_COMMAND',
          TaskArn: patch.TaskArn,
          Targets: [{ Key: 'InstanceIds', Values: [web.instanceId] }],
          MaxConcurrency: '1',
          MaxErrors: '0',
          TaskParameters,
        }),
      );
    const { WindowTaskId } = await older({ Operation: { Values: ['Scan'] } });
    await operator.send(new DeregisterTaskFromMaintenanceWindowCommand({ WindowId, WindowTaskId }));
    await expect(
      older({ Operation: { Values: ['Install'] }, InstallOverrideList: { Values: ['https://x/y'] } }),
    ).rejects.toMatchObject({ ...denied, message: expect.stringContaining('patchbay:OverrideBaselines') });
  });

  it('is not widened by a role over some nodes: a window asks nobody again when it opens', async () => {
    const somebody = await createPerson(server(), 'developer', 'operator');
    const tagLimits = [{ key: 'PatchGroup', values: ['web'] }];
    await callPatchbay(server(), BindUser, { userName: 'developer', role: 'administrator', tagLimits });
    const developer = server().createClient(somebody);
    await expect(register(developer, script)).rejects.toMatchObject(denied);
    await register(developer, patch);
  });

  it('hides from all but administrators what may hold a secret', async () => {
    for (const client of [operator, auditor]) {
      expect(await read(client, scriptTask)).toMatchObject({
        TaskInvocationParameters: { RunCommand: { Comment: 'nightly', Parameters: { commands: ['***'] } } },
        TaskParameters: { older: { Values: ['***'] } },
      });
      expect((await read(client, patchTask)).TaskInvocationParameters).toEqual({
        RunCommand: { Comment: 'nightly', Parameters: patch.Parameters },
      });
      const { Tasks } = await client.send(new DescribeMaintenanceWindowTasksCommand({ WindowId }));
      const listed = Tasks?.find((task) => task.WindowTaskId === scriptTask);
      expect(listed?.TaskParameters).toEqual({ older: { Values: ['***'] } });
    }
    expect(await read(server().ssm, scriptTask)).toMatchObject({
      TaskInvocationParameters: { RunCommand: { Parameters: script.Parameters } },
      TaskParameters: { older: { Values: ['a-password'] } },
    });
    const events = JSON.stringify(await server().auditEvents('ssm:RegisterTaskWithMaintenanceWindow'));
    expect(events).not.toContain('a-password');
  });

  it('shows a person with a limit the windows, and in targets and tasks only the nodes within it', async () => {
    expect(await limited.send(new GetMaintenanceWindowCommand({ WindowId }))).toMatchObject({ Name: 'shared' });
    const within = [{ Key: 'InstanceIds', Values: [web.instanceId] }];
    const { Targets } = await limited.send(new DescribeMaintenanceWindowTargetsCommand({ WindowId }));
    expect(Targets?.map((target) => target.Targets)).toEqual([within]);
    expect((await read(limited, patchTask)).Targets).toEqual(within);
    const { Tasks = [] } = await limited.send(new DescribeMaintenanceWindowTasksCommand({ WindowId }));
    for (const task of Tasks) expect(task.Targets).toEqual(within);
    await expect(register(limited, patch)).rejects.toMatchObject(denied);
  });
});
