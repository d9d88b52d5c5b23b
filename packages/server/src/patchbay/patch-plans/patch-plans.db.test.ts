import {
  CreatePatchBaselineCommand,
  DeregisterManagedInstanceCommand,
  RegisterPatchBaselineForPatchGroupCommand,
  SendCommandCommand,
  UpdatePatchBaselineCommand,
} from '@aws-sdk/client-ssm';
import type { Credentials } from '@patchbay/aws-wire';
import {
  ApplyPatchPlan,
  BeginPatchOperation,
  CompletePatchOperation,
  CreatePatchPlan,
  GetPatchPlan,
  GetPlan,
  ListPatchPlans,
  type OperationContract,
  ProposePlan,
} from '@patchbay/contracts';
import type { NodeFacts, SimulatedChange, Simulation } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { installedPackage, sampleFacts, securityOffer, upgradeOf } from '../../test-support/sample-facts.ts';
import { readError, readSuccess } from '../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../test-support/test-node.ts';
import { createPerson } from '../../test-support/test-people.ts';
import { withTestServer } from '../../test-support/test-server.ts';

const installed = [installedPackage('curl', '1'), installedPackage('openssl', '3.0.1')];
const unpatched: NodeFacts = sampleFacts({
  installed,
  offers: [securityOffer('curl', '2', '1'), securityOffer('openssl', '3.0.2', '3.0.1')],
});
const openssl = upgradeOf('openssl', '3.0.1', '3.0.2');
const curl = upgradeOf('curl', '1', '2');
const announce = (...groups: SimulatedChange[][]): Simulation => ({ groups, refused: [], diskBytes: 10 });
const unknownId = '00000000-0000-4000-8000-000000000000';
const week = { hours: 24 * 7 };

