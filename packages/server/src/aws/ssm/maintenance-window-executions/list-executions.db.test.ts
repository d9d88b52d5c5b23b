import {
  DescribeMaintenanceWindowExecutionsCommand,
  type DescribeMaintenanceWindowExecutionsCommandInput,
  DescribeMaintenanceWindowExecutionTaskInvocationsCommand,
  DescribeMaintenanceWindowExecutionTasksCommand,
} from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { withTestServer } from '../../../test-support/test-server.ts';
import { windowStage } from './window-stage.test-support.ts';

describe('lists of what windows did', () => {
  const server = withTestServer();
  const stage = windowStage(server);
  let windowId: string;
  let starts: Date[];

  const list = async (input: DescribeMaintenanceWindowExecutionsCommandInput) => {
    const { WindowExecutions = [], NextToken } = await server().ssm.send(
      new DescribeMaintenanceWindowExecutionsCommand(input),
    );
    return { starts: WindowExecutions.map(({ StartTime }) => StartTime), NextToken };
  };
  const filtered = async (...filters: [string, ...string[]][]) =>
    (await list({ WindowId: windowId, Filters: filters.map(([Key, ...Values]) => ({ Key, Values })) })).starts;

  beforeAll(async () => {
    windowId = await stage.create({ Schedule: 'rate(1 hour)', Duration: 1, Cutoff: 0 });
    for (let hour = 0; hour < 12; hour++) {
      server().advance({ hours: 1 });
      await stage.run();
    }
    starts = (await stage.executions(windowId)).map(({ StartTime }) => StartTime ?? new Date(0));
  });

  it('show executions newest first, page by page', async () => {
    expect(starts).toHaveLength(12);
    expect(starts).toEqual(starts.toSorted((left, right) => right.getTime() - left.getTime()));
    const first = await list({ WindowId: windowId, MaxResults: 10 });
    const second = await list({ WindowId: windowId, MaxResults: 10, NextToken: first.NextToken });
    expect([...first.starts, ...second.starts]).toEqual(starts);
    expect(second.NextToken).toBeUndefined();
  });

  it('are narrowed by time, and all filters must hold', async () => {
    const [fourth = '', eighth = ''] = [starts[8]?.toISOString(), starts[4]?.toISOString()];
    expect(await filtered(['ExecutedBefore', fourth])).toEqual(starts.slice(9));
    expect(await filtered(['ExecutedAfter', eighth])).toEqual(starts.slice(0, 4));
    expect(await filtered(['ExecutedAfter', fourth], ['ExecutedBefore', eighth])).toEqual(starts.slice(5, 8));
    expect(await filtered(['ExecutedBefore', eighth], ['ExecutedBefore', fourth])).toEqual(starts.slice(9));
  });

  it.each([
    [['Status', 'SUCCESS'], 'Status'],
    [['ExecutedBefore'], 'ExecutedBefore'],
    [['ExecutedAfter', 'yesterday'], 'yesterday'],
    [['ExecutedAfter', '2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z'], 'one value'],
  ] as [[string, ...string[]], string][])('refuse the filter %j', async (filter, said) => {
    await expect(filtered(filter)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(said),
    });
  });

  it('show tasks and their target groups by status', async () => {
    const window = await stage.create();
    await stage.registerPatching(window, [await stage.registerTag(window, 'nobody-has-it')]);
    await stage.open();
    const { execution, tasks, invocations } = await stage.newest(window);
    const WindowExecutionId = execution?.WindowExecutionId;
    const TaskId = tasks[0]?.TaskExecutionId;
    const tasksWith = async (...Values: string[]) =>
      (
        await server().ssm.send(
          new DescribeMaintenanceWindowExecutionTasksCommand({
            WindowExecutionId,
            Filters: [{ Key: 'STATUS', Values }],
          }),
        )
      ).WindowExecutionTaskIdentities;
    const invocationsWith = async (...Values: string[]) =>
      (
        await server().ssm.send(
          new DescribeMaintenanceWindowExecutionTaskInvocationsCommand({
            WindowExecutionId,
            TaskId,
            Filters: [{ Key: 'STATUS', Values }],
          }),
        )
      ).WindowExecutionTaskInvocationIdentities;
    expect(tasks).toHaveLength(1);
    expect(await tasksWith('PENDING', String(tasks[0]?.Status))).toEqual(tasks);
    expect(await tasksWith('PENDING', 'CANCELLED')).toEqual([]);
    expect(await invocationsWith(String(invocations[0]?.Status))).toEqual(invocations);
    expect(await invocationsWith('PENDING', 'CANCELLED')).toEqual([]);
  });
});
