import {
  AddTagsToResourceCommand,
  CreateMaintenanceWindowCommand,
  CreatePatchBaselineCommand,
  GetMaintenanceWindowCommand,
  ListCommandInvocationsCommand,
  RegisterPatchBaselineForPatchGroupCommand,
  UpdatePatchBaselineCommand,
} from '@aws-sdk/client-ssm';
import { BeginPatchOperation } from '@patchbay/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { sampleFacts, securityOffer } from '../../../test-support/sample-facts.ts';
import { readSuccess } from '../../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';
import { windowStage } from './window-stage.test-support.ts';

describe('a maintenance window', () => {
  const server = withTestServer();
  const stage = windowStage(server);
  const done = async (name: string, input: object) =>
    readSuccess(await server().call(`Patchbay.${name}`, input, { service: 'patchbay' }));
  let stages = 0;

  async function prepare(): Promise<{ windowId: string; node: TestNode }> {
    stages += 1;
    const name = `held-${stages}`;
    const node = await enrolNode(server(), { tags: { Stage: name } });
    const windowId = await stage.create();
    await stage.registerPatching(windowId, [await stage.registerTag(windowId, name)]);
    return { windowId, node };
  }
  async function freeze(minutes: number, tags: readonly object[] = []): Promise<void> {
    const now = server().now().getTime();
    const time = {
      kind: 'once',
      startsAt: new Date(now).toISOString(),
      endsAt: new Date(now + minutes * 60_000).toISOString(),
    };
    await done('CreateChangeFreeze', { name: 'audit', reason: 'The auditors are here', time, tagLimits: tags });
  }

  afterEach(async () => {
    await server().call('Patchbay.DeleteChangeFreeze', { name: 'audit' }, { service: 'patchbay' });
    await done('ResumeStarts', { reason: 'end of the test' });
  });

  it('that opens in a freeze waits, and goes on when the freeze ends before its cutoff', async () => {
    const { windowId, node } = await prepare();
    await freeze(30);
    await stage.open();
    const held = await stage.newest(windowId);
    expect(held.execution?.Status).toBe('IN_PROGRESS');
    expect(held.invocations).toMatchObject([
      { Status: 'PENDING', StatusDetails: expect.stringContaining('The auditors are here') },
    ]);
    server().advance({ minutes: 30 });
    await node.renew();
    await stage.run();
    expect((await stage.newest(windowId)).invocations).toMatchObject([{ Status: 'IN_PROGRESS' }]);
    await stage.carryOut(node);
    await stage.run();
    expect((await stage.newest(windowId)).execution?.Status).toBe('SUCCESS');
  });

  it('that a freeze outlasts ends TIMED_OUT and says why', async () => {
    const { windowId } = await prepare();
    await freeze(300);
    await stage.open();
    server().advance({ hours: 2 });
    await stage.run();
    const { execution, invocations } = await stage.newest(windowId);
    expect(execution?.Status).toBe('TIMED_OUT');
    expect(invocations).toMatchObject([
      { Status: 'TIMED_OUT', StatusDetails: expect.stringContaining('The auditors are here') },
    ]);
  });

  it.each([
    ['ends at its cutoff', 121, 120],
    ['ended before its cutoff, while the control plane was down', 90, 600],
  ])('that a freeze held which %s starts nothing any more', async (_title, minutes, foundAfter) => {
    const { windowId } = await prepare();
    await freeze(minutes);
    await stage.open();
    expect((await stage.newest(windowId)).invocations).toMatchObject([{ Status: 'PENDING' }]);
    server().advance({ minutes: foundAfter });
    await stage.run();
    const { execution, invocations } = await stage.newest(windowId);
    expect(execution?.Status).toBe('TIMED_OUT');
    expect(invocations).toMatchObject([
      { Status: 'TIMED_OUT', StatusDetails: expect.stringContaining('The auditors are here') },
    ]);
    expect(invocations[0]?.ExecutionId).toBeUndefined();
  });

  it('runs in spite of a freeze that it has leave to override', async () => {
    const { windowId } = await prepare();
    await freeze(300);
    await done('OverrideChangeFreeze', { name: 'audit', reason: 'agreed with them', hours: 3, windowId });
    await stage.open();
    expect((await stage.newest(windowId)).invocations).toMatchObject([{ Status: 'IN_PROGRESS' }]);
  });

  it('waits while all starts are stopped', async () => {
    const { windowId } = await prepare();
    await done('StopStarts', { reason: 'an incident' });
    await stage.open();
    expect((await stage.newest(windowId)).invocations).toMatchObject([
      { Status: 'PENDING', StatusDetails: expect.stringContaining('an incident') },
    ]);
    await done('ResumeStarts', { reason: 'over' });
    server().advance({ seconds: 6 });
    await stage.run();
    expect((await stage.newest(windowId)).invocations).toMatchObject([{ Status: 'IN_PROGRESS' }]);
  });

  it('that begun before a freeze is kept from the nodes that have not got its command', async () => {
    const { windowId, node } = await prepare();
    await stage.open();
    await freeze(30);
    expect(await node.getMessages()).toEqual([]);
    server().advance({ minutes: 30 });
    await node.renew();
    await stage.carryOut(node);
    await stage.run();
    expect((await stage.newest(windowId)).execution?.Status).toBe('SUCCESS');
  });

  it('found late runs as long as its cutoff has not come, and says that it is late', async () => {
    const { windowId } = await prepare();
    server().advance({ minutes: 61 });
    await stage.run();
    const { execution } = await stage.newest(windowId);
    expect(execution?.Status).toBe('IN_PROGRESS');
    expect(execution?.StatusDetails).toMatch(/started 60 minutes late/);
  });

  it('found after its cutoff is missed', async () => {
    const { windowId } = await prepare();
    server().advance({ minutes: 121 });
    await stage.run();
    const { execution, tasks } = await stage.newest(windowId);
    expect(execution).toMatchObject({ Status: 'TIMED_OUT', StatusDetails: expect.stringContaining('missed') });
    expect(tasks).toEqual([]);
  });

  it('found late is skipped where its tag says so', async () => {
    const { windowId } = await prepare();
    await server().ssm.send(
      new AddTagsToResourceCommand({
        ResourceType: 'MaintenanceWindow',
        ResourceId: windowId,
        Tags: [{ Key: 'patchbay:missed-start', Value: 'skip' }],
      }),
    );
    server().advance({ minutes: 61 });
    await stage.run();
    expect((await stage.newest(windowId)).execution).toMatchObject({
      Status: 'TIMED_OUT',
      StatusDetails: expect.stringContaining('skipped as the window says'),
    });
  });

  it('that was missed several times tells of it once, and opens next at its next time', async () => {
    const { WindowId = '' } = await server().ssm.send(
      new CreateMaintenanceWindowCommand({
        Name: 'daily',
        Schedule: 'rate(1 day)',
        Duration: 1,
        Cutoff: 0,
        AllowUnassociatedTargets: true,
      }),
    );
    server().advance({ hours: 24 * 3 + 2 });
    await stage.run();
    const executions = await stage.executions(WindowId);
    expect(executions).toHaveLength(1);
    expect(executions[0]?.StatusDetails).toMatch(/missed.* 2 earlier starts were missed, too\./);
    const { NextExecutionTime } = await server().ssm.send(new GetMaintenanceWindowCommand({ WindowId }));
    expect(Date.parse(NextExecutionTime ?? '')).toBe(server().now().getTime() + 22 * 3_600_000);
  });

  it('installs what was approved at its first command, whatever becomes of the baseline while it runs', async () => {
    const ApprovalRules = {
      PatchRules: [
        { PatchFilterGroup: { PatchFilters: [{ Key: 'PRODUCT' as const, Values: ['*'] }] }, ApproveAfterDays: 0 },
      ],
    };
    const { BaselineId } = await server().ssm.send(
      new CreatePatchBaselineCommand({ Name: 'edited', OperatingSystem: 'DEBIAN', ApprovalRules }),
    );
    await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: 'edited' }));
    const windowId = await stage.create();
    const nodes: TestNode[] = [];
    const targets: string[] = [];
    for (const Stage of ['edited-1', 'edited-2']) {
      nodes.push(await enrolNode(server(), { tags: { Stage, PatchGroup: 'edited' } }));
      targets.push(await stage.registerTag(windowId, Stage));
    }
    await stage.registerPatching(windowId, targets);
    await stage.open();
    const facts = sampleFacts({ offers: [securityOffer('openssl', '3.0.2', '3.0.1')] });
    const approved = async (node: TestNode | undefined, position: number, snapshotId: string) => {
      const commandId = (await stage.newest(windowId)).invocations[position]?.ExecutionId ?? '';
      const factsId = (await node?.submitFacts(facts)) ?? '';
      const rebootOption = 'RebootIfNeeded';
      const request = { factsId, operation: 'Install', commandId, rebootOption, snapshotId } as const;
      return (await node?.patchbay(BeginPatchOperation, request))?.targets.map(({ name }) => name);
    };
    const snapshotId = (await stage.newest(windowId)).execution?.WindowExecutionId ?? '';
    expect(await approved(nodes[0], 0, snapshotId)).toEqual(['openssl']);
    await server().ssm.send(new UpdatePatchBaselineCommand({ BaselineId, RejectedPatches: ['openssl'] }));
    if (nodes[0]) await stage.carryOut(nodes[0]);
    await stage.run();
    expect(await approved(nodes[1], 1, snapshotId)).toEqual(['openssl']);
  });

  it('reaches who carries the tag when a task begins; who has its command keeps it, whatever becomes of the tag', async () => {
    const [stays, goes, comes] = [
      await enrolNode(server(), { tags: { Stage: 'moving' } }),
      await enrolNode(server(), { tags: { Stage: 'moving' } }),
      await enrolNode(server(), { tags: { Stage: 'elsewhere' } }),
    ];
    const windowId = await stage.create();
    const target = await stage.registerTag(windowId, 'moving');
    await stage.registerPatching(windowId, [target], { Priority: 1, MaxConcurrency: '100%' });
    await stage.registerPatching(windowId, [target], { Priority: 2, MaxConcurrency: '100%' });
    await stage.open();
    const tag = async ({ instanceId }: TestNode, value: string) => {
      const Tags = [{ Key: 'Stage', Value: value }];
      const input = { ResourceType: 'ManagedInstance', ResourceId: instanceId, Tags } as const;
      await server().ssm.send(new AddTagsToResourceCommand(input));
    };
    await tag(goes, 'elsewhere');
    await tag(comes, 'moving');
    const reached = async (position: number) => {
      const CommandId = (await stage.newest(windowId)).invocations[position]?.ExecutionId;
      const { CommandInvocations } = await server().ssm.send(new ListCommandInvocationsCommand({ CommandId }));
      return CommandInvocations?.map(({ InstanceId }) => InstanceId).sort();
    };
    expect(await reached(0)).toEqual([stays.instanceId, goes.instanceId].sort());
    for (const node of [stays, goes]) await stage.carryOut(node);
    await stage.run();
    expect(await reached(1)).toEqual([stays.instanceId, comes.instanceId].sort());
  });

  it('gives a node that was offline until the end of its time', async () => {
    const { windowId, node } = await prepare();
    await stage.open();
    server().advance({ minutes: 150 });
    await node.renew();
    await stage.run();
    await stage.carryOut(node);
    await stage.run();
    expect((await stage.newest(windowId)).execution?.Status).toBe('SUCCESS');
  });

  it('leaves out nodes that are offline where its tag says so', async () => {
    const { windowId, node } = await prepare();
    await server().ssm.send(
      new AddTagsToResourceCommand({
        ResourceType: 'MaintenanceWindow',
        ResourceId: windowId,
        Tags: [{ Key: 'patchbay:offline-nodes', Value: 'skip' }],
      }),
    );
    server().advance({ minutes: 30 });
    await stage.run();
    expect((await stage.newest(windowId)).invocations).toMatchObject([{ StatusDetails: 'NoInstancesInTag' }]);
    await node.renew();
    expect(await node.getMessages()).toEqual([]);
  });

  it('gives up a node that did not come in its time', async () => {
    const { node } = await prepare();
    await stage.open();
    server().advance({ minutes: 181 });
    await node.renew();
    expect(await node.getMessages()).toEqual([]);
  });
});
