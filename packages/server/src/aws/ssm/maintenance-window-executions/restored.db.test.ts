import { CreateMaintenanceWindowCommand, GetMaintenanceWindowCommand } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { enrolNode } from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';
import { endRestoredExecutions } from './restored.ts';
import { windowStage } from './window-stage.test-support.ts';

describe('maintenance windows of a restored installation', () => {
  const server = withTestServer();
  const stage = windowStage(server);
  const restore = () =>
    endRestoredExecutions(server().database, { backupAt: '2026-11-19T00:00:00.000Z', now: server().now() });

  it('start nothing that they were to start before', async () => {
    const node = await enrolNode(server(), { tags: { Stage: 'restored' } });
    const open = await stage.create();
    const targetId = await stage.registerTag(open, 'restored');
    await stage.registerPatching(open, [targetId]);
    await stage.registerPatching(open, [targetId], { Priority: 5 });
    const daily = { Name: 'daily', Duration: 2, Cutoff: 0, AllowUnassociatedTargets: true, Schedule: 'rate(1 day)' };
    const { WindowId: dailyId } = await server().ssm.send(new CreateMaintenanceWindowCommand(daily));
    await stage.open();
    await node.getMessages();
    server().advance({ hours: 25 });
    expect(await restore()).toBe(1);
    await stage.run();
    const { execution, tasks, invocations } = await stage.newest(open);
    expect([execution, ...tasks, ...invocations].map((each) => each?.Status)).toEqual(Array(4).fill('CANCELLED'));
    expect(execution?.StatusDetails).toContain('restored from a backup of 2026-11-19');
    expect(await stage.executions(dailyId ?? '')).toEqual([]);
    const { NextExecutionTime } = await server().ssm.send(new GetMaintenanceWindowCommand({ WindowId: dailyId }));
    expect(Date.parse(NextExecutionTime ?? '')).toBeGreaterThan(server().now().getTime());
    expect(await restore()).toBe(0);
  });
});