describe('patch plans', () => {
  const server = withTestServer();

  async function ask<Input extends z.ZodType, Output extends z.ZodType>(
    contract: OperationContract<Input, Output>,
    input: z.input<Input>,
    credentials?: Credentials,
  ): Promise<z.output<Output>> {
    const answer = await server().call(`Patchbay.${contract.name}`, input, {
      service: 'patchbay',
      ...(credentials && { credentials }),
    });
    return contract.output.parse(readSuccess(answer));
  }
  async function refusal(contract: OperationContract, input: unknown, credentials?: Credentials) {
    return readError(
      await server().call(`Patchbay.${contract.name}`, input, {
        service: 'patchbay',
        ...(credentials && { credentials }),
      }),
    );
  }
  async function begin(node: TestNode, facts: NodeFacts, operation: 'Scan' | 'Install', commandId: string) {
    const factsId = await node.submitFacts(facts);
    const rebootOption = operation === 'Scan' ? 'NoReboot' : 'RebootIfNeeded';
    const begun = await node.patchbay(BeginPatchOperation, {
      factsId,
      operation,
      commandId,
      rebootOption,
      snapshotId: '',
    });
    return { factsId, ...begun };
  }
  /** What the agent does for Patchbay-PlanPatches. */
  async function answer(node: TestNode, commandId: string, facts: NodeFacts, simulation: Simulation | null) {
    const { operationId, factsId } = await begin(node, facts, 'Scan', commandId);
    return await node.patchbay(CompletePatchOperation, { operationId, factsId, simulation, outcomes: [] });
  }
  async function planFor(node: TestNode, facts = unpatched, simulation = announce([curl], [openssl])) {
    const { plan } = await ask(CreatePatchPlan, { instanceIds: [node.instanceId] });
    await answer(node, plan.commandId, facts, simulation);
    return plan.planId;
  }
  const apply = async (planId: string) =>
    (await ask(ApplyPatchPlan, { planId, rebootOption: 'RebootIfNeeded' })).commandId;
  const nodeOf = async (planId: string) => {
    const [node] = (await ask(GetPatchPlan, { planId })).nodes;
    if (!node) throw new Error('The plan has no node');
    return node;
  };

  it('freeze what a node would change, with why, and what stays with why not', async () => {
    const node = await enrolNode(server());
    const facts = sampleFacts({
      installed: [...installed, installedPackage('held', '1')],
      offers: [...unpatched.offers.offers, securityOffer('held', '2', '1')],
    });
    const planId = await planFor(
      node,
      { ...facts, policy: { ...facts.policy, holds: [{ name: 'held', architecture: 'amd64' }] } },
      announce([curl, { ...upgradeOf('libnew', '', '5'), action: 'install', fromVersion: null }], [openssl]),
    );
    const { plan, nodes } = await ask(GetPatchPlan, { planId });
    expect(plan.nodes).toEqual({ waiting: 0, offline: 0, ready: 1, failed: 0 });
    expect(nodes).toMatchObject([
      {
        instanceId: node.instanceId,
        status: 'ready',
        detail: '',
        downloadBytes: 3000,
        diskBytes: 10,
        changes: [
          { name: 'curl', toVersion: '2', group: 0, why: expect.stringMatching(/approved/), approvedBy: 'rule 1' },
          { name: 'libnew', action: 'install', group: 0, why: 'Comes along with curl.', approvedBy: null },
          { name: 'openssl', toVersion: '3.0.2', group: 1, classification: 'Security' },
        ],
        leftOut: [{ name: 'held', version: '2', state: 'held', why: expect.stringMatching(/hold/) }],
        reboot: { isExpected: false },
        applied: null,
      },
    ]);
    const frozen = await ask(GetPlan, { planId: nodes[0]?.nodePlanId ?? '' });
    expect(frozen).toMatchObject({ digest: nodes[0]?.digest, plan: { groups: [{}, {}] } });
  });

  it('are carried out exactly, once', async () => {
    const node = await enrolNode(server());
    const planId = await planFor(node);
    const commandId = await apply(planId);
    const begun = await begin(node, unpatched, 'Install', commandId);
    expect(begun).toMatchObject({ targets: [{ name: 'curl' }, { name: 'openssl' }], settled: [] });
    const proposed = await node.patchbay(ProposePlan, {
      operationId: begun.operationId,
      simulation: announce([openssl], [curl]),
    });
    expect(proposed).toMatchObject({ settled: [], refused: [], authorization: { authorization: { kind: 'plan' } } });
    expect(proposed.plan?.groups.map(({ changes }) => changes)).toEqual([[openssl], [curl]]);
    const outcomes = begun.targets.map((target) => ({ targets: [target], status: 'installed' as const, reason: '' }));
    const factsId = await node.submitFacts(
      sampleFacts({
        installed: [installedPackage('curl', '2'), installedPackage('openssl', '3.0.2')],
        offers: [securityOffer('curl', '2'), securityOffer('openssl', '3.0.2')],
      }),
    );
    const { operationId } = begun;
    await node.patchbay(CompletePatchOperation, { operationId, factsId, simulation: null, outcomes });
    expect((await nodeOf(planId)).applied).toMatchObject({ operationId, commandId, status: 'compliant', outcomes });
    expect(await refusal(ApplyPatchPlan, { planId })).toMatchObject({
      code: 'ValidationException',
      message: expect.stringMatching(/carried out there already/),
    });
  });

  it('stop, in words, where the archive moved, and carry out the rest', async () => {
    const node = await enrolNode(server());
    const commandId = await apply(await planFor(node));
    const moved = sampleFacts({
      installed,
      offers: [securityOffer('curl', '3', '1'), securityOffer('openssl', '3.0.2', '3.0.1')],
    });
    const begun = await begin(node, moved, 'Install', commandId);
    const stopped = {
      targets: [{ name: 'curl', architecture: 'amd64', version: '2' }],
      status: 'skipped',
      reason: 'The archive now offers curl.amd64 3 instead of 2.',
    };
    expect(begun).toMatchObject({ targets: [{ name: 'openssl' }], settled: [stopped] });
    const proposed = await node.patchbay(ProposePlan, {
      operationId: begun.operationId,
      simulation: announce([openssl]),
    });
    expect(proposed).toMatchObject({ settled: [stopped], plan: { groups: [{ changes: [openssl] }] } });
  });

  it('stop where the baseline rejects what it had approved, and say at which revision', async () => {
    const { BaselineId = '' } = await server().ssm.send(
      new CreatePatchBaselineCommand({
        Name: 'strict',
        OperatingSystem: 'DEBIAN',
        ApprovalRules: { PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 0 }] },
      }),
    );
    await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: 'strict' }));
    const node = await enrolNode(server(), { tags: { PatchGroup: 'strict' } });
    const commandId = await apply(await planFor(node));
    await server().ssm.send(
      new UpdatePatchBaselineCommand({ BaselineId, RejectedPatches: ['openssl'], RejectedPatchesAction: 'BLOCK' }),
    );
    const begun = await begin(node, unpatched, 'Install', commandId);
    expect(begun.targets).toMatchObject([{ name: 'curl' }]);
    expect(begun.settled).toMatchObject([
      { status: 'skipped', reason: expect.stringMatching(/openssl.amd64 3.0.2 may not be installed since revision 2/) },
    ]);
  });

  it('sign nothing that another package would come along with, or whose file is another', async () => {
    const node = await enrolNode(server());
    const { operationId } = await begin(node, unpatched, 'Install', await apply(await planFor(node)));
    const extra = { ...upgradeOf('libnew', '', '5'), action: 'install' as const, fromVersion: null };
    const proposed = await node.patchbay(ProposePlan, {
      operationId,
      simulation: announce([curl, extra], [{ ...openssl, sha256: 'b'.repeat(64) }]),
    });
    expect(proposed).toMatchObject({
      plan: null,
      authorization: null,
      settled: [
        { targets: [{ name: 'curl' }], reason: expect.stringMatching(/not in the plan: install libnew.amd64 5/) },
        { targets: [{ name: 'openssl' }], reason: expect.stringMatching(/is not the one of the plan/) },
      ],
    });
  });

  it('are for their nodes, for a week, and known', async () => {
    const [node, other] = [await enrolNode(server()), await enrolNode(server())];
    const planId = await planFor(node);
    const send = async (instanceId: string, PlanId: string) => {
      const { Command } = await server().ssm.send(
        new SendCommandCommand({
          DocumentName: 'Patchbay-ApplyPlan',
          InstanceIds: [instanceId],
          Parameters: { PlanId: [PlanId] },
        }),
      );
      return Command?.CommandId ?? '';
    };
    await expect(begin(other, unpatched, 'Install', await send(other.instanceId, planId))).rejects.toThrow(
      /was not made for/,
    );
    await expect(begin(node, unpatched, 'Install', await send(node.instanceId, unknownId))).rejects.toThrow(
      /There is no patch plan/,
    );
    const late = await send(node.instanceId, planId);
    server().advance(week);
    await node.renew();
    await node.ping();
    await expect(begin(node, unpatched, 'Install', late)).rejects.toThrow(/expired at/);
    expect(await refusal(ApplyPatchPlan, { planId })).toMatchObject({ message: expect.stringMatching(/expired/) });
  });

  it('of which nothing would come are ready, and have nothing to carry out', async () => {
    const node = await enrolNode(server());
    const planId = await planFor(node, sampleFacts({ installed }), announce());
    expect(await nodeOf(planId)).toMatchObject({ status: 'ready', changes: [], nodePlanId: null });
    expect(await refusal(ApplyPatchPlan, { planId })).toMatchObject({
      message: expect.stringMatching(/Nothing would change/),
    });
  });

  it('name the nodes that have not answered, are not there, or failed', async () => {
    const tags = { Plan: 'three' };
    const waiting = await enrolNode(server(), { tags });
    const offline = await enrolNode(server(), { tags, isOnline: false });
    const failing = await enrolNode(server(), { tags });
    const { plan } = await ask(CreatePatchPlan, { targets: [{ key: 'tag:Plan', values: ['three'] }] });
    expect(plan.nodes).toEqual({ waiting: 2, offline: 1, ready: 0, failed: 0 });
    const [message] = await failing.getMessages();
    await failing.acknowledge(message?.MessageId ?? '');
    await failing.reply(message?.MessageId ?? '', {
      additionalInfo: { agent: { lang: 'en-US', name: 'patchbay-agent', os: '', osver: '1', ver: '1.0.0' } },
      documentStatus: 'Failed',
      documentTraceOutput: 'no archive answers',
      runtimeStatus: {},
    });
    const { nodes } = await ask(GetPatchPlan, { planId: plan.planId });
    const statuses = Object.fromEntries(
      nodes.map(({ instanceId, status, detail }) => [instanceId, { status, detail }]),
    );
    expect(statuses).toEqual({
      [waiting.instanceId]: { status: 'waiting', detail: expect.any(String) },
      [offline.instanceId]: { status: 'offline', detail: expect.stringMatching(/not connected/) },
      [failing.instanceId]: { status: 'failed', detail: expect.stringMatching(/no archive answers/) },
    });
  });

  it('leave out nodes that are gone', async () => {
    const node = await enrolNode(server());
    const planId = await planFor(node);
    await server().ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: node.instanceId }));
    expect(await refusal(ApplyPatchPlan, { planId })).toMatchObject({
      message: expect.stringMatching(/is no registered node/),
    });
  });

  it('go to the nodes that are there where another is gone', async () => {
    const [stays, goes] = [await enrolNode(server()), await enrolNode(server())];
    const { plan } = await ask(CreatePatchPlan, { instanceIds: [goes.instanceId, stays.instanceId] });
    for (const node of [stays, goes]) await answer(node, plan.commandId, unpatched, announce([curl], [openssl]));
    await server().ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: goes.instanceId }));
    expect(await ask(ApplyPatchPlan, { planId: plan.planId })).toMatchObject({
      instanceIds: [stays.instanceId],
      leftOut: [{ instanceId: goes.instanceId, why: expect.stringMatching(/is no registered node/) }],
    });
  });

  it('need nodes', async () => {
    expect(await refusal(CreatePatchPlan, { targets: [{ key: 'tag:Nobody', values: ['here'] }] })).toMatchObject({
      code: 'ValidationException',
      message: expect.stringMatching(/No registered node/),
    });
    expect(await refusal(CreatePatchPlan, { instanceIds: ['mi-00000000000000000'] })).toMatchObject({
      message: expect.stringMatching(/mi-00000000000000000 is no registered node/),
    });
    expect(await refusal(CreatePatchPlan, {})).toMatchObject({ message: expect.stringMatching(/Give one of/) });
  });

  it('show a person the nodes within reach, and nothing where there is none', async () => {
    const limited = await createPerson(server(), 'ours', 'operator', [{ key: 'Team', values: ['ours'] }]);
    const [ours, theirs] = [
      await enrolNode(server(), { tags: { Team: 'ours', Both: 'yes' } }),
      await enrolNode(server(), { tags: { Team: 'theirs', Both: 'yes' } }),
    ];
    const both = await ask(CreatePatchPlan, { targets: [{ key: 'tag:Both', values: ['yes'] }] });
    const alien = await ask(CreatePatchPlan, { instanceIds: [theirs.instanceId] });
    const seen = await ask(GetPatchPlan, { planId: both.plan.planId }, limited);
    expect(seen.nodes.map(({ instanceId }) => instanceId)).toEqual([ours.instanceId]);
    expect(await refusal(GetPatchPlan, { planId: alien.plan.planId }, limited)).toMatchObject({
      code: 'DoesNotExistException',
    });
    const { plans } = await ask(ListPatchPlans, {}, limited);
    expect(plans.map(({ planId }) => planId)).toEqual([both.plan.planId]);
    expect(await refusal(CreatePatchPlan, { instanceIds: [theirs.instanceId] }, limited)).toMatchObject({
      code: 'AccessDeniedException',
    });
  });

  it('name to a person with limits only the nodes within reach', async () => {
    const limited = await createPerson(server(), 'named', 'auditor', [{ key: 'Named', values: ['ours'] }]);
    const ours = await enrolNode(server(), { tags: { Named: 'ours' } });
    const theirs = await enrolNode(server(), { tags: { Named: 'theirs' } });
    const ids = [ours.instanceId, theirs.instanceId].sort();
    const tagged = { key: 'tag:Named', values: ['ours', 'theirs'] };
    const all = { key: 'InstanceIds', values: ['*'] };
    const byId = await ask(CreatePatchPlan, { instanceIds: ids });
    server().advance({ seconds: 1 });
    const byTarget = await ask(CreatePatchPlan, { targets: [{ key: 'InstanceIds', values: ids }, tagged] });
    server().advance({ seconds: 1 });
    await ask(CreatePatchPlan, { targets: [all, tagged] });
    expect(byId.plan.targets).toEqual([{ key: 'InstanceIds', values: ids }]);

    const named = { key: 'InstanceIds', values: [ours.instanceId] };
    const { plans } = await ask(ListPatchPlans, {}, limited);
    expect(plans.map(({ targets }) => targets)).toEqual([[all, tagged], [named, tagged], [named]]);
    for (const [planId, targets] of [
      [byId.plan.planId, [named]],
      [byTarget.plan.planId, [named, tagged]],
    ] as const) {
      const { plan, nodes } = await ask(GetPatchPlan, { planId }, limited);
      expect(plan.targets).toEqual(targets);
      expect(nodes.map(({ instanceId }) => instanceId)).toEqual([ours.instanceId]);
    }
  });

  it('are listed in pages, newest first', async () => {
    const node = await enrolNode(server());
    const made = [];
    for (let count = 0; count < 3; count += 1) {
      server().advance({ seconds: 1 });
      made.unshift((await ask(CreatePatchPlan, { instanceIds: [node.instanceId] })).plan.planId);
    }
    const first = await ask(ListPatchPlans, { maxResults: 2 });
    const second = await ask(ListPatchPlans, { maxResults: 1, nextToken: first.nextToken });
    expect([...first.plans, ...second.plans].map(({ planId }) => planId)).toEqual(made);
  });
});
