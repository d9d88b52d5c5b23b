import {
  CancelMaintenanceWindowExecutionCommand,
  DeleteMaintenanceWindowCommand,
  DeregisterTargetFromMaintenanceWindowCommand,
  DeregisterTaskFromMaintenanceWindowCommand,
  GetCommandInvocationCommand,
  GetMaintenanceWindowExecutionCommand,
  GetMaintenanceWindowExecutionTaskCommand,
  GetMaintenanceWindowExecutionTaskInvocationCommand,
  ListCommandsCommand,
  PutParameterCommand,
  UpdateMaintenanceWindowCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';
import { runDueWindows } from './runner.ts';
import { windowStage } from './window-stage.test-support.ts';

describe('a maintenance window', () => {
  const server = withTestServer();
  const stage = windowStage(server);
  let stages = 0;

  /** Nodes that no other test's tags reach. */
  async function enrolStage(count: number): Promise<{ name: string; nodes: TestNode[] }> {
    stages += 1;
    const name = `stage-${stages}`;
    const nodes = [];
    for (let index = 0; index < count; index += 1) nodes.push(await enrolNode(server(), { tags: { Stage: name } }));
    return { name, nodes };
  }
  const commandOf = async (CommandId: string | undefined) => {
    const { Commands = [] } = await server().ssm.send(new ListCommandsCommand({ CommandId }));
    return Commands[0];
  };

  it('opens at its time, patches its targets, and reads back to the output of the command', async () => {
    const { name, nodes } = await enrolStage(2);
    const windowId = await stage.create();
    const targetId = await stage.registerTag(windowId, name);
    await stage.registerPatching(windowId, [targetId]);
    await stage.run();
    expect(await stage.executions(windowId)).toEqual([]);
    await stage.open();
    const begun = await stage.newest(windowId);
    expect(begun.execution).toMatchObject({ WindowId: windowId, Status: 'IN_PROGRESS', StartTime: server().now() });
    expect(begun.invocations).toMatchObject([
      {
        Status: 'IN_PROGRESS',
        WindowTargetId: targetId,
        OwnerInformation: `the owner of ${name}`,
        TaskType: 'RUN_COMMAND',
      },
    ]);
    const commandId = begun.invocations[0]?.ExecutionId;
    expect(await commandOf(commandId)).toMatchObject({
      DocumentName: 'AWS-RunPatchBaseline',
      MaxConcurrency: '50%',
      MaxErrors: '10%',
      TargetCount: 2,
      // One set of approvals for the whole window.
      Parameters: { Operation: ['Install'], SnapshotId: [begun.execution?.WindowExecutionId] },
    });
    for (const node of nodes.toSorted((left, right) => (left.instanceId < right.instanceId ? -1 : 1))) {
      await stage.carryOut(node);
    }
    await stage.run();
    const { execution, tasks, invocations } = await stage.newest(windowId);
    expect(execution).toMatchObject({ Status: 'SUCCESS', EndTime: server().now() });
    expect(tasks).toMatchObject([{ Status: 'SUCCESS', TaskArn: 'AWS-RunPatchBaseline', TaskType: 'RUN_COMMAND' }]);
    expect(invocations).toMatchObject([{ Status: 'SUCCESS', StatusDetails: 'Success' }]);
    const { StandardOutputContent } = await server().ssm.send(
      new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: nodes[0]?.instanceId }),
    );
    expect(StandardOutputContent).toBe('done');

    const WindowExecutionId = execution?.WindowExecutionId;
    const whole = await server().ssm.send(new GetMaintenanceWindowExecutionCommand({ WindowExecutionId }));
    expect(whole).toMatchObject({ Status: 'SUCCESS', TaskIds: [tasks[0]?.TaskExecutionId] });
    const TaskId = tasks[0]?.TaskExecutionId;
    expect(
      await server().ssm.send(new GetMaintenanceWindowExecutionTaskCommand({ WindowExecutionId, TaskId })),
    ).toMatchObject({ Type: 'RUN_COMMAND', Priority: 1, MaxConcurrency: '50%', MaxErrors: '10%', Status: 'SUCCESS' });
    const InvocationId = invocations[0]?.InvocationId;
    const read = await server().ssm.send(
      new GetMaintenanceWindowExecutionTaskInvocationCommand({ WindowExecutionId, TaskId, InvocationId }),
    );
    expect(JSON.parse(read.Parameters ?? '')).toMatchObject({
      documentName: 'AWS-RunPatchBaseline',
      targets: [{ key: 'tag:Stage', values: [name] }],
      parameters: { Operation: ['Install'] },
    });
  });

  it('runs once, however many replicas look for it at once', async () => {
    const { name } = await enrolStage(1);
    const windowId = await stage.create();
    await stage.registerPatching(windowId, [await stage.registerTag(windowId, name)]);
    server().advance({ minutes: 1 });
    const look = () => runDueWindows({ db: server().database, dependencies: server().dependencies });
    await Promise.all([look(), look(), look(), look()]);
    expect(await stage.executions(windowId)).toHaveLength(1);
    const { invocations } = await stage.newest(windowId);
    expect(invocations).toHaveLength(1);
    const { Commands } = await server().ssm.send(
      new ListCommandsCommand({ InstanceId: undefined, Filters: [{ key: 'ExecutionStage', value: 'Executing' }] }),
    );
    expect(Commands?.filter(({ Targets }) => Targets?.[0]?.Values?.includes(name))).toHaveLength(1);
  });

  it('opens though another one cannot be read any more', async () => {
    const [broken, windowId] = [await stage.create(), await stage.create()];
    const change = { schedule: 'cron(nonsense)' };
    await server().database.updateTable('maintenanceWindows').set(change).where('windowId', '=', broken).execute();
    await stage.open();
    expect(await stage.executions(broken)).toEqual([]);
    expect(await stage.executions(windowId)).toHaveLength(1);
    expect(server().errorLog.join('')).toContain(broken);
    await server().database.deleteFrom('maintenanceWindows').where('windowId', '=', broken).execute();
  });

  it('finds out who its targets are when a task begins', async () => {
    const { name, nodes } = await enrolStage(1);
    const windowId = await stage.create();
    await stage.registerPatching(windowId, [await stage.registerTag(windowId, name)]);
    await enrolNode(server(), { tags: { Stage: name } });
    await stage.open();
    const { invocations } = await stage.newest(windowId);
    expect((await commandOf(invocations[0]?.ExecutionId))?.TargetCount).toBe(nodes.length + 1);
  });

  it('runs the target groups of a task one after the other, and tasks by their priority', async () => {
    const first = await enrolStage(1);
    const second = await enrolStage(1);
    const windowId = await stage.create();
    const targets = [await stage.registerTag(windowId, first.name), await stage.registerTag(windowId, second.name)];
    await stage.registerPatching(windowId, targets, { Priority: 1 });
    await stage.registerPatching(windowId, targets.slice(0, 1), {
      Priority: 5,
      TaskInvocationParameters: { RunCommand: { Parameters: { Operation: ['Scan'] } } },
    });
    const statuses = async () => {
      const { tasks, invocations } = await stage.newest(windowId);
      return [tasks.map(({ Status }) => Status), invocations.map(({ Status }) => Status)];
    };
    await stage.open();
    expect(await statuses()).toEqual([
      ['IN_PROGRESS', 'PENDING'],
      ['IN_PROGRESS', 'PENDING'],
    ]);
    for (const node of first.nodes) await stage.carryOut(node);
    await stage.run();
    expect(await statuses()).toEqual([
      ['IN_PROGRESS', 'PENDING'],
      ['SUCCESS', 'IN_PROGRESS'],
    ]);
    for (const node of second.nodes) await stage.carryOut(node);
    await stage.run();
    expect(await statuses()).toEqual([
      ['SUCCESS', 'IN_PROGRESS'],
      ['SUCCESS', 'SUCCESS', 'IN_PROGRESS'],
    ]);
  });

  it('starts no further group after one that failed more often than MaxErrors allows', async () => {
    const canary = await enrolStage(1);
    const rest = await enrolStage(1);
    const windowId = await stage.create();
    const targets = [await stage.registerTag(windowId, canary.name), await stage.registerTag(windowId, rest.name)];
    await stage.registerPatching(windowId, targets, { MaxErrors: '0' });
    await stage.open();
    for (const node of canary.nodes) await stage.carryOut(node, 'Failed');
    await stage.run();
    const { execution, invocations } = await stage.newest(windowId);
    expect(execution?.Status).toBe('FAILED');
    expect(invocations.map(({ Status }) => Status)).toEqual(['FAILED', 'CANCELLED']);
    expect(invocations[1]?.StatusDetails).toContain('MaxErrors');
    expect(await rest.nodes[0]?.getMessages()).toEqual([]);
  });

  it('fails where a tag reaches nobody, and says so', async () => {
    const windowId = await stage.create();
    await stage.registerPatching(windowId, [await stage.registerTag(windowId, 'nobody')]);
    await stage.open();
    const { execution, invocations } = await stage.newest(windowId);
    expect(execution?.Status).toBe('FAILED');
    expect(invocations).toMatchObject([{ Status: 'FAILED', StatusDetails: 'NoInstancesInTag' }]);
  });

  it('reads parameters of Parameter Store when its command is sent', async () => {
    const { name } = await enrolStage(1);
    await server().ssm.send(new PutParameterCommand({ Name: '/window/operation', Type: 'String', Value: 'Scan' }));
    const windowId = await stage.create();
    await stage.registerPatching(windowId, [await stage.registerTag(windowId, name)], {
      TaskInvocationParameters: { RunCommand: { Parameters: { Operation: ['{{ssm:/window/operation}}'] } } },
    });
    await stage.open();
    const { invocations } = await stage.newest(windowId);
    expect(invocations).toMatchObject([{ Status: 'IN_PROGRESS' }]);
    expect((await commandOf(invocations[0]?.ExecutionId))?.Parameters?.['Operation']).toEqual(['Scan']);
  });

  it('says of an Automation task that it cannot run yet, and goes on with the others', async () => {
    const { name, nodes } = await enrolStage(1);
    const windowId = await stage.create();
    const targetId = await stage.registerTag(windowId, name);
    await stage.registerPatching(windowId, [targetId], {
      TaskArn: 'Restart',
      TaskType: 'AUTOMATION',
      Priority: 1,
      TaskInvocationParameters: { Automation: {} },
    });
    await stage.registerPatching(windowId, [targetId], { Priority: 2 });
    await stage.open();
    for (const node of nodes) await stage.carryOut(node);
    await stage.run();
    const { execution, tasks } = await stage.newest(windowId);
    expect(tasks).toMatchObject([
      { Status: 'FAILED', StatusDetails: expect.stringContaining('AUTOMATION') },
      { Status: 'SUCCESS' },
    ]);
    expect(execution?.Status).toBe('FAILED');
  });

  it('goes by its tasks as they were when it opened, and by what is approved as of its first command', async () => {
    const { name, nodes } = await enrolStage(1);
    const windowId = await stage.create();
    const taskId = await stage.registerPatching(windowId, [await stage.registerTag(windowId, name)], { Priority: 1 });
    await stage.registerPatching(windowId, [await stage.registerTag(windowId, name)], {
      Priority: 2,
      TaskArn: 'AWS-RunPatchBaseline:$DEFAULT',
    });
    await stage.open();
    await server().ssm.send(
      new DeregisterTaskFromMaintenanceWindowCommand({ WindowId: windowId, WindowTaskId: taskId }),
    );
    for (const node of nodes) await stage.carryOut(node);
    await stage.run();
    const { execution, invocations } = await stage.newest(windowId);
    const snapshots = await Promise.all(
      invocations.map(async ({ ExecutionId }) => (await commandOf(ExecutionId))?.Parameters?.['SnapshotId']),
    );
    expect(snapshots).toEqual([[execution?.WindowExecutionId], [execution?.WindowExecutionId]]);
  });

  it('writes the ids of what runs where a task asks for them', async () => {
    const { name } = await enrolStage(1);
    const windowId = await stage.create();
    const commands = ['echo {{WINDOW_ID}} {{ WINDOW_EXECUTION_ID }} {{INVOCATION_ID}} {{TARGET_TYPE}}'];
    await stage.registerPatching(windowId, [await stage.registerTag(windowId, name)], {
      TaskArn: 'AWS-RunShellScript',
      TaskInvocationParameters: { RunCommand: { Parameters: { commands }, Comment: 'in {{WINDOW_ID}}' } },
    });
    await stage.open();
    const { execution, invocations } = await stage.newest(windowId);
    const command = await commandOf(invocations[0]?.ExecutionId);
    expect(command?.Comment).toBe(`in ${windowId}`);
    expect(command?.Parameters?.['commands']).toEqual([
      `echo ${windowId} ${execution?.WindowExecutionId} ${invocations[0]?.InvocationId} INSTANCE`,
    ]);
  });

  it('ends well when there is nothing to do', async () => {
    const windowId = await stage.create();
    await stage.open();
    const { execution } = await stage.newest(windowId);
    expect(execution).toMatchObject({ Status: 'SUCCESS', StatusDetails: 'No tasks to execute.' });
  });

  it('names a target that was deregistered meanwhile', async () => {
    const { name } = await enrolStage(1);
    const WindowId = await stage.create();
    const WindowTargetId = await stage.registerTag(WindowId, name);
    await stage.registerPatching(WindowId, [WindowTargetId]);
    await server().ssm.send(
      new DeregisterTargetFromMaintenanceWindowCommand({ WindowId, WindowTargetId, Safe: false }),
    );
    await stage.open();
    const { invocations } = await stage.newest(WindowId);
    expect(invocations).toMatchObject([{ Status: 'FAILED', StatusDetails: expect.stringContaining('no longer') }]);
  });

  it('does not open while the execution before it runs', async () => {
    const { name } = await enrolStage(1);
    const windowId = await stage.create({ Schedule: 'rate(1 hour)', Duration: 1, Cutoff: 0 });
    await stage.registerPatching(windowId, [await stage.registerTag(windowId, name)]);
    server().advance({ hours: 1 });
    await stage.run();
    server().advance({ hours: 1 });
    await stage.run();
    const executions = await stage.executions(windowId);
    expect(executions.map(({ Status }) => Status)).toEqual(['SKIPPED_OVERLAPPING', 'IN_PROGRESS']);
    expect(executions[0]?.EndTime).toEqual(executions[0]?.StartTime);
    await server().ssm.send(new DeleteMaintenanceWindowCommand({ WindowId: windowId }));
  });

  it('does not open while it is disabled', async () => {
    const WindowId = await stage.create();
    await server().ssm.send(new UpdateMaintenanceWindowCommand({ WindowId, Enabled: false }));
    await stage.open();
    expect(await stage.executions(WindowId)).toEqual([]);
  });

  it('ends at its cutoff what has not begun', async () => {
    const { name } = await enrolStage(1);
    const windowId = await stage.create();
    const targetId = await stage.registerTag(windowId, name);
    await stage.registerPatching(windowId, [targetId], { Priority: 1 });
    await stage.registerPatching(windowId, [targetId], { Priority: 2 });
    await stage.open();
    server().advance({ hours: 2 });
    await stage.run();
    const { execution, tasks } = await stage.newest(windowId);
    expect(execution?.Status).toBe('IN_PROGRESS');
    expect(tasks.map(({ Status }) => Status)).toEqual(['IN_PROGRESS', 'TIMED_OUT']);
  });

  it('cancels at its cutoff what runs, where its task says so', async () => {
    const { name, nodes } = await enrolStage(1);
    const windowId = await stage.create();
    await stage.registerPatching(windowId, [await stage.registerTag(windowId, name)], {
      CutoffBehavior: 'CANCEL_TASK',
    });
    await stage.open();
    const [node] = nodes;
    const [message] = (await node?.getMessages()) ?? [];
    await node?.acknowledge(message?.MessageId ?? '');
    server().advance({ hours: 2 });
    await stage.run();
    expect((await stage.newest(windowId)).invocations).toMatchObject([{ Status: 'CANCELLING' }]);
    await node?.renew();
    await node?.reply(message?.MessageId ?? '', {
      documentStatus: 'Cancelled',
      runtimeStatus: { PatchLinux: { status: 'Cancelled', code: 1, standardOutput: '' } },
    });
    await stage.run();
    const { execution, invocations } = await stage.newest(windowId);
    expect(invocations).toMatchObject([{ Status: 'TIMED_OUT', StatusDetails: expect.stringContaining('cutoff') }]);
    expect(execution?.Status).toBe('TIMED_OUT');
  });

  it('can be cancelled: what runs ends, nothing more begins', async () => {
    const { name, nodes } = await enrolStage(1);
    const windowId = await stage.create();
    const targetId = await stage.registerTag(windowId, name);
    await stage.registerPatching(windowId, [targetId, targetId]);
    await stage.open();
    const { execution } = await stage.newest(windowId);
    const WindowExecutionId = execution?.WindowExecutionId;
    await server().ssm.send(new CancelMaintenanceWindowExecutionCommand({ WindowExecutionId }));
    expect((await stage.newest(windowId)).execution?.Status).toBe('CANCELLING');
    for (const node of nodes) await stage.carryOut(node);
    await stage.run();
    const ended = await stage.newest(windowId);
    expect(ended.execution?.Status).toBe('CANCELLED');
    expect(ended.invocations.map(({ Status }) => Status)).toEqual(['SUCCESS', 'CANCELLED']);
    await server().ssm.send(new CancelMaintenanceWindowExecutionCommand({ WindowExecutionId }));
    expect((await stage.newest(windowId)).execution?.Status).toBe('CANCELLED');
  });

  it('that is deleted while it runs starts nothing more', async () => {
    const { name, nodes } = await enrolStage(1);
    const windowId = await stage.create();
    const targetId = await stage.registerTag(windowId, name);
    await stage.registerPatching(windowId, [targetId, targetId]);
    await stage.open();
    const { execution } = await stage.newest(windowId);
    await server().ssm.send(new DeleteMaintenanceWindowCommand({ WindowId: windowId }));
    for (const node of nodes) await stage.carryOut(node);
    await stage.run();
    expect(await stage.executions(windowId)).toEqual([]);
    const WindowExecutionId = execution?.WindowExecutionId;
    const whole = await server().ssm.send(new GetMaintenanceWindowExecutionCommand({ WindowExecutionId }));
    expect(whole.Status).toBe('CANCELLED');
  });
});
