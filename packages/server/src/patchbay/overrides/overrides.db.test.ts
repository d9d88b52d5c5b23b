import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeInstancePatchStatesCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import {
  BeginPatchOperation,
  CompletePatchOperation,
  GetPatchOperation,
  type OperationContract,
  ProposePlan,
} from '@patchbay/contracts';
import type { NodeFacts } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { installedPackage, sampleFacts, securityOffer, upgradeOf } from '../../test-support/sample-facts.ts';
import { readSuccess } from '../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../test-support/test-node.ts';
import { withTestServer } from '../../test-support/test-server.ts';

const facts: NodeFacts = sampleFacts({
  installed: [installedPackage('bash', '5.1'), installedPackage('openssl', '3.0.1')],
  offers: [securityOffer('bash', '5.2', '5.1'), securityOffer('openssl', '3.0.2', '3.0.1')],
});
const baseline = (change: object) => ({
  Name: 'Override',
  OperatingSystem: 'DEBIAN',
  ApprovedPatchesEnableNonSecurity: true,
  ...change,
});

describe('overrides of AWS-RunPatchBaseline', () => {
  const server = withTestServer();

  async function ask<Input extends z.ZodType, Output extends z.ZodType>(
    contract: OperationContract<Input, Output>,
    input: z.input<Input>,
  ): Promise<z.output<Output>> {
    const answer = await server().call(`Patchbay.${contract.name}`, input, { service: 'patchbay' });
    return contract.output.parse(readSuccess(answer));
  }
  const put = (name: string, content: unknown) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(join(server().overrideDirectory, name), text);
  };
  async function send(node: TestNode, parameters: Record<string, string>): Promise<string> {
    const { Command } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunPatchBaseline',
        InstanceIds: [node.instanceId],
        Parameters: Object.fromEntries(
          Object.entries({ RebootOption: 'NoReboot', ...parameters }).map(([key, value]) => [key, [value]]),
        ),
      }),
    );
    return Command?.CommandId ?? '';
  }
  async function begin(node: TestNode, commandId: string, operation: 'Scan' | 'Install', snapshotId = '') {
    const factsId = await node.submitFacts(facts);
    const begun = await node.patchbay(BeginPatchOperation, {
      factsId,
      operation,
      commandId,
      rebootOption: 'NoReboot',
      snapshotId,
    });
    return { ...begun, factsId };
  }
  const complete = (node: TestNode, { operationId, factsId }: { operationId: string; factsId: string }) =>
    node.patchbay(CompletePatchOperation, { operationId, factsId, simulation: null, outcomes: [] });
  async function stateOf(node: TestNode) {
    const { InstancePatchStates: [state] = [] } = await server().ssm.send(
      new DescribeInstancePatchStatesCommand({ InstanceIds: [node.instanceId] }),
    );
    return state;
  }
  const names = (targets: readonly { name: string; version: string }[]) =>
    targets.map(({ name, version }) => `${name} ${version}`);

  it('a baseline override judges one run, is on record, and leaves the compliance of the node as it was', async () => {
    const node = await enrolNode(server());
    await complete(node, await begin(node, await send(node, { Operation: 'Scan' }), 'Scan'));
    const before = await stateOf(node);
    put('only-bash.json', [baseline({ ApprovedPatches: ['bash'] }), baseline({ OperatingSystem: 'UBUNTU' })]);
    const commandId = await send(node, { Operation: 'Scan', BaselineOverride: 'patchbay-override:only-bash.json' });
    // What the command was taken with counts, whatever becomes of the file.
    put('only-bash.json', [baseline({ ApprovedPatches: ['openssl'] })]);
    const begun = await begin(node, commandId, 'Scan');
    expect(names(begun.targets)).toEqual(['bash 5.2']);
    expect(begun.baseline.name).toBe('Override');
    const { report } = await complete(node, begun);
    expect(report.join('\n')).toMatch(/Missing:\n {2}bash/);
    expect(await stateOf(node)).toEqual(before);
    const { operation } = await ask(GetPatchOperation, { operationId: begun.operationId });
    expect(operation).toMatchObject({
      status: 'non-compliant',
      override: {
        kind: 'baselines',
        address: 'patchbay-override:only-bash.json',
        digest: expect.stringMatching(/^sha256:/),
      },
    });
  });

  it('an install list brings in what it names and nothing else, and compliance stays the baseline’s', async () => {
    const node = await enrolNode(server());
    put('list.yaml', "patches:\n  - id: 'ba*.amd64'\n    title: '*:5.2'\n  - id: openssl.i386\n");
    const commandId = await send(node, { Operation: 'Install', InstallOverrideList: 'patchbay-override:list.yaml' });
    const begun = await begin(node, commandId, 'Install');
    expect(names(begun.targets)).toEqual(['bash 5.2']);
    const { plan } = await node.patchbay(ProposePlan, {
      operationId: begun.operationId,
      simulation: {
        groups: [[upgradeOf('bash', '5.1', '5.2')], [upgradeOf('openssl', '3.0.1', '3.0.2')]],
        refused: [],
        diskBytes: 1,
      },
    });
    expect(plan?.groups.map((group) => names(group.targets))).toEqual([['bash 5.2']]);
    await complete(node, begun);
    expect(await stateOf(node)).toMatchObject({
      Operation: 'Install',
      InstallOverrideList: 'patchbay-override:list.yaml',
      MissingCount: 2,
    });
  });

  it('a scan ignores an install list', async () => {
    const node = await enrolNode(server());
    const commandId = await send(node, { Operation: 'Scan', InstallOverrideList: 'patchbay-override:nothing.yaml' });
    expect(names((await begin(node, commandId, 'Scan')).targets)).toEqual(['bash 5.2', 'openssl 3.0.2']);
  });

  it('both together fail the document, and nothing is judged', async () => {
    const node = await enrolNode(server());
    const commandId = await send(node, {
      Operation: 'Install',
      InstallOverrideList: 'patchbay-override:list.yaml',
      BaselineOverride: 'patchbay-override:only-bash.json',
    });
    await expect(begin(node, commandId, 'Install')).rejects.toMatchObject({
      message: expect.stringMatching(/cannot be used together/),
    });
  });

  it('a baseline override without one baseline for the node’s system fails the run', async () => {
    const node = await enrolNode(server());
    put('ubuntu.json', [baseline({ OperatingSystem: 'UBUNTU' })]);
    const commandId = await send(node, { Operation: 'Scan', BaselineOverride: 'patchbay-override:ubuntu.json' });
    await expect(begin(node, commandId, 'Scan')).rejects.toMatchObject({
      message: expect.stringMatching(/exactly one baseline for DEBIAN; it has 0/),
    });
  });

  it.each([
    ['s3://bucket/key', /There is no S3 here/],
    ['https://example.com/list.yaml', /--override-allow/],
    ['patchbay-override:missing.yaml', /no such file/],
    ['patchbay-override:broken.yaml', /not valid YAML/],
    ['patchbay-override:aliases.yaml', /not valid YAML/],
    ['patchbay-override:other.yaml', /must have the form/],
    ['patchbay-override:../secret', /does not match the pattern/],
  ])('that cannot be used refuses the command with words: %s', async (InstallOverrideList, message) => {
    put('broken.yaml', 'patches: [');
    put('aliases.yaml', 'a: &a [x]\npatches: [*a]\n');
    put('other.yaml', 'packages: []');
    const node = await enrolNode(server());
    await expect(send(node, { Operation: 'Install', InstallOverrideList })).rejects.toMatchObject({
      name: 'InvalidParameters',
      message: expect.stringMatching(message),
    });
  });

  it('a snapshot id stands for one set of approvals for three days, also for what came with an override', async () => {
    const start = server().now();
    const [first, second] = [await enrolNode(server()), await enrolNode(server())];
    const SnapshotId = '11111111-2222-4333-8444-555555555555';
    put('snapshot.json', [baseline({ ApprovedPatches: ['bash'] })]);
    const overridden = await send(first, {
      Operation: 'Scan',
      SnapshotId,
      BaselineOverride: 'patchbay-override:snapshot.json',
    });
    expect(names((await begin(first, overridden, 'Scan', SnapshotId)).targets)).toEqual(['bash 5.2']);
    server().advance({ hours: 1 });
    await second.renew();
    await second.ping();
    const plain = await send(second, { Operation: 'Scan', SnapshotId });
    const begun = await begin(second, plain, 'Scan', SnapshotId);
    expect(names(begun.targets)).toEqual(['bash 5.2']);
    const { operation } = await ask(GetPatchOperation, { operationId: begun.operationId });
    expect(operation.startedAt).toBe(server().now().toISOString());
    server().advance({ hours: 73 });
    await second.renew();
    await second.ping();
    const later = await send(second, { Operation: 'Scan', SnapshotId });
    expect(names((await begin(second, later, 'Scan', SnapshotId)).targets)).toEqual(['bash 5.2', 'openssl 3.0.2']);
    server().setNow(start);
  });
});
