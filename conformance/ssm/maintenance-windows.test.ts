import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsCli, findAwsClis, openAwsCli, type WayOut, watchWayOut } from './aws-cli.ts';
import { withRealServer } from './real-server.ts';

// Source: aws-docs, https://docs.aws.amazon.com/systems-manager/latest/userguide/mw-cli-tutorials.html and
// https://docs.aws.amazon.com/cli/latest/reference/ssm/create-maintenance-window.html
describe.each(findAwsClis())('%s', (path) => {
  const server = withRealServer();
  let wayOut: WayOut;
  let aws: AwsCli;
  let windowId: string;
  let targetId: string;
  let taskId: string;

  const hours = '--schedule-timezone Europe/Berlin --duration 3 --cutoff 1 --no-allow-unassociated-targets';

  beforeAll(async () => {
    wayOut = await watchWayOut();
    aws = await openAwsCli(path, server(), wayOut);
  });
  afterAll(() => wayOut.close());

  async function schedule(id: string, after: string, before: string): Promise<string[]> {
    const { ScheduledWindowExecutions } = await aws.json(
      `aws ssm describe-maintenance-window-schedule --window-id ${id} --filters Key=ScheduledAfter,Values=${after} Key=ScheduledBefore,Values=${before}`,
    );
    return (ScheduledWindowExecutions as { ExecutionTime: string }[]).map(({ ExecutionTime }) => ExecutionTime);
  }

  it('creates a window for every Sunday at two, in six fields and in seven', async () => {
    const six = `aws ssm create-maintenance-window --name sunday --schedule "cron(0 2 ? * SUN *)" ${hours}`;
    windowId = String((await aws.json(`${six} --tags Key=Stage,Value=production`)).WindowId);
    expect(windowId).toMatch(/^mw-[0-9a-f]{17}$/);
    const seven = await aws.json(
      `aws ssm create-maintenance-window --name seven --schedule "cron(0 0 2 ? * SUN *)" ${hours} --client-token seven`,
    );
    const window = await aws.json(`aws ssm get-maintenance-window --window-id ${windowId}`);
    expect(window).toMatchObject({
      WindowId: windowId,
      Name: 'sunday',
      Schedule: 'cron(0 2 ? * SUN *)',
      ScheduleTimezone: 'Europe/Berlin',
      Duration: 3,
      Cutoff: 1,
      AllowUnassociatedTargets: false,
      Enabled: true,
      NextExecutionTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT0[23]:00\+0[12]:00$/),
    });
    const other = await aws.json(`aws ssm get-maintenance-window --window-id ${String(seven.WindowId)}`);
    expect(other.NextExecutionTime).toBe(window.NextExecutionTime);
    expect(
      await aws.json(`aws ssm list-tags-for-resource --resource-type MaintenanceWindow --resource-id ${windowId}`),
    ).toEqual({ TagList: [{ Key: 'Stage', Value: 'production' }] });
    await aws.json(`aws ssm delete-maintenance-window --window-id ${String(seven.WindowId)}`);
  });

  it('registers the nodes of a tag', async () => {
    const { WindowTargetId } = await aws.json(
      `aws ssm register-target-with-maintenance-window --window-id ${windowId} --resource-type INSTANCE --targets Key=tag:PatchGroup,Values=WebServers --owner-information "web team"`,
    );
    targetId = String(WindowTargetId);
    expect(await aws.json(`aws ssm describe-maintenance-window-targets --window-id ${windowId}`)).toEqual({
      Targets: [
        {
          WindowId: windowId,
          WindowTargetId: targetId,
          ResourceType: 'INSTANCE',
          Targets: [{ Key: 'tag:PatchGroup', Values: ['WebServers'] }],
          OwnerInformation: 'web team',
        },
      ],
    });
    expect(
      await aws.json(
        'aws ssm describe-maintenance-windows-for-target --resource-type INSTANCE --targets Key=tag:PatchGroup,Values=WebServers',
      ),
    ).toEqual({ WindowIdentities: [{ WindowId: windowId, Name: 'sunday' }] });
  });

  it('registers what patches them, half of them at once, one in ten allowed to fail', async () => {
    const { WindowTaskId } = await aws.json(
      `aws ssm register-task-with-maintenance-window --window-id ${windowId} --task-arn AWS-RunPatchBaseline --task-type RUN_COMMAND --targets Key=WindowTargetIds,Values=${targetId} --max-concurrency 50% --max-errors 10% --priority 1 --cutoff-behavior CANCEL_TASK --task-invocation-parameters 'RunCommand={Parameters={Operation=[Install],RebootOption=[RebootIfNeeded]},TimeoutSeconds=600}'`,
    );
    taskId = String(WindowTaskId);
    const task = {
      WindowId: windowId,
      WindowTaskId: taskId,
      TaskArn: 'AWS-RunPatchBaseline',
      Targets: [{ Key: 'WindowTargetIds', Values: [targetId] }],
      Priority: 1,
      MaxConcurrency: '50%',
      MaxErrors: '10%',
      CutoffBehavior: 'CANCEL_TASK',
    };
    expect(
      await aws.json(`aws ssm get-maintenance-window-task --window-id ${windowId} --window-task-id ${taskId}`),
    ).toEqual({
      ...task,
      TaskType: 'RUN_COMMAND',
      TaskInvocationParameters: {
        RunCommand: { Parameters: { Operation: ['Install'], RebootOption: ['RebootIfNeeded'] }, TimeoutSeconds: 600 },
      },
    });
    expect(await aws.json(`aws ssm describe-maintenance-window-tasks --window-id ${windowId}`)).toEqual({
      Tasks: [{ ...task, Type: 'RUN_COMMAND' }],
    });
  });

  it('tells when the window opens, over both changes of the clocks', async () => {
    // On the 30th of March 2031 there is no two o'clock; on the 26th of October there are two.
    expect(await schedule(windowId, '2031-03-20', '2031-04-10')).toEqual([
      '2031-03-23T02:00+01:00',
      '2031-03-30T03:00+02:00',
      '2031-04-06T02:00+02:00',
    ]);
    expect(await schedule(windowId, '2031-10-15', '2031-11-05')).toEqual([
      '2031-10-19T02:00+02:00',
      '2031-10-26T02:00+02:00',
      '2031-11-02T02:00+01:00',
    ]);
    const year = await aws.json('aws ssm describe-maintenance-window-schedule --page-size 10');
    const number = (year.ScheduledWindowExecutions as object[]).length;
    expect([52, 53]).toContain(number);
  });

  it('changes the window, and stops it', async () => {
    const changed = await aws.json(
      `aws ssm update-maintenance-window --window-id ${windowId} --schedule "cron(0 3 ? * TUE#2 *)" --schedule-offset 5 --no-enabled`,
    );
    expect(changed).toMatchObject({
      Schedule: 'cron(0 3 ? * TUE#2 *)',
      ScheduleOffset: 5,
      Enabled: false,
      Duration: 3,
    });
    expect(await aws.json(`aws ssm get-maintenance-window --window-id ${windowId}`)).not.toHaveProperty(
      'NextExecutionTime',
    );
    await aws.json(`aws ssm update-maintenance-window --window-id ${windowId} --enabled`);
    // The second Tuesday of July 2031 is the 8th.
    expect(await schedule(windowId, '2031-07-01', '2031-08-01')).toEqual(['2031-07-13T03:00+02:00']);
  });

  it('prints the errors of AWS', async () => {
    const refusals: [string, string][] = [
      [`aws ssm get-maintenance-window --window-id mw-00000000000000000`, 'DoesNotExistException'],
      [`aws ssm create-maintenance-window --name bad --schedule "cron(0 2 * * SUN *)" ${hours}`, 'ValidationException'],
      [
        `aws ssm deregister-target-from-maintenance-window --window-id ${windowId} --window-target-id ${targetId} --safe`,
        'TargetInUseException',
      ],
      [
        `aws ssm register-target-with-maintenance-window --window-id ${windowId} --resource-type RESOURCE_GROUP --targets Key=resource-groups:Name,Values=web`,
        'RESOURCE_GROUP are not supported',
      ],
      [
        `aws ssm register-task-with-maintenance-window --window-id ${windowId} --task-arn f --task-type LAMBDA`,
        'FeatureNotAvailableException',
      ],
    ];
    for (const [line, text] of refusals) {
      const { exitCode, stderr } = await aws.run(line);
      expect({ line, stderr, isFailure: exitCode !== 0 }).toEqual({
        line,
        stderr: expect.stringContaining(text),
        isFailure: true,
      });
    }
  });

  it('takes everything away again', async () => {
    await aws.json(
      `aws ssm deregister-task-from-maintenance-window --window-id ${windowId} --window-task-id ${taskId}`,
    );
    await aws.json(
      `aws ssm deregister-target-from-maintenance-window --window-id ${windowId} --window-target-id ${targetId} --safe`,
    );
    expect(await aws.json(`aws ssm delete-maintenance-window --window-id ${windowId}`)).toEqual({ WindowId: windowId });
    expect(await aws.json('aws ssm describe-maintenance-windows')).toEqual({ WindowIdentities: [] });
    expect(wayOut.attempts).toEqual([]);
  });
});
