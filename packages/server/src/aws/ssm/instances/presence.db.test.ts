import {
  DescribeInstanceInformationCommand,
  DescribeInstancePatchesCommand,
  DescribeInstancePatchStatesCommand,
  DescribeInstancePropertiesCommand,
  GetCommandInvocationCommand,
  GetConnectionStatusCommand,
  SendCommandCommand,
  UpdateManagedInstanceRoleCommand,
} from '@aws-sdk/client-ssm';
import {
  BeginPatchOperation,
  CompletePatchOperation,
  GetNode,
  GetNodeVerdict,
  ListManagedNodes,
  type OperationContract,
  ReleaseNode,
  RenameNode,
  ReportPresence,
} from '@patchbay/contracts';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { installedPackage, sampleFacts } from '../../../test-support/sample-facts.ts';
import { readSuccess } from '../../../test-support/send-request.ts';
import {
  createNodeKey,
  enrolNode,
  registerNode,
  requestRoleToken,
  type TestNode,
} from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';
import { archiveNodes } from './archive.ts';

const server = withTestServer();

async function ask<Input extends z.ZodType, Output extends z.ZodType>(
  contract: OperationContract<Input, Output>,
  input: z.input<Input>,
): Promise<z.output<Output>> {
  const answer = await server().call(`Patchbay.${contract.name}`, input, { service: 'patchbay' });
  return contract.output.parse(readSuccess(answer));
}
async function report(node: TestNode, seen: Partial<z.input<(typeof ReportPresence)['input']>> = {}) {
  return await node.patchbay(ReportPresence, {
    state: 'running',
    agentRunId: 'run-1',
    bootId: 'boot-1',
    machineIdHash: 'machine-1',
    agentClock: server().now().toISOString(),
    ...seen,
  });
}
async function informationOf({ instanceId }: TestNode) {
  const { InstanceInformationList: [information] = [] } = await server().ssm.send(
    new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [instanceId] }] }),
  );
  return information;
}
const shell = { DocumentName: 'AWS-RunShellScript', Parameters: { commands: ['true'] } };

