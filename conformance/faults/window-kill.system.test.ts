import { setTimeout as wait } from 'node:timers/promises';
import {
  CreateMaintenanceWindowCommand,
  DescribeMaintenanceWindowExecutionsCommand,
  DescribeMaintenanceWindowExecutionTaskInvocationsCommand,
  DescribeMaintenanceWindowExecutionTasksCommand,
  RegisterTargetWithMaintenanceWindowCommand,
  RegisterTaskWithMaintenanceWindowCommand,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  chooseSeed,
  createRandom,
  expectCarriedOutOnce,
  expectCleanNodes,
  type PatchedFleet,
  startPatchedFleet,
} from './patched-fleet.ts';

const nodeCount = 20;
const wantedKills = 50;
const longestLifeMilliseconds = 5_000;
const patienceMilliseconds = 600_000;

let fleet: PatchedFleet;

beforeAll(async () => {
  fleet = await startPatchedFleet({ nodeCount });
}, 900_000);

afterAll(() => fleet?.close());

/** A window over all nodes that opens in a few seconds and installs on half of them at once. */
async function openWindow(): Promise<string> {
  const at = new Date(Date.now() + 4_000).toISOString().slice(0, 19);
  const { WindowId } = await fleet.ssm.send(
    new CreateMaintenanceWindowCommand({
      Name: 'killed',
      Schedule: `at(${at})`,
      Duration: 2,
      Cutoff: 1,
      AllowUnassociatedTargets: false,
    }),
  );
  const { WindowTargetId = '' } = await fleet.ssm.send(
    new RegisterTargetWithMaintenanceWindowCommand({
      WindowId,
      ResourceType: 'INSTANCE',
      Targets: [{ Key: 'tag:PatchGroup', Values: ['faults'] }],
    }),
  );
  await fleet.ssm.send(
    new RegisterTaskWithMaintenanceWindowCommand({
      WindowId,
      TaskArn: 'AWS-RunPatchBaseline',
      TaskType: 'RUN_COMMAND',
      Targets: [{ Key: 'WindowTargetIds', Values: [WindowTargetId] }],
      MaxConcurrency: '50%',
      MaxErrors: '100%',
      TaskInvocationParameters: { RunCommand: { Parameters: { Operation: ['Install'] } } },
    }),
  );
  return WindowId ?? '';
}

const listExecutions = async (WindowId: string) =>
  (await fleet.ssm.send(new DescribeMaintenanceWindowExecutionsCommand({ WindowId }))).WindowExecutions ?? [];

async function hasEnded(windowId: string): Promise<boolean> {
  const [execution] = await listExecutions(windowId);
  return execution?.EndTime !== undefined;
}

async function readCommands(windowId: string): Promise<string[]> {
  const [execution] = await listExecutions(windowId);
  const WindowExecutionId = execution?.WindowExecutionId;
  const { WindowExecutionTaskIdentities: tasks = [] } = await fleet.ssm.send(
    new DescribeMaintenanceWindowExecutionTasksCommand({ WindowExecutionId }),
  );
  const commands: string[] = [];
  for (const { TaskExecutionId: TaskId } of tasks) {
    const { WindowExecutionTaskInvocationIdentities: invocations = [] } = await fleet.ssm.send(
      new DescribeMaintenanceWindowExecutionTaskInvocationsCommand({ WindowExecutionId, TaskId }),
    );
    for (const { ExecutionId } of invocations) commands.push(ExecutionId ?? '');
  }
  return commands;
}

describe('a control plane that is killed at fifty random moments of maintenance windows over twenty nodes', () => {
  it('opens each window once, lets each command take effect once, and ends every execution', async () => {
    const random = createRandom(chooseSeed());
    const windows: string[] = [];
    let version = '';
    let kills = 0;
    while (kills < wantedKills) {
      version = await fleet.publishNext();
      const windowId = await openWindow();
      windows.push(windowId);
      while (kills < wantedKills) {
        await wait(random() * longestLifeMilliseconds);
        await fleet.killServer();
        kills += 1;
        await fleet.startServer();
        if (await hasEnded(windowId)) break;
      }
      const deadline = Date.now() + patienceMilliseconds;
      while (!(await hasEnded(windowId))) {
        if (Date.now() > deadline) throw new Error(`The window ${windowId} does not end`);
        await wait(500);
      }
    }
    console.log(`${windows.length} windows, ${kills} kills`);
    for (const windowId of windows) {
      const executions = await listExecutions(windowId);
      expect.soft(executions, windowId).toMatchObject([{ Status: 'SUCCESS' }]);
      const commands = await readCommands(windowId);
      expect.soft(commands, windowId).toHaveLength(1);
      await expectCarriedOutOnce(fleet, commands[0] ?? '', windowId);
    }
    await expectCleanNodes(fleet, version);
  }, 1_800_000);
});
