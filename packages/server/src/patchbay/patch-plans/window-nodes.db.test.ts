import { randomUUID } from 'node:crypto';
import { ListCommandInvocationsCommand } from '@aws-sdk/client-ssm';
import { BeginPatchOperation, CompletePatchOperation, CreatePatchPlan, GetPatchPlan } from '@patchbay/contracts';
import { describe, expect, it } from 'vitest';
import { runDueWindows } from '../../aws/ssm/maintenance-window-executions/runner.ts';
import { sampleFacts, securityOffer, upgradeOf } from '../../test-support/sample-facts.ts';
import { readError, readSuccess } from '../../test-support/send-request.ts';
import { enrolNode } from '../../test-support/test-node.ts';
import { TEST_REGION, withTestServer } from '../../test-support/test-server.ts';

describe('patch plans for a maintenance window', () => {
  const server = withTestServer();
  const call = async (operation: string, input: object) =>
    await server().call(`Patchbay.${operation}`, input, { service: 'patchbay' });

  async function registerWindow(
    windowId: string,
    task: { taskArn: string; parameters: Record<string, string[]> },
    nextStartAt: Date | null = null,
  ) {
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
        nextStartAt,
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

  it('are carried out by a window whose task is bound to them', async () => {
    const windowId = 'mw-00000000000000009';
    const node = await enrolNode(server(), { tags: { Window: windowId } });
    const facts = sampleFacts({ offers: [securityOffer('openssl', '3.0.2', '3.0.1')] });
    const begin = async (operation: 'Scan' | 'Install', commandId: string) => {
      const factsId = await node.submitFacts(facts);
      const rebootOption = 'NoReboot';
      const request = { factsId, operation, commandId, rebootOption, snapshotId: '' } as const;
      return { factsId, ...(await node.patchbay(BeginPatchOperation, request)) };
    };
    const made = await call('CreatePatchPlan', { instanceIds: [node.instanceId] });
    const { plan } = CreatePatchPlan.output.parse(readSuccess(made));
    const { operationId, factsId } = await begin('Scan', plan.commandId);
    const simulation = { groups: [[upgradeOf('openssl', '3.0.1', '3.0.2')]], refused: [], diskBytes: 0 };
    await node.patchbay(CompletePatchOperation, { operationId, factsId, simulation, outcomes: [] });

    const parameters = { PlanId: [plan.planId], RebootOption: ['NoReboot'] };
    await registerWindow(windowId, { taskArn: 'Patchbay-ApplyPlan', parameters }, server().now());
    const { database: db, dependencies } = server();
    const parts = { db, dependencies, findNextStart: () => null };
    for (let look = 0; look < 2; look += 1) await runDueWindows(parts);
    const { CommandInvocations = [] } = await server().ssm.send(
      new ListCommandInvocationsCommand({ InstanceId: node.instanceId }),
    );
    const sent = CommandInvocations.find(({ DocumentName }) => DocumentName === 'Patchbay-ApplyPlan');
    const begun = await begin('Install', sent?.CommandId ?? '');
    expect(begun).toMatchObject({ targets: [{ name: 'openssl', version: '3.0.2' }], settled: [] });
    const answer = await call('GetPatchPlan', { planId: plan.planId });
    expect(GetPatchPlan.output.parse(readSuccess(answer)).nodes).toMatchObject([
      { applied: { operationId: begun.operationId, commandId: sent?.CommandId, endedAt: null } },
    ]);
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