describe('a node that two machines speak for', () => {
  it('is quarantined when the lives of two agents alternate, and not when an agent restarts', async () => {
    const node = await enrolNode(server());
    for (const agentRunId of ['run-1', 'run-1', 'run-2', 'run-2']) {
      expect(await report(node, { agentRunId })).toEqual({ quarantineReason: null });
    }
    expect(await report(node, { agentRunId: 'run-1' })).toEqual({
      quarantineReason: expect.stringMatching(/Two agents speak for it/),
    });
    expect(await informationOf(node)).toMatchObject({
      PingStatus: 'Online',
      AssociationStatus: 'Quarantined',
      AssociationOverview: { DetailedStatus: expect.stringMatching(/Two agents/) },
    });
    expect(await ask(GetNode, { instanceId: node.instanceId })).toMatchObject({
      quarantine: { reason: expect.stringMatching(/Two agents/) },
    });
  });

  it('is found out by the polls of the earlier agent, which gets nothing from the newer one’s first ping on', async () => {
    const node = await enrolNode(server());
    const poll = async (PatchbayAgentRunId: string) => {
      const answer = await node.callEc2Messages('GetMessages', {
        Destination: node.instanceId,
        MessagesRequestId: 'request',
        VisibilityTimeoutInSeconds: 1,
        PatchbayPollSeconds: 1,
        PatchbayAgentRunId,
      });
      return (readSuccess(answer) as { Messages: unknown[] }).Messages.length;
    };
    const quarantine = async () => (await ask(GetNode, { instanceId: node.instanceId })).quarantine;
    await report(node, { agentRunId: 'run-1' });
    expect(await poll('run-1')).toBe(0);
    await report(node, { agentRunId: 'run-2' });
    await server().ssm.send(new SendCommandCommand({ ...shell, InstanceIds: [node.instanceId] }));
    // This process has not seen another life poll yet, and still hands nothing to the one that ended.
    expect(await poll('run-1')).toBe(0);
    expect(await quarantine()).toBeNull();
    expect(await poll('run-2')).toBe(1);
    expect(await poll('run-1')).toBe(0);
    expect(await quarantine()).toMatchObject({ reason: expect.stringMatching(/Two agents speak for it/) });
    await ask(ReleaseNode, { instanceId: node.instanceId });
    await report(node, { agentRunId: 'run-1' });
    server().advance({ seconds: 5 });
    expect(await poll('run-1')).toBe(1);
    expect(await quarantine()).toBeNull();
  });

  it('is not in doubt when an agent polls whose first ping was not taken', async () => {
    const node = await enrolNode(server());
    await report(node, { agentRunId: 'run-1' });
    await server().ssm.send(new SendCommandCommand({ ...shell, InstanceIds: [node.instanceId] }));
    const answer = await node.callEc2Messages('GetMessages', {
      Destination: node.instanceId,
      MessagesRequestId: 'request',
      PatchbayAgentRunId: 'run-2',
    });
    expect(readSuccess(answer)).toMatchObject({ Messages: [{}] });
    expect(await report(node, { agentRunId: 'run-2' })).toEqual({ quarantineReason: null });
  });

  it('is quarantined when its machine-id changes, also where only its facts show it', async () => {
    const node = await enrolNode(server());
    await report(node);
    const facts = sampleFacts();
    await node.submitFacts({ ...facts, overlay: { ...facts.overlay, machineIdHash: 'machine-2' } });
    expect(await report(node)).toEqual({ quarantineReason: expect.stringMatching(/machine-id/) });
  });

  it('gets no commands, neither those that wait nor new ones', async () => {
    const node = await enrolNode(server(), { tags: { Group: 'cloned' } });
    await report(node);
    await server().ssm.send(new SendCommandCommand({ ...shell, InstanceIds: [node.instanceId] }));
    await report(node, { machineIdHash: 'machine-2' });
    expect(await node.getMessages()).toEqual([]);
    await expect(
      server().ssm.send(new SendCommandCommand({ ...shell, InstanceIds: [node.instanceId] })),
    ).rejects.toMatchObject({ name: 'InvalidInstanceId', message: expect.stringMatching(/quarantine/) });
    const { Command } = await server().ssm.send(
      new SendCommandCommand({ ...shell, Targets: [{ Key: 'tag:Group', Values: ['cloned'] }] }),
    );
    expect(Command).toMatchObject({ Status: 'Failed', CompletedCount: 1, ErrorCount: 0 });
    const invocation = await server().ssm.send(
      new GetCommandInvocationCommand({ CommandId: Command?.CommandId, InstanceId: node.instanceId }),
    );
    expect(invocation).toMatchObject({ Status: 'Failed', StatusDetails: 'Undeliverable' });
    await ask(ReleaseNode, { instanceId: node.instanceId });
    expect(await node.getMessages()).toHaveLength(1);
  });

  it('is unknown, whatever its last scan said, and begins no scan', async () => {
    const node = await enrolNode(server());
    const factsId = await node.submitFacts(sampleFacts({ installed: [installedPackage('openssl', '3.0.1')] }));
    const request = {
      factsId,
      operation: 'Scan',
      commandId: null,
      rebootOption: 'NoReboot',
      snapshotId: '',
    } as const;
    const { operationId } = await node.patchbay(BeginPatchOperation, request);
    await node.patchbay(CompletePatchOperation, { operationId, factsId, simulation: null, outcomes: [] });
    const stateOf = async () => {
      const { InstancePatchStates: [state] = [] } = await server().ssm.send(
        new DescribeInstancePatchStatesCommand({ InstanceIds: [node.instanceId] }),
      );
      return state;
    };
    const before = await stateOf();
    await report(node);
    await report(node, { machineIdHash: 'machine-2' });
    expect((await ask(GetNodeVerdict, { instanceId: node.instanceId })).verdict).toMatchObject({
      status: 'unknown',
      unknownReasons: expect.arrayContaining([expect.objectContaining({ code: 'quarantined' })]),
    });
    const { Patches = [] } = await server().ssm.send(
      new DescribeInstancePatchesCommand({ InstanceId: node.instanceId }),
    );
    expect(Patches.find((patch) => patch.KBId === 'patchbay-unknown')).toMatchObject({
      State: 'FAILED',
      Title: expect.stringMatching(/quarantine.*machine-id/),
    });
    expect((await stateOf())?.FailedCount).toBe((before?.FailedCount ?? 0) + (before?.FailedCount === 0 ? 1 : 0));
    await expect(node.patchbay(BeginPatchOperation, request)).rejects.toMatchObject({
      message: expect.stringMatching(/quarantine/),
    });
  });

  it('is released for the machine that speaks next', async () => {
    const node = await enrolNode(server());
    await report(node);
    await report(node, { machineIdHash: 'machine-2' });
    await ask(ReleaseNode, { instanceId: node.instanceId });
    expect(await report(node, { machineIdHash: 'machine-2' })).toEqual({ quarantineReason: null });
    expect(await report(node, { machineIdHash: 'machine-1' })).toMatchObject({ quarantineReason: expect.any(String) });
  });

  it('cannot be released when it is not quarantined, and not by a node', async () => {
    const node = await enrolNode(server());
    await expect(ask(ReleaseNode, { instanceId: node.instanceId })).rejects.toMatchObject({
      code: 'ValidationException',
    });
    await expect(node.patchbay(ReleaseNode, { instanceId: node.instanceId })).rejects.toMatchObject({
      code: 'AccessDeniedException',
    });
  });
});

