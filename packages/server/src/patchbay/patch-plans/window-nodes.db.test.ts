import { randomUUID } from 'node:crypto';
import { CreatePatchPlan, GetPatchPlan } from '@patchbay/contracts';
import { describe, expect, it } from 'vitest';
import { readError, readSuccess } from '../../test-support/send-request.ts';
import { enrolNode } from '../../test-support/test-node.ts';
import { TEST_REGION, withTestServer } from '../../test-support/test-server.ts';

describe('patch plans for a maintenance window', () => {
  const server = withTestServer();
  const call = async (operation: string, input: object) =>
    await server().call(`Patchbay.${operation}`, input, { service: 'patchbay' });

  async function registerWindow(windowId: string, task: { taskArn: string; parameters: Record<string, string[]> }) {
    const { database, accountId } = server();
    const scope = { accountId, region: TEST_REGION, windowId };
    const createdAt = server().now();
    const windowTargetId = randomUUID();
    await database
      .insertInto('maintenanceWindows')
      .values({
        ...scope,
        name: 'sunday',
        schedule: 'cron(0 2 ? * SUN *)',
        duration: 3,
        cutoff: 1,
        allowUnassociatedTargets: false,
        enabled: true,
        createdDate: createdAt,
        modifiedDate: createdAt,
        scheduleChangedAt: createdAt,
      })
      .execute();
    await database
      .insertInto('maintenanceWindowTargets')
      .values({
        ...scope,
        windowTargetId,
        resourceType: 'INSTANCE',
        targets: JSON.stringify([{ key: 'tag:Window', values: [windowId] }]),
        createdAt,
      })
      .execute();
    await database
      .insertInto('maintenanceWindowTasks')
      .values({
        ...scope,
        windowTaskId: randomUUID(),
        taskArn: task.taskArn,
        taskType: 'RUN_COMMAND',
        content: JSON.stringify({
          targets: [{ key: 'WindowTargetIds', values: [windowTargetId] }],
          taskInvocationParameters: { runCommand: { parameters: task.parameters } },
        }),
        priority: 1,
        registeredBy: 'somebody',
        createdAt,
      })
      .execute();
  }

  it('are for the nodes that its tasks patch as they are tagged now', async () => {
    const windowId = 'mw-00000000000000001';
    const node = await enrolNode(server(), { tags: { Window: windowId } });
    await enrolNode(server());
    await registerWindow(windowId, { taskArn: 'AWS-RunPatchBaseline', parameters: { Operation: ['Install'] } });
    const { plan } = CreatePatchPlan.output.parse(readSuccess(await call('CreatePatchPlan', { windowId })));
    expect(plan.windowId).toBe(windowId);
    const answer = await call('GetPatchPlan', { planId: plan.planId });
    const { nodes } = GetPatchPlan.output.parse(readSuccess(answer));
    expect(nodes.map(({ instanceId }) => instanceId)).toEqual([node.instanceId]);
  });

  it.each([
    ['only scans', 'mw-00000000000000002', { Operation: ['Scan'] }, /no window .* installs patches/],
    [
      'has an override',
      'mw-00000000000000003',
      { Operation: ['Install'], BaselineOverride: ['https://x/y'] },
      /patches by its BaselineOverride/,
    ],
  ])('are not made for a window that %s', async (_title, windowId, parameters, message) => {
    await enrolNode(server(), { tags: { Window: windowId } });
    await registerWindow(windowId, { taskArn: 'AWS-RunPatchBaseline', parameters });
    expect(readError(await call('CreatePatchPlan', { windowId }))).toMatchObject({
      code: 'ValidationException',
      message: expect.stringMatching(message),
    });
  });
});
