import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import type { NodeHost } from '../../packages/server/src/test-support/test-node.ts';
import type { Example } from './windows-in-scene.ts';

const opensInMilliseconds = 1_000;
const lookEveryMilliseconds = 100;
const mostLooks = 200;

const Made = z.object({ WindowId: z.string() });
const Executions = z.object({ WindowExecutions: z.array(z.object({ WindowExecutionId: z.string() })) });
const Tasks = z.object({ WindowExecutionTaskIdentities: z.array(z.object({ TaskExecutionId: z.string() })) });
const Invocations = z.object({
  WindowExecutionTaskInvocationIdentities: z.array(z.object({ InvocationId: z.string() })),
});

/** A window that opens at once, and what the operations of its execution accept. `task` is without its window. */
export async function provideExecution(host: NodeHost, window: object, task: object): Promise<readonly Example[]> {
  const call = async (operation: string, input: object) =>
    readSuccess(await host.call(`AmazonSSM.${operation}`, input));
  const { WindowId } = Made.parse(await call('CreateMaintenanceWindow', window));
  await call('RegisterTaskWithMaintenanceWindow', { ...task, WindowId });
  // Only now: a window that opens before it has its task runs nothing.
  const at = new Date(host.now().getTime() + opensInMilliseconds).toISOString().slice(0, 19);
  await call('UpdateMaintenanceWindow', { WindowId, Schedule: `at(${at})`, ScheduleTimezone: 'UTC' });
  for (let look = 0; look < mostLooks; look += 1) {
    const { WindowExecutions } = Executions.parse(await call('DescribeMaintenanceWindowExecutions', { WindowId }));
    const WindowExecutionId = WindowExecutions[0]?.WindowExecutionId;
    const ofExecution = { WindowExecutionId };
    const tasks = WindowExecutionId && Tasks.parse(await call('DescribeMaintenanceWindowExecutionTasks', ofExecution));
    const TaskId = tasks && tasks.WindowExecutionTaskIdentities[0]?.TaskExecutionId;
    const ofTask = { WindowExecutionId, TaskId };
    const invocations =
      TaskId && Invocations.parse(await call('DescribeMaintenanceWindowExecutionTaskInvocations', ofTask));
    const InvocationId = invocations && invocations.WindowExecutionTaskInvocationIdentities[0]?.InvocationId;
    if (InvocationId) {
      return [
        ['AmazonSSM.DescribeMaintenanceWindowExecutions', { WindowId, MaxResults: 10 }],
        ['AmazonSSM.GetMaintenanceWindowExecution', ofExecution],
        ['AmazonSSM.DescribeMaintenanceWindowExecutionTasks', ofExecution],
        ['AmazonSSM.GetMaintenanceWindowExecutionTask', ofTask],
        ['AmazonSSM.DescribeMaintenanceWindowExecutionTaskInvocations', ofTask],
        ['AmazonSSM.GetMaintenanceWindowExecutionTaskInvocation', { ...ofTask, InvocationId }],
        ['AmazonSSM.CancelMaintenanceWindowExecution', ofExecution],
      ];
    }
    await sleep(lookEveryMilliseconds);
  }
  throw new Error(`The window ${WindowId} does not open`);
}
