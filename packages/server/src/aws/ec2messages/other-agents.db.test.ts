import { execFileSync } from 'node:child_process';
import { CancelCommandCommand, GetCommandInvocationCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { PatchOrder } from '@patchbay/contracts';
import { builtInDocuments } from '@patchbay/patching';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { enrolNode, type TestNode } from '../../test-support/test-node.ts';
import { withTestServer } from '../../test-support/test-server.ts';

const amazons = { AgentName: 'amazon-ssm-agent', AgentVersion: '3.3.0.0', PlatformType: 'Linux' };

const Payload = z.looseObject({
  Parameters: z.record(z.string(), z.unknown()),
  DocumentContent: z.looseObject({
    mainSteps: z.array(z.object({ action: z.string(), name: z.string(), inputs: z.looseObject({}) })),
  }),
});

describe('the messages of a node with another agent', () => {
  const server = withTestServer();

  async function deliver(node: TestNode, DocumentName: string, Parameters: Record<string, string[]> = {}) {
    await server().ssm.send(new SendCommandCommand({ DocumentName, InstanceIds: [node.instanceId], Parameters }));
    const [message] = await node.getMessages();
    return Payload.parse(JSON.parse(message?.Payload ?? ''));
  }
  const linesOf = (payload: z.infer<typeof Payload>) =>
    z.array(z.string()).parse(payload.DocumentContent.mainSteps[0]?.inputs['runCommand']);

  it('carry a String parameter as one text, which goes into the document as it comes', async () => {
    const node = await enrolNode(server(), { platform: amazons });
    const payload = await deliver(node, 'AWS-RunShellScript', {
      commands: ['pwd'],
      workingDirectory: ['/usr'],
      executionTimeout: ['5'],
    });
    expect(payload.Parameters).toEqual({ commands: ['pwd'], workingDirectory: '/usr', executionTimeout: '5' });
    expect(payload.DocumentContent).toEqual(builtInDocuments['AWS-RunShellScript']);
    expect(payload).not.toHaveProperty('PatchbayAuthorization');
  });

  it('carry lists and a signature for our own agent', async () => {
    const node = await enrolNode(server());
    const payload = await deliver(node, 'AWS-RunShellScript', { commands: ['pwd'], workingDirectory: ['/usr'] });
    expect(payload.Parameters).toEqual({ commands: ['pwd'], workingDirectory: ['/usr'] });
    expect(payload).toHaveProperty('PatchbayAuthorization');
  });

  it('take the answer to a cancellation, which Amazon’s agent repeats for hours otherwise', async () => {
    const node = await enrolNode(server(), { platform: amazons });
    const Parameters = { commands: ['sleep 60'] };
    const { Command } = await server().ssm.send(
      new SendCommandCommand({ DocumentName: 'AWS-RunShellScript', InstanceIds: [node.instanceId], Parameters }),
    );
    const { CommandId = '' } = Command ?? {};
    const [message] = await node.getMessages();
    await node.acknowledge(message?.MessageId ?? '');
    await server().ssm.send(new CancelCommandCommand({ CommandId }));
    const [cancellation] = await node.getMessages();
    expect(cancellation?.Topic).toMatch(/^aws\.ssm\.cancelCommand/);
    await node.acknowledge(cancellation?.MessageId ?? '');
    const done = { status: 'Success', code: 0, output: 'Cancelled the command' };
    await node.reply(cancellation?.MessageId ?? '', {
      documentStatus: 'Success',
      runtimeStatus: { 'aws:cancelCommand': done },
    });
    const read = async () =>
      await server().ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: node.instanceId }));
    expect((await read()).Status).toBe('Cancelling');
    const killed = { status: 'Cancelled', code: 137, standardOutput: 'start' };
    await node.reply(message?.MessageId ?? '', {
      documentStatus: 'Cancelled',
      runtimeStatus: { runShellScript: killed },
    });
    expect(await read()).toMatchObject({ Status: 'Cancelled', ResponseCode: 137, StandardOutputContent: 'start' });
  });

  it('keep a step open that asked for a reboot, until the agent tells how it ended after that', async () => {
    const node = await enrolNode(server(), { platform: amazons });
    const Parameters = { commands: ['exit 194'] };
    const { Command } = await server().ssm.send(
      new SendCommandCommand({ DocumentName: 'AWS-RunShellScript', InstanceIds: [node.instanceId], Parameters }),
    );
    const { CommandId = '' } = Command ?? {};
    const [message] = await node.getMessages();
    await node.acknowledge(message?.MessageId ?? '');
    const reply = async (documentStatus: string, status: string, code: number, standardOutput: string) => {
      const step = { status, code, standardOutput, endDateTime: new Date(server().now()).toISOString() };
      await node.reply(message?.MessageId ?? '', { documentStatus, runtimeStatus: { runShellScript: step } });
    };
    const read = async () =>
      await server().ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: node.instanceId }));
    await reply('InProgress', 'SuccessAndReboot', 194, 'before');
    await reply('SuccessAndReboot', 'SuccessAndReboot', 194, 'before');
    expect(await read()).toMatchObject({ Status: 'InProgress', ResponseCode: -1, StandardOutputContent: 'before' });
    await reply('InProgress', 'Success', 0, 'after');
    await reply('Success', 'Success', 0, 'after');
    expect(await read()).toMatchObject({ Status: 'Success', ResponseCode: 0, StandardOutputContent: 'after' });
  });

  it.each([
    ['AWS-RunPatchBaseline', { Operation: ['Scan'] }, /The control plane has no patcher.*agent-package build/],
    ['AWS-RunPatchBaselineWithHooks', { Operation: ['Scan'] }, /Hooks need Patchbay's own agent/],
    ['AWS-UpdateSSMAgent', {}, /Patchbay updates its own agent only/],
  ] as const)('make %s fail at once and say what to do, where it cannot work', async (name, parameters, reason) => {
    const node = await enrolNode(server(), { platform: amazons });
    const payload = await deliver(node, name, parameters as unknown as Record<string, string[]>);
    expect(payload.DocumentContent.mainSteps[0]?.action).toBe('aws:runShellScript');
    const script = linesOf(payload).join('\n');
    let told = '';
    try {
      execFileSync('/bin/sh', ['-c', script], { stdio: 'pipe' });
    } catch (error) {
      told = String((error as { stderr: Buffer }).stderr);
    }
    expect(told).toMatch(reason);
  });

  it('give the patcher its order where the control plane has a package', async () => {
    const node = await enrolNode(server(), { platform: amazons });
    const digest = 'a'.repeat(64);
    const name = 'patchbay-agent_1.2.3_amd64.deb';
    const served = { fileName: name, architecture: 'amd64', sha256: digest, path: '', version: '1.2.3', sizeBytes: 1 };
    const spy = vi.spyOn(server().dependencies.agentPackages, 'listNewestSigned').mockResolvedValue([served]);
    const payload = await deliver(node, 'AWS-RunPatchBaseline', { Operation: ['Install'], RebootOption: ['NoReboot'] });
    spy.mockRestore();
    const lines = linesOf(payload);
    expect(lines).toContain(`  'amd64') name='${name}' sha256='${digest}' ;;`);
    const order = /^order='(?<order>[A-Za-z0-9+/=]+)'$/m.exec(lines.join('\n'))?.groups?.['order'] ?? '';
    expect(PatchOrder.parse(JSON.parse(Buffer.from(order, 'base64').toString('utf8')))).toMatchObject({
      endpoint: server().url,
      region: 'us-east-1',
      instanceId: node.instanceId,
      operation: 'Install',
      rebootOption: 'NoReboot',
      snapshotId: '',
    });
  });

  it.each([
    ['Patchbay-PlanPatches', {}, { operation: 'Scan', rebootOption: 'NoReboot' }],
    ['Patchbay-ApplyPlan', { RebootOption: ['NoReboot'] }, { operation: 'Install', rebootOption: 'NoReboot' }],
    ['Patchbay-ApplyPlan', {}, { operation: 'Install', rebootOption: 'RebootIfNeeded' }],
  ])('get the order of %s with %j', async (name, parameters, expected) => {
    const node = await enrolNode(server(), { platform: amazons });
    const served = {
      fileName: 'a.deb',
      architecture: 'amd64',
      sha256: 'a'.repeat(64),
      path: '',
      version: '1',
      sizeBytes: 1,
    };
    const spy = vi.spyOn(server().dependencies.agentPackages, 'listNewestSigned').mockResolvedValue([served]);
    const PlanId = ['00000000-0000-4000-8000-000000000000'];
    const payload = await deliver(node, name, { PlanId, ...parameters });
    spy.mockRestore();
    const order = /^order='(?<order>[A-Za-z0-9+/=]+)'$/m.exec(linesOf(payload).join('\n'))?.groups?.['order'] ?? '';
    expect(PatchOrder.parse(JSON.parse(Buffer.from(order, 'base64').toString('utf8')))).toMatchObject(expected);
  });
});
