import { ListCommandInvocationsCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { BeginPatchOperation, CompletePatchOperation } from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';
import { hookSteps, hooksDocumentName, noop } from '@patchbay/patching';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sampleFacts } from '../../../test-support/sample-facts.ts';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';

const Payload = z.object({
  PatchbayDocuments: z.record(z.string(), z.unknown()).optional(),
  PatchbayAuthorization: z.object({ authorization: z.object({ nestedDigest: z.string().optional() }) }),
});

describe('patching with hooks', () => {
  const server = withTestServer();
  async function send(node: TestNode, parameters: Record<string, string[]>, DocumentName = hooksDocumentName) {
    const { Command } = await server().ssm.send(
      new SendCommandCommand({ DocumentName, InstanceIds: [node.instanceId], Parameters: parameters }),
    );
    return Command?.CommandId ?? '';
  }
  async function receive(node: TestNode): Promise<z.infer<typeof Payload>> {
    const [message] = await node.getMessages();
    return Payload.parse(JSON.parse(message?.Payload ?? ''));
  }

  it('sends the documents of its hooks along, under the signature of the command', async () => {
    const node = await enrolNode(server());
    const commandId = await send(node, { Operation: ['Install'] });
    const { PatchbayDocuments, PatchbayAuthorization } = await receive(node);
    expect(PatchbayDocuments).toEqual({ 'AWS-Noop': noop });
    expect(PatchbayAuthorization.authorization.nestedDigest).toBe(contentDigest({ 'AWS-Noop': noop }));
    const { CommandInvocations: [invocation] = [] } = await server().ssm.send(
      new ListCommandInvocationsCommand({ CommandId: commandId, Details: true }),
    );
    expect(invocation?.CommandPlugins?.map((plugin) => plugin.Name)).toEqual(hookSteps.map((step) => step.name));
  });

  it('leaves other commands as older agents know them', async () => {
    const node = await enrolNode(server());
    await send(node, { Operation: ['Scan'] }, 'AWS-RunPatchBaseline');
    const { PatchbayDocuments, PatchbayAuthorization } = await receive(node);
    expect(PatchbayDocuments).toBeUndefined();
    expect(PatchbayAuthorization.authorization).not.toHaveProperty('nestedDigest');
  });

  it.each([
    ['Nowhere', /does not exist/],
    ['AWS-RunShellScript', /commands is required/],
    ['AWS-RunPatchBaselineWithHooks', /Operation is required/],
  ])('takes no hook that cannot be run: %s', async (name, reason) => {
    const node = await enrolNode(server());
    await expect(send(node, { Operation: ['Install'], PreInstallHookDocName: [name] })).rejects.toMatchObject({
      name: 'InvalidDocument',
      message: expect.stringMatching(reason),
    });
  });

  it('has an operation for each step that patches, and for no other', async () => {
    const node = await enrolNode(server());
    const commandId = await send(node, { Operation: ['Install'] });
    const begin = async (
      stepName: string,
      operation: 'Scan' | 'Install',
      rebootOption: 'NoReboot' | 'RebootIfNeeded',
    ) => {
      const factsId = await node.submitFacts(sampleFacts());
      const request = { factsId, operation, commandId, stepName, rebootOption, snapshotId: '' };
      const { operationId } = await node.patchbay(BeginPatchOperation, request);
      await node.patchbay(CompletePatchOperation, { operationId, factsId, simulation: null, outcomes: [] });
      return operationId;
    };
    const ids = [
      await begin('InitialScan', 'Scan', 'NoReboot'),
      await begin('InstallNoReboot', 'Install', 'NoReboot'),
      await begin('InstallAndReboot', 'Install', 'RebootIfNeeded'),
    ];
    expect(new Set(ids).size).toBe(3);
    await expect(begin('InitialScan', 'Install', 'NoReboot')).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(begin('PreInstallHook', 'Install', 'NoReboot')).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(begin('', 'Install', 'RebootIfNeeded')).rejects.toMatchObject({ code: 'ValidationException' });
    const scan = await send(node, { Operation: ['Scan'] });
    const factsId = await node.submitFacts(sampleFacts());
    await expect(
      node.patchbay(BeginPatchOperation, {
        factsId,
        operation: 'Install',
        commandId: scan,
        stepName: 'InstallNoReboot',
        rebootOption: 'NoReboot',
        snapshotId: '',
      }),
    ).rejects.toMatchObject({ message: expect.stringMatching(/does not patch/) });
  });
});
