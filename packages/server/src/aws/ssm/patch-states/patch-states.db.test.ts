import {
  DeregisterManagedInstanceCommand,
  DescribeInstancePatchesCommand,
  type DescribeInstancePatchesCommandInput,
  DescribeInstancePatchStatesCommand,
} from '@aws-sdk/client-ssm';
import { BeginPatchOperation, PutPatchSettings } from '@patchbay/contracts';
import type { NodeFacts } from '@patchbay/facts';
import { beforeAll, describe, expect, it } from 'vitest';
import { installedPackage, sampleFacts, securityOffer } from '../../../test-support/sample-facts.ts';
import { readError } from '../../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { callPatchbay } from '../../../test-support/test-people.ts';
import { TEST_START, withTestServer } from '../../../test-support/test-server.ts';

/** Two missing security updates, one current package, and what the archives do not know. */
const facts: NodeFacts = sampleFacts({
  installed: [
    installedPackage('bash', '5.0'),
    installedPackage('local-tool', '1.0'),
    installedPackage('openssl', '3.0.1'),
    installedPackage('zlib1g', '1.2'),
  ],
  offers: [
    securityOffer('bash', '5.0'),
    securityOffer('openssl', '3.0.2', '3.0.1'),
    securityOffer('zlib1g', '1.3', '1.2'),
  ],
});