describe('the presence of a node', () => {
  it('ends with the goodbye of its agent and comes back with the next ping', async () => {
    const node = await enrolNode(server());
    await report(node);
    expect(await informationOf(node)).toMatchObject({ PingStatus: 'Online' });
    await report(node, { state: 'stopping' });
    expect(await informationOf(node)).toMatchObject({ PingStatus: 'ConnectionLost' });
    const status = async () =>
      (await server().ssm.send(new GetConnectionStatusCommand({ Target: node.instanceId }))).Status;
    expect(await status()).toBe('notconnected');
    await expect(
      server().ssm.send(new SendCommandCommand({ ...shell, InstanceIds: [node.instanceId] })),
    ).rejects.toMatchObject({ name: 'InvalidInstanceId' });
    await node.ping();
    expect(await informationOf(node)).toMatchObject({ PingStatus: 'Online' });
    expect(await status()).toBe('connected');
  });

  it('is found by its ping status', async () => {
    const [running, stopped] = [await enrolNode(server()), await enrolNode(server())];
    await report(stopped, { state: 'stopping' });
    const find = async (status: string) => {
      const { InstanceInformationList = [] } = await server().ssm.send(
        new DescribeInstanceInformationCommand({
          Filters: [
            { Key: 'PingStatus', Values: [status] },
            { Key: 'InstanceIds', Values: [running.instanceId, stopped.instanceId] },
          ],
        }),
      );
      return InstanceInformationList.map((each) => each.InstanceId);
    };
    expect(await find('Online')).toEqual([running.instanceId]);
    expect(await find('ConnectionLost')).toEqual([stopped.instanceId]);
    expect(await find('Inactive')).toEqual([]);
  });

  it('shows a clock that is wrong', async () => {
    const node = await enrolNode(server());
    await report(node, { agentClock: new Date(server().now().getTime() + 600_000).toISOString() });
    expect(await ask(GetNode, { instanceId: node.instanceId })).toMatchObject({ clockSkewSeconds: 600 });
  });

  it('is archived after a long silence, stays readable, and begins anew with a word', async () => {
    const start = server().now();
    const node = await enrolNode(server(), { tags: { Group: 'silent' } });
    server().advance({ hours: 24 * 31 });
    expect(await archiveNodes(server().database, 30, server().now())).toContain(node.instanceId);
    const listed = async () => {
      const { InstanceInformationList = [] } = await server().ssm.send(
        new DescribeInstanceInformationCommand({ MaxResults: 50 }),
      );
      return InstanceInformationList.map((each) => each.InstanceId);
    };
    expect(await listed()).not.toContain(node.instanceId);
    expect(await informationOf(node)).toMatchObject({ InstanceId: node.instanceId, PingStatus: 'ConnectionLost' });
    const { Command } = await server().ssm.send(
      new SendCommandCommand({ ...shell, Targets: [{ Key: 'tag:Group', Values: ['silent'] }] }),
    );
    expect(Command).toMatchObject({ StatusDetails: 'NoInstancesInTag' });
    const ids = async (includeArchived: boolean) =>
      (await ask(ListManagedNodes, { includeArchived, maxResults: 100 })).nodes.map((each) => each.instanceId);
    expect(await ids(false)).not.toContain(node.instanceId);
    expect(await ids(true)).toContain(node.instanceId);
    await node.renew();
    await node.ping();
    expect(await listed()).toContain(node.instanceId);
    server().setNow(start);
  });
});

