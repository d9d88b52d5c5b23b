import { createPublicKey, verify } from 'node:crypto';
import {
  CreatePatchBaselineCommand,
  RegisterPatchBaselineForPatchGroupCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import {
  authorizationText,
  BeginPatchOperation,
  CompletePatchOperation,
  GetPatchOperation,
  GetPlan,
  GetSigningKey,
  ListPatchOperations,
  type OperationContract,
  ProposePlan,
} from '@patchbay/contracts';
import type { NodeFacts, Simulation } from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { installedPackage, sampleFacts, securityOffer, upgradeOf } from '../../test-support/sample-facts.ts';
import { readSuccess } from '../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../test-support/test-node.ts';
import { withTestServer } from '../../test-support/test-server.ts';

const unpatched: NodeFacts = sampleFacts({ offers: [securityOffer('openssl', '3.0.2', '3.0.1')] });
const patched: NodeFacts = sampleFacts({
  installed: [installedPackage('openssl', '3.0.2')],
  offers: [securityOffer('openssl', '3.0.2')],
});
const simulation: Simulation = { groups: [[upgradeOf('openssl', '3.0.1', '3.0.2')]], refused: [], diskBytes: 10 };
const nothing: Simulation = { groups: [], refused: [], diskBytes: 0 };
const unknownId = '00000000-0000-4000-8000-000000000000';

describe('patch operations', () => {
  const server = withTestServer();

  async function askAs<Input extends z.ZodType, Output extends z.ZodType>(
    contract: OperationContract<Input, Output>,
    input: z.input<Input>,
  ): Promise<z.output<Output>> {
    return contract.output.parse(
      readSuccess(await server().call(`Patchbay.${contract.name}`, input, { service: 'patchbay' })),
    );
  }
  async function sendScan(node: TestNode, Operation = 'Scan'): Promise<string> {
    const { Command } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunPatchBaseline',
        InstanceIds: [node.instanceId],
        Parameters: { Operation: [Operation], RebootOption: ['NoReboot'] },
      }),
    );
    return Command?.CommandId ?? '';
  }
  async function begin(
    node: TestNode,
    factsId: string,
    operation: 'Scan' | 'Install' = 'Scan',
    commandId: string | null = null,
  ) {
    return await node.patchbay(BeginPatchOperation, {
      factsId,
      operation,
      commandId,
      rebootOption: 'NoReboot',
      snapshotId: '',
    });
  }
  async function beginOn(node: TestNode, facts: NodeFacts, operation: 'Scan' | 'Install' = 'Scan') {
    const factsId = await node.submitFacts(facts);
    return { factsId, ...(await begin(node, factsId, operation)) };
  }
  const complete = async (node: TestNode, operationId: string, factsId: string) =>
    await node.patchbay(CompletePatchOperation, { operationId, factsId, simulation: null, outcomes: [] });

  it('scan: the missing patches are the targets, and the verdict is stored with its counts', async () => {
    const node = await enrolNode(server());
    const begun = await beginOn(node, unpatched);
    expect(begun).toMatchObject({
      targets: [{ name: 'openssl', architecture: 'amd64', version: '3.0.2' }],
      status: 'non-compliant',
      unknownReasons: [],
      blocked: [],
      baseline: { name: 'AWS-DebianDefaultPatchBaseline', baselineId: expect.stringContaining('arn:aws:ssm') },
    });
    const completed = await complete(node, begun.operationId, begun.factsId);
    expect(completed).toMatchObject({ status: 'non-compliant', counts: { missingCount: 1, installedCount: 0 } });
    expect(completed.report.join('\n')).toContain('openssl.amd64 3.0.1 -> 3.0.2');
    const stored = await askAs(GetPatchOperation, { operationId: begun.operationId });
    expect(stored.operation).toMatchObject({ instanceId: node.instanceId, status: 'non-compliant', operation: 'Scan' });
    expect(stored.verdict?.items).toMatchObject([{ name: 'openssl', state: 'missing' }]);
  });

  it('install: the plan is frozen, signed and stored, and the node is compliant afterwards', async () => {
    const node = await enrolNode(server());
    const begun = await beginOn(node, unpatched, 'Install');
    const { operationId } = begun;
    const { plan, authorization, refused } = await node.patchbay(ProposePlan, { operationId, simulation });
    if (!plan || !authorization) throw new Error('There is no plan');
    expect(refused).toEqual([]);
    expect(plan).toMatchObject({
      nodeId: node.instanceId,
      operationId,
      installedDigest: contentDigest(unpatched.installed),
      groups: [{ targets: begun.targets, changes: simulation.groups[0] }],
    });
    expect(authorization.authorization).toEqual({
      kind: 'plan',
      nodeId: node.instanceId,
      operationId,
      planId: plan.planId,
      planDigest: contentDigest(plan),
      expiresAt: new Date(server().now().getTime() + 6 * 3_600_000).toISOString(),
    });
    const { publicKey, keyId } = await node.patchbay(GetSigningKey, {});
    expect(authorization.keyId).toBe(keyId);
    const isSigned = verify(
      null,
      Buffer.from(authorizationText(authorization.authorization)),
      createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' }),
      Buffer.from(authorization.signature, 'base64'),
    );
    expect(isSigned).toBe(true);

    const outcomes = [{ targets: begun.targets, status: 'installed' as const, reason: '' }];
    const factsId = await node.submitFacts(patched);
    const completed = await node.patchbay(CompletePatchOperation, { operationId, factsId, simulation: null, outcomes });
    expect(completed).toMatchObject({ status: 'compliant', counts: { installedCount: 1, missingCount: 0 } });
    expect(await askAs(GetPlan, { planId: plan.planId })).toEqual({ plan, digest: contentDigest(plan), outcomes });
  });

  it('a plan that was stored stays as it is when the node proposes again', async () => {
    const node = await enrolNode(server());
    const { operationId } = await beginOn(node, unpatched, 'Install');
    const first = await node.patchbay(ProposePlan, { operationId, simulation });
    server().advance({ seconds: 1 });
    const second = await node.patchbay(ProposePlan, { operationId, simulation });
    expect(second.plan?.planId).not.toBe(first.plan?.planId);
    expect((await askAs(GetPlan, { planId: first.plan?.planId ?? '' })).plan).toEqual(first.plan);
  });

  it.each([
    [
      'a removal',
      { ...upgradeOf('openssl', '3.0.1', '3.0.2'), action: 'remove' as const, toVersion: null },
      'needs-removal',
    ],
    ['another version than the approved one', upgradeOf('openssl', '3.0.1', '3.0.9'), 'dependency-blocked'],
    [
      'an archive that is not current',
      { ...upgradeOf('openssl', '3.0.1', '3.0.2'), archive: 'http://elsewhere.test stable main amd64' },
      'dependency-blocked',
    ],
  ])('a plan with %s is refused in words, and nothing is signed', async (_title, change, reason) => {
    const node = await enrolNode(server());
    const { operationId } = await beginOn(node, unpatched, 'Install');
    const proposed = await node.patchbay(ProposePlan, {
      operationId,
      simulation: { groups: [[change]], refused: [], diskBytes: 0 },
    });
    expect(proposed).toMatchObject({ plan: null, authorization: null, refused: [{ name: 'openssl', reason }] });
  });

  it('a target of which the package manager said nothing is not forgotten', async () => {
    const node = await enrolNode(server());
    const { operationId } = await beginOn(node, unpatched, 'Install');
    const proposed = await node.patchbay(ProposePlan, { operationId, simulation: nothing });
    expect(proposed).toMatchObject({ plan: null, refused: [{ name: 'openssl', reason: 'not-obtainable' }] });
    const factsId = await node.submitFacts(unpatched);
    expect(await complete(node, operationId, factsId)).toMatchObject({ status: 'non-compliant' });
  });

  it('rejected packages are named, so that they come in through nobody', async () => {
    const { BaselineId } = await server().ssm.send(
      new CreatePatchBaselineCommand({
        Name: 'blocking',
        OperatingSystem: 'DEBIAN',
        RejectedPatches: ['openssl', 'libssl*'],
        RejectedPatchesAction: 'BLOCK',
      }),
    );
    await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: 'Blocked' }));
    const node = await enrolNode(server(), { tags: { PatchGroup: 'Blocked' } });
    expect(await beginOn(node, unpatched)).toMatchObject({ blocked: ['openssl', 'libssl*'], targets: [] });
  });

  it('is what its command says: no scan becomes an install, and no other document patches', async () => {
    const node = await enrolNode(server());
    const commandId = await sendScan(node);
    const factsId = await node.submitFacts(unpatched);
    await expect(begin(node, factsId, 'Install', commandId)).rejects.toMatchObject({
      code: 'ValidationException',
      message: expect.stringMatching(/says Operation Scan, not Install/),
    });
    const { Command } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [node.instanceId],
        Parameters: { commands: ['true'] },
      }),
    );
    await expect(begin(node, factsId, 'Scan', Command?.CommandId ?? '')).rejects.toMatchObject({
      message: expect.stringMatching(/does not patch/),
    });
    const { operations } = await askAs(ListPatchOperations, { instanceId: node.instanceId });
    expect(operations).toEqual([]);
  });

  it('of another boot is not abandoned: a copy of the node may be at work on it', async () => {
    const node = await enrolNode(server());
    const statusOf = async (operationId: string) => (await askAs(GetPatchOperation, { operationId })).operation.status;
    const onBoot = (bootId: string): NodeFacts => ({ ...unpatched, overlay: { ...unpatched.overlay, bootId } });
    const first = await beginOn(node, onBoot('first'));
    const second = await beginOn(node, onBoot('second'));
    expect(await statusOf(first.operationId)).toBe('in-progress');
    await beginOn(node, onBoot('second'));
    expect(await statusOf(second.operationId)).toBe('abandoned');
    expect(await statusOf(first.operationId)).toBe('in-progress');
  });

  it('a second begin for the same command continues the first', async () => {
    const node = await enrolNode(server());
    const commandId = await sendScan(node);
    const factsId = await node.submitFacts(unpatched);
    const first = await begin(node, factsId, 'Scan', commandId);
    const again = await begin(node, await node.submitFacts(patched), 'Scan', commandId);
    expect(again).toMatchObject({ operationId: first.operationId, status: 'compliant' });
    const { operations } = await askAs(ListPatchOperations, { instanceId: node.instanceId });
    expect(operations).toHaveLength(1);
    expect(operations[0]).toMatchObject({ commandId, status: 'in-progress' });
  });

  it('a command that was sent to another node, or to nobody, begins nothing', async () => {
    const [node, other] = [await enrolNode(server()), await enrolNode(server())];
    const factsId = await node.submitFacts(unpatched);
    for (const commandId of [await sendScan(other), unknownId, 'no command at all']) {
      await expect(begin(node, factsId, 'Scan', commandId)).rejects.toMatchObject({ code: 'ValidationException' });
    }
    expect((await askAs(ListPatchOperations, { instanceId: node.instanceId })).operations).toEqual([]);
  });

  it('a command that has been carried out cannot be begun again', async () => {
    const node = await enrolNode(server());
    const commandId = await sendScan(node);
    const factsId = await node.submitFacts(unpatched);
    const { operationId } = await begin(node, factsId, 'Scan', commandId);
    await complete(node, operationId, factsId);
    await expect(begin(node, factsId, 'Scan', commandId)).rejects.toMatchObject({ code: 'ValidationException' });
  });

  it('what was begun and never completed is abandoned when something else begins', async () => {
    const node = await enrolNode(server());
    const first = await beginOn(node, unpatched);
    server().advance({ seconds: 1 });
    const second = await beginOn(node, unpatched);
    const { operations } = await askAs(ListPatchOperations, { instanceId: node.instanceId });
    expect(operations.map(({ operationId, status }) => [operationId, status])).toEqual([
      [second.operationId, 'in-progress'],
      [first.operationId, 'abandoned'],
    ]);
    await expect(complete(node, first.operationId, first.factsId)).rejects.toMatchObject({
      code: 'ValidationException',
      message: expect.stringContaining('abandoned'),
    });
  });

  it('are completed once: the same completion again, as after a lost answer, is answered as before', async () => {
    const node = await enrolNode(server());
    const { operationId, factsId } = await beginOn(node, unpatched);
    const first = await Promise.all(Array.from({ length: 4 }, () => complete(node, operationId, factsId)));
    server().advance({ seconds: 60 });
    const again = await complete(node, operationId, factsId);
    expect(new Set([...first, again].map((each) => JSON.stringify(each))).size).toBe(1);
    const verdicts = await server()
      .database.selectFrom('operationVerdicts')
      .select('operationId')
      .where('operationId', '=', operationId)
      .execute();
    expect(verdicts).toHaveLength(1);
  });

  it('are not completed a second time with anything else', async () => {
    const node = await enrolNode(server());
    const { operationId, factsId } = await beginOn(node, unpatched);
    await complete(node, operationId, factsId);
    const ended = { code: 'ValidationException', message: expect.stringContaining('has ended') };
    await expect(complete(node, operationId, await node.submitFacts(patched))).rejects.toMatchObject(ended);
    const outcomes = [{ targets: [], status: 'installed' as const, reason: '' }];
    await expect(
      node.patchbay(CompletePatchOperation, { operationId, factsId, simulation: null, outcomes }),
    ).rejects.toMatchObject(ended);
    const stored = await askAs(GetPatchOperation, { operationId });
    expect(stored.operation).toMatchObject({ status: 'non-compliant' });
  });

  it('are neither begun nor completed with facts that the node has reported others after', async () => {
    const node = await enrolNode(server());
    const earlier = await node.submitFacts(patched);
    const { operationId } = await beginOn(node, unpatched);
    const refused = { code: 'ValidationException', message: expect.stringContaining('reported last') };
    await expect(complete(node, operationId, earlier)).rejects.toMatchObject(refused);
    await expect(begin(node, earlier)).rejects.toMatchObject(refused);
    expect(await askAs(GetPatchOperation, { operationId })).toMatchObject({ operation: { status: 'in-progress' } });
  });

  it('begun for the same command by two calls at the same moment are one', async () => {
    const node = await enrolNode(server());
    const commandId = await sendScan(node);
    const factsId = await node.submitFacts(unpatched);
    const begun = await Promise.all(Array.from({ length: 4 }, () => begin(node, factsId, 'Scan', commandId)));
    expect(new Set(begun.map(({ operationId }) => operationId)).size).toBe(1);
  });

  it('belong to one node: another can neither plan nor complete them, nor use its facts', async () => {
    const [node, other] = [await enrolNode(server()), await enrolNode(server())];
    const { operationId, factsId } = await beginOn(node, unpatched, 'Install');
    const denied = { code: 'DoesNotExistException' };
    await expect(other.patchbay(ProposePlan, { operationId, simulation })).rejects.toMatchObject(denied);
    await expect(complete(other, operationId, await other.submitFacts(patched))).rejects.toMatchObject(denied);
    await expect(begin(other, factsId)).rejects.toMatchObject(denied);
    expect(await askAs(GetPatchOperation, { operationId })).toMatchObject({ operation: { status: 'in-progress' } });
  });

  it.each([
    ['ids that are none', 'x'],
    ['ids of nothing', unknownId],
  ])('are refused with %s', async (_title, id) => {
    const node = await enrolNode(server());
    const missing = { code: 'DoesNotExistException', statusCode: 400 };
    await expect(begin(node, id)).rejects.toMatchObject(missing);
    await expect(node.patchbay(ProposePlan, { operationId: id, simulation })).rejects.toMatchObject(missing);
    await expect(complete(node, id, id)).rejects.toMatchObject(missing);
    const begun = await beginOn(node, unpatched);
    await expect(complete(node, begun.operationId, id)).rejects.toMatchObject(missing);
    await expect(askAs(GetPatchOperation, { operationId: id })).rejects.toMatchObject(missing);
    await expect(askAs(GetPlan, { planId: id })).rejects.toMatchObject(missing);
  });

  it('a scan has no plan', async () => {
    const node = await enrolNode(server());
    const { operationId } = await beginOn(node, unpatched);
    await expect(node.patchbay(ProposePlan, { operationId, simulation })).rejects.toMatchObject({
      code: 'ValidationException',
    });
  });

  it('on a system that nobody knows end as unknown, with a reason, never as compliant', async () => {
    const node = await enrolNode(server());
    const begun = await beginOn(
      node,
      sampleFacts({ operatingSystem: { operatingSystem: null, id: 'plan9', prettyName: 'Plan 9' } }),
    );
    expect(begun).toMatchObject({ status: 'unknown', targets: [] });
    const completed = await complete(node, begun.operationId, begun.factsId);
    expect(completed).toMatchObject({ status: 'unknown', unknownReasons: [{ code: 'operating-system' }] });
  });

  it('are listed newest first, in pages, each once', async () => {
    const node = await enrolNode(server());
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      ids.unshift((await beginOn(node, unpatched)).operationId);
      if (index % 2 === 0) server().advance({ seconds: 1 });
    }
    const seen: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await askAs(ListPatchOperations, {
        instanceId: node.instanceId,
        maxResults: 2,
        ...(nextToken === undefined ? {} : { nextToken }),
      });
      seen.push(...page.operations.map(({ operationId }) => operationId));
      nextToken = page.nextToken;
    } while (nextToken);
    expect(seen).toHaveLength(5);
    expect(new Set(seen)).toEqual(new Set(ids));
    expect(new Set(seen.slice(0, 2))).toEqual(new Set(ids.slice(0, 2)));
  });
});