describe('patch states', () => {
  const server = withTestServer();

  async function stateOf(node: TestNode) {
    const { InstancePatchStates = [] } = await server().ssm.send(
      new DescribeInstancePatchStatesCommand({ InstanceIds: [node.instanceId] }),
    );
    return InstancePatchStates[0];
  }
  async function patchesOf(node: TestNode, input: Partial<DescribeInstancePatchesCommandInput> = {}) {
    const { Patches = [] } = await server().ssm.send(
      new DescribeInstancePatchesCommand({ InstanceId: node.instanceId, ...input }),
    );
    return Patches;
  }

  it('show the counts of the last operation and when it was', async () => {
    const node = await enrolNode(server(), { tags: { 'Patch Group': 'Web' } });
    await node.patch(facts);
    expect(await stateOf(node)).toEqual({
      InstanceId: node.instanceId,
      PatchGroup: 'Web',
      BaselineId: expect.stringContaining('patchbaseline/pb-'),
      OwnerInformation: '',
      Operation: 'Scan',
      OperationStartTime: server().now(),
      OperationEndTime: server().now(),
      InstalledCount: 1,
      InstalledOtherCount: 1,
      InstalledPendingRebootCount: 0,
      InstalledRejectedCount: 0,
      MissingCount: 2,
      FailedCount: 0,
      NotApplicableCount: 0,
      UnreportedNotApplicableCount: 0,
      AvailableSecurityUpdateCount: 0,
      CriticalNonCompliantCount: 0,
      SecurityNonCompliantCount: 2,
      OtherNonCompliantCount: 0,
    });
  });

  it('remember when a node was last installed on without a reboot', async () => {
    const node = await enrolNode(server());
    const start = server().now();
    await node.patch(facts, { operation: 'Install' });
    expect(await stateOf(node)).toMatchObject({
      Operation: 'Install',
      RebootOption: 'NoReboot',
      LastNoRebootInstallOperationTime: start,
    });
    server().advance({ minutes: 1 });
    await node.patch(facts);
    expect(await stateOf(node)).toMatchObject({ Operation: 'Scan', LastNoRebootInstallOperationTime: start });
    expect((await stateOf(node))?.RebootOption).toBeUndefined();
    server().setNow(TEST_START);
  });

  it('keep the result of the last operation that ended while another one runs', async () => {
    const node = await enrolNode(server());
    await node.patch(facts);
    const factsId = await node.submitFacts(sampleFacts());
    await node.patchbay(BeginPatchOperation, {
      factsId,
      operation: 'Install',
      commandId: null,
      rebootOption: 'NoReboot',
      snapshotId: '',
    });
    expect(await stateOf(node)).toMatchObject({ Operation: 'Scan', MissingCount: 2 });
    expect(await patchesOf(node)).toHaveLength(4);
  });

  it('count a result that has become too old as a failure, and say so among the patches', async () => {
    const node = await enrolNode(server());
    await node.patch(facts);
    server().advance({ hours: 48 });
    expect(await stateOf(node)).toMatchObject({ FailedCount: 0, OtherNonCompliantCount: 0 });
    server().advance({ seconds: 1 });
    expect(await stateOf(node)).toMatchObject({ MissingCount: 2, FailedCount: 1, OtherNonCompliantCount: 1 });
    const failed = await patchesOf(node, { Filters: [{ Key: 'State', Values: ['Failed'] }] });
    expect(failed).toMatchObject([
      { KBId: 'patchbay-unknown', State: 'FAILED', Title: expect.stringContaining('scan the node again') },
    ]);
    server().setNow(TEST_START);
  });

  it('become doubtful after as many hours as the account has set', async () => {
    const node = await enrolNode(server());
    await node.patch(facts);
    const put = async (verdictMaxAgeHours: number) =>
      await callPatchbay(server(), PutPatchSettings, { settings: { verdictMaxAgeHours } });
    await put(24);
    server().advance({ hours: 25 });
    expect(await stateOf(node)).toMatchObject({ MissingCount: 2, FailedCount: 1 });
    expect(await patchesOf(node, { Filters: [{ Key: 'State', Values: ['Failed'] }] })).toMatchObject([
      { Title: expect.stringContaining('more than 24 hours ago') },
    ]);
    await put(48);
    expect(await stateOf(node)).toMatchObject({ MissingCount: 2, FailedCount: 0 });
    server().setNow(TEST_START);
  });

  it('count a node that cannot be judged once, also when that result has become too old', async () => {
    const node = await enrolNode(server());
    await node.patch(sampleFacts({ operatingSystem: { operatingSystem: null, prettyName: 'Plan 9' } }));
    expect(await stateOf(node)).toMatchObject({ FailedCount: 1, OtherNonCompliantCount: 1 });
    expect(await patchesOf(node)).toMatchObject([
      { KBId: 'patchbay-unknown', State: 'FAILED', Title: expect.stringContaining('Plan 9') },
    ]);
    server().advance({ hours: 49 });
    expect(await stateOf(node)).toMatchObject({ FailedCount: 1, OtherNonCompliantCount: 1 });
    expect(await patchesOf(node)).toHaveLength(1);
    server().setNow(TEST_START);
  });

  it('leave out nodes that were never scanned, and stay readable after a node has gone', async () => {
    const [scanned, unscanned] = [await enrolNode(server()), await enrolNode(server())];
    await scanned.patch(facts);
    await server().ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: scanned.instanceId }));
    const { InstancePatchStates = [] } = await server().ssm.send(
      new DescribeInstancePatchStatesCommand({ InstanceIds: [scanned.instanceId, unscanned.instanceId] }),
    );
    expect(InstancePatchStates.map((state) => state.InstanceId)).toEqual([scanned.instanceId]);
    expect(await patchesOf(unscanned)).toEqual([]);
  });

  it('come in pages', async () => {
    const nodes = [];
    for (let index = 0; index < 11; index += 1) {
      const node = await enrolNode(server());
      await node.patch(facts);
      nodes.push(node.instanceId);
    }
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await server().ssm.send(
        new DescribeInstancePatchStatesCommand({ InstanceIds: nodes, MaxResults: 10, NextToken }),
      );
      seen.push(...(page.InstancePatchStates ?? []).map((state) => state.InstanceId));
      NextToken = page.NextToken;
    } while (NextToken);
    expect(seen).toEqual(nodes.sort());
  });

  describe('patch by patch', () => {
    let node: TestNode;
    beforeAll(async () => {
      node = await enrolNode(server());
      await node.patch(facts);
    });

    it('list one row for each installed package', async () => {
      expect(await patchesOf(node)).toEqual([
        row('bash.amd64', 'bash.amd64:5.0', 'INSTALLED', '', 'Optional'),
        row('local-tool.amd64', 'local-tool.amd64:1.0', 'INSTALLED_OTHER', '', ''),
        row('openssl.amd64', 'openssl.amd64:3.0.2', 'MISSING', 'Security', 'Optional'),
        row('zlib1g.amd64', 'zlib1g.amd64:1.3', 'MISSING', 'Security', 'Optional'),
      ]);
    });

    it.each<[string, DescribeInstancePatchesCommandInput['Filters'], string[]]>([
      ['a state in words', [{ Key: 'State', Values: ['InstalledOther'] }], ['local-tool.amd64']],
      ['a state in capitals', [{ Key: 'State', Values: ['INSTALLED_OTHER'] }], ['local-tool.amd64']],
      ['several states', [{ Key: 'State', Values: ['Missing', 'Failed'] }], ['openssl.amd64', 'zlib1g.amd64']],
      ['a KBId', [{ Key: 'KBId', Values: ['bash.amd64'] }], ['bash.amd64']],
      ['the beginning of a KBId', [{ Key: 'KBId', Values: ['open*'] }], ['openssl.amd64']],
      ['a severity', [{ Key: 'Severity', Values: ['Required'] }], []],
      [
        'a classification and a state',
        [
          { Key: 'Classification', Values: ['Security'] },
          { Key: 'State', Values: ['Missing'] },
          { Key: 'KBId', Values: ['z*'] },
        ],
        ['zlib1g.amd64'],
      ],
    ])('filter by %s', async (_title, Filters, expected) => {
      expect((await patchesOf(node, { Filters })).map((patch) => patch.KBId)).toEqual(expected);
    });

    it('are refused for an unknown key and an unknown node', async () => {
      for (const Key of ['Colour', 'constructor', 'valueOf', '__proto__']) {
        await expect(patchesOf(node, { Filters: [{ Key, Values: ['red'] }] })).rejects.toMatchObject({
          name: 'InvalidFilter',
        });
      }
      await expect(patchesOf(node, { InstanceId: 'mi-00000000000000000' })).rejects.toMatchObject({
        name: 'InvalidInstanceId',
      });
    });

    it.each<[string, Record<string, unknown>, string]>([
      ['a state that does not exist', { Filters: [{ Key: 'State', Values: ['Broken'] }] }, 'InvalidFilter'],
      ['a filter without values', { Filters: [{ Key: 'State', Values: [] }] }, 'InvalidFilter'],
      ['a filter that says nothing', { Filters: [{}] }, 'InvalidFilter'],
      ['a page that is too small', { MaxResults: 9 }, 'ValidationException'],
      ['a page that is too large', { MaxResults: 101 }, 'ValidationException'],
      ['an id that no node can have', { InstanceId: 'web-1' }, 'ValidationException'],
      ['a token of nothing', { NextToken: 'AAAA' }, 'InvalidNextToken'],
    ])('are refused with %s', async (_title, input, code) => {
      const answer = await server().call('AmazonSSM.DescribeInstancePatches', {
        InstanceId: node.instanceId,
        ...input,
      });
      expect(readError(answer).code).toBe(code);
    });

    it('come in pages', async () => {
      const many = await enrolNode(server());
      const names = Array.from({ length: 25 }, (_, index) => `package-${String(index).padStart(2, '0')}`);
      await many.patch(sampleFacts({ installed: names.map((name) => installedPackage(name, '1.0')) }));
      const seen: (string | undefined)[] = [];
      let NextToken: string | undefined;
      do {
        const page = await server().ssm.send(
          new DescribeInstancePatchesCommand({ InstanceId: many.instanceId, MaxResults: 10, NextToken }),
        );
        seen.push(...(page.Patches ?? []).map((patch) => patch.KBId));
        NextToken = page.NextToken;
      } while (NextToken);
      expect(seen).toEqual(names.map((name) => `${name}.amd64`));
    });
  });
});

function row(KBId: string, Title: string, State: string, Classification: string, Severity: string) {
  return { KBId, Title, State, Classification, Severity, InstalledTime: new Date(0) };
}