describe('a managed node', () => {
  it('gets another name and another role', async () => {
    const node = await enrolNode(server(), { name: 'old' });
    await ask(RenameNode, { instanceId: node.instanceId, name: 'new' });
    await server().ssm.send(new UpdateManagedInstanceRoleCommand({ InstanceId: node.instanceId, IamRole: 'other' }));
    expect(await informationOf(node)).toMatchObject({ Name: 'new', IamRole: 'other' });
    await expect(
      server().ssm.send(new UpdateManagedInstanceRoleCommand({ InstanceId: 'mi-00000000000000000', IamRole: 'x' })),
    ).rejects.toMatchObject({ name: 'InvalidInstanceId' });
  });

  it('that enrols again is linked with what it was, by its fingerprint or by its machine-id', async () => {
    const enrolled = { machineIdHash: 'enrolled-again' };
    const first = await enrolNode(server());
    await report(first, enrolled);
    const again = await enrolNode(server());
    const { activationId: ActivationId } = again;
    expect(ActivationId).not.toBe(first.activationId);
    // The first is still online: this may be a second agent on the machine.
    await report(again, enrolled);
    expect(await ask(GetNode, { instanceId: again.instanceId })).toMatchObject({ previousInstanceId: null });
    await report(first, { ...enrolled, state: 'stopping' });
    const third = await enrolNode(server());
    await report(third, enrolled);
    expect(await ask(GetNode, { instanceId: third.instanceId })).toMatchObject({
      previousInstanceId: first.instanceId,
    });
    expect(await ask(GetNode, { instanceId: first.instanceId })).toMatchObject({ nextInstanceId: third.instanceId });
  });

  it('takes a new key that the old one vouches for, and no other', async () => {
    const node = await enrolNode(server());
    const next = createNodeKey();
    const rotate = (privateKey: TestNode['key']['privateKey'], input: object) =>
      requestRoleToken(server(), {
        instanceId: node.instanceId,
        fingerprint: node.fingerprint,
        privateKey,
        call: { operation: 'UpdateManagedInstancePublicKey', input },
      });
    const change = { NewPublicKey: next.publicKey, NewPublicKeyType: 'Rsa' };
    expect((await rotate(createNodeKey().privateKey, change)).statusCode).toBe(400);
    expect((await rotate(node.key.privateKey, { ...change, NewPublicKey: 'A'.repeat(400) })).statusCode).toBe(400);
    expect((await rotate(node.key.privateKey, change)).statusCode).toBe(200);
    const token = (privateKey: TestNode['key']['privateKey']) =>
      requestRoleToken(server(), { instanceId: node.instanceId, fingerprint: node.fingerprint, privateKey });
    expect((await token(node.key.privateKey)).statusCode).toBe(400);
    expect((await token(next.privateKey)).statusCode).toBe(200);
  });

  it('is described by its properties, compared as asked', async () => {
    const node = await enrolNode(server(), {
      platform: { PlatformType: 'Linux', PlatformName: 'Ubuntu', PlatformVersion: '24.04' },
    });
    const find = async (Key: string, Values: string[], Operator: 'Equal' | 'NotEqual' | 'BeginWith' | 'LessThan') => {
      const { InstanceProperties = [] } = await server().ssm.send(
        new DescribeInstancePropertiesCommand({
          FiltersWithOperator: [
            { Key, Values, Operator },
            { Key: 'InstanceIds', Values: [node.instanceId] },
          ],
          MaxResults: 5,
        }),
      );
      return InstanceProperties;
    };
    expect(await find('PlatformName', ['Ubu'], 'BeginWith')).toMatchObject([
      { InstanceId: node.instanceId, PlatformVersion: '24.04', ResourceType: 'ManagedInstance', PingStatus: 'Online' },
    ]);
    expect(await find('PlatformName', ['Ubuntu'], 'NotEqual')).toEqual([]);
    expect(await find('PlatformVersion', ['25'], 'LessThan')).toHaveLength(1);
    await expect(find('InstanceIds', [node.instanceId], 'BeginWith')).rejects.toMatchObject({
      name: 'InvalidFilterKey',
    });
  });

  it('whose fingerprint is known from an earlier enrolment is the same machine', async () => {
    const first = await enrolNode(server());
    const { ActivationId: activationId = '', ActivationCode: activationCode = '' } = readSuccess(
      await server().call('AmazonSSM.CreateActivation', { IamRole: 'node' }),
    ) as { ActivationId?: string; ActivationCode?: string };
    const registered = readSuccess(
      await registerNode(server(), { activationId, activationCode, fingerprint: first.fingerprint }),
    ) as { InstanceId: string };
    expect(await ask(GetNode, { instanceId: registered.InstanceId })).toMatchObject({
      previousInstanceId: first.instanceId,
    });
  });
});
