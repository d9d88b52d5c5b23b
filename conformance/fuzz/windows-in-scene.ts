import { z } from 'zod';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import type { NodeHost } from '../../packages/server/src/test-support/test-node.ts';
import { provideExecution } from './executions-in-scene.ts';
import { provideFreezes } from './freezes-in-scene.ts';
import { placeholderOf } from './learned-texts.ts';
import { oddTimes } from './odd-values.ts';

/** An input that the operation accepts. */
export type Example = readonly [target: string, input: object];

const WindowAnswer = z.object({ WindowId: z.string() });
const WindowsAnswer = z.object({ WindowIdentities: z.array(WindowAnswer) });
const WindowTargetAnswer = z.object({ WindowTargetId: z.string() });
const WindowTaskAnswer = z.object({ WindowTaskId: z.string() });

/** A maintenance window with a target and a task, another one, and what the operations of windows accept. */
export async function provideWindows(host: NodeHost, name: string, patchGroup: string) {
  const call = async (operation: string, input: object) =>
    readSuccess(await host.call(`AmazonSSM.${operation}`, input));
  const window = exampleWindow(name);
  const { WindowId } = WindowAnswer.parse(await call('CreateMaintenanceWindow', window));
  const spare = WindowAnswer.parse(await call('CreateMaintenanceWindow', window));
  const target = {
    WindowId,
    ResourceType: 'INSTANCE',
    Targets: [{ Key: 'tag:PatchGroup', Values: [patchGroup] }],
    Name: 'fuzzed',
  };
  const { WindowTargetId } = WindowTargetAnswer.parse(await call('RegisterTargetWithMaintenanceWindow', target));
  const unused = WindowTargetAnswer.parse(await call('RegisterTargetWithMaintenanceWindow', target));
  const task = {
    WindowId,
    TaskType: 'RUN_COMMAND',
    TaskArn: 'AWS-RunPatchBaseline',
    Targets: [{ Key: 'WindowTargetIds', Values: [WindowTargetId] }],
    MaxConcurrency: '50%',
    MaxErrors: '10%',
    Priority: 1,
    CutoffBehavior: 'CANCEL_TASK',
    TaskInvocationParameters: {
      RunCommand: { Comment: '{{WINDOW_ID}}', Parameters: { Operation: ['Scan'] }, TimeoutSeconds: 600 },
    },
  };
  const { WindowTaskId } = WindowTaskAnswer.parse(await call('RegisterTaskWithMaintenanceWindow', task));
  const filter = (key: string, value: string) => ({ Filters: [{ Key: key, Values: [value] }], MaxResults: 10 });
  const examples: Example[] = [
    ['AmazonSSM.CreateMaintenanceWindow', window],
    ['AmazonSSM.UpdateMaintenanceWindow', { ...window, WindowId, Enabled: true, Replace: true }],
    ['AmazonSSM.DescribeMaintenanceWindows', filter('Enabled', 'true')],
    ['AmazonSSM.DescribeMaintenanceWindowSchedule', filter('ScheduledBefore', '2027-12-31T00:00:00Z')],
    [
      'AmazonSSM.DescribeMaintenanceWindowsForTarget',
      { ResourceType: 'INSTANCE', Targets: target.Targets, MaxResults: 10 },
    ],
    ['AmazonSSM.RegisterTargetWithMaintenanceWindow', target],
    ['AmazonSSM.UpdateMaintenanceWindowTarget', { WindowId, WindowTargetId, Name: 'changed' }],
    ['AmazonSSM.DescribeMaintenanceWindowTargets', { WindowId, ...filter('Type', 'INSTANCE') }],
    ['AmazonSSM.DeregisterTargetFromMaintenanceWindow', { WindowId, ...unused, Safe: true }],
    ['AmazonSSM.RegisterTaskWithMaintenanceWindow', task],
    ['AmazonSSM.UpdateMaintenanceWindowTask', { WindowId, WindowTaskId, Priority: 2 }],
    ['AmazonSSM.GetMaintenanceWindowTask', { WindowId, WindowTaskId }],
    ['AmazonSSM.DescribeMaintenanceWindowTasks', { WindowId, ...filter('Priority', '1') }],
    ['AmazonSSM.DeleteMaintenanceWindow', spare],
  ];
  const known: Readonly<Record<string, readonly string[]>> = {
    // Not the one of the examples: it would soon be deleted.
    windowid: [spare.WindowId, placeholderOf('windowid')],
    windowtargetid: [WindowTargetId, placeholderOf('windowtargetid')],
    windowtaskid: [WindowTaskId, placeholderOf('windowtaskid')],
    schedule: [
      'cron(0 2 ? * SUN *)',
      'cron(0 0 2 LW * ? 2027/2)',
      'cron(0/7 * ? FEB-APR MON#5 2199)',
      'rate(5 minutes)',
      'at(2027-03-28T02:30:00)',
    ],
    scheduletimezone: ['Europe/Berlin', 'Pacific/Apia', 'UTC'],
    startdate: oddTimes,
    enddate: oddTimes,
  };
  const { ScheduleOffset: _offset, StartDate: _start, EndDate: _end, ...plain } = window;
  // Of a node that is not there: the invocation is there all the same.
  const ofNobody = { ...task, Targets: [{ Key: 'InstanceIds', Values: ['mi-00000000000000000'] }] };
  return {
    windowIds: [spare.WindowId],
    known,
    examples: [...examples, ...(await provideExecution(host, plain, ofNobody)), ...(await provideFreezes(host, name))],
  };
}

function exampleWindow(name: string) {
  return {
    Name: `fuzz-${name}`,
    Description: 'for the fuzzer',
    Schedule: 'cron(0 2 ? * SUN *)',
    ScheduleTimezone: 'Europe/Berlin',
    ScheduleOffset: 2,
    StartDate: '2027-01-01T00:00:00+01:00',
    EndDate: '2090-01-01T00:00:00Z',
    Duration: 3,
    Cutoff: 1,
    AllowUnassociatedTargets: true,
    Tags: [{ Key: 'owner', Value: 'fuzz' }],
  };
}

/** What the fuzzer made before, so that the quota does not end it. */
export async function deleteWindows(host: NodeHost): Promise<void> {
  const answer = readSuccess(await host.call('AmazonSSM.DescribeMaintenanceWindows', { MaxResults: 100 }));
  for (const { WindowId } of WindowsAnswer.parse(answer).WindowIdentities) {
    await host.call('AmazonSSM.DeleteMaintenanceWindow', { WindowId });
  }
}
