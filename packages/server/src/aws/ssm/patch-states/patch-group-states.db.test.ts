import {
  AddTagsToResourceCommand,
  DeregisterManagedInstanceCommand,
  DescribeInstancePatchStatesForPatchGroupCommand,
  type DescribeInstancePatchStatesForPatchGroupCommandInput,
  DescribePatchGroupStateCommand,
  type InstancePatchStateFilter,
} from '@aws-sdk/client-ssm';
import type { NodeFacts } from '@patchbay/facts';
import { beforeAll, describe, expect, it } from 'vitest';
import { installedPackage, sampleFacts, securityOffer } from '../../../test-support/sample-facts.ts';
import { readError } from '../../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { OTHER_REGION, TEST_START, withTestServer } from '../../../test-support/test-server.ts';

const names = ['bash', 'openssl', 'zlib1g'];

/** A machine that lacks so many of three security updates. */
function lacking(missing: number): NodeFacts {
  return sampleFacts({
    installed: names.map((name) => installedPackage(name, '1.0')),
    offers: names.map((name, index) => securityOffer(name, index < missing ? '2.0' : '1.0')),
  });
}

describe('the states of a patch group', () => {
  const server = withTestServer();
  /** Lacking 0, 1, 2, 3, 0, 1, 2 updates. */
  let nodes: TestNode[];

  beforeAll(async () => {
    nodes = [];
    for (let index = 0; index < 7; index += 1) {
      const node = await enrolNode(server(), { tags: { [index % 2 === 0 ? 'PatchGroup' : 'Patch Group']: 'Web' } });
      await node.patch(lacking(index % 4));
      nodes.push(node);
    }
    // In the group by its second spelling only: the first one wins.
    const contested = await enrolNode(server(), { tags: { PatchGroup: 'Db', 'Patch Group': 'Web' } });
    await contested.patch(lacking(3));
    await enrolNode(server(), { tags: { PatchGroup: 'Web' } });
    const gone = await enrolNode(server(), { tags: { PatchGroup: 'Web' } });
    await gone.patch(lacking(3));
    await server().ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: gone.instanceId }));
  });

  async function list(input: Partial<DescribeInstancePatchStatesForPatchGroupCommandInput> = {}) {
    const seen: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await server().ssm.send(
        new DescribeInstancePatchStatesForPatchGroupCommand({ PatchGroup: 'Web', ...input, NextToken }),
      );
      expect(page.InstancePatchStates?.length).toBeLessThanOrEqual(5);
      seen.push(...(page.InstancePatchStates ?? []).map((state) => state.InstanceId ?? ''));
      NextToken = page.NextToken;
    } while (NextToken);
    return seen;
  }
  const idsOf = (indexes: readonly number[]) => indexes.map((index) => nodes[index]?.instanceId ?? '').sort();

  it('show every scanned node of the group once, five on a page', async () => {
    expect(await list()).toEqual(idsOf([0, 1, 2, 3, 4, 5, 6]));
    expect(await list({ MaxResults: 100 })).toEqual(idsOf([0, 1, 2, 3, 4, 5, 6]));
    const { InstancePatchStates = [] } = await server().ssm.send(
      new DescribeInstancePatchStatesForPatchGroupCommand({ PatchGroup: 'Db' }),
    );
    expect(InstancePatchStates).toMatchObject([{ PatchGroup: 'Db', MissingCount: 3, InstalledCount: 0 }]);
    expect(await list({ PatchGroup: 'Nobody' })).toEqual([]);
    const elsewhere = server().createClient(server().administrator, OTHER_REGION);
    const answer = await elsewhere.send(new DescribeInstancePatchStatesForPatchGroupCommand({ PatchGroup: 'Web' }));
    expect(answer.InstancePatchStates).toEqual([]);
  });

  it.each<[string, InstancePatchStateFilter[], number[]]>([
    ['Equal', [{ Key: 'MissingCount', Values: ['1'], Type: 'Equal' }], [1, 5]],
    ['NotEqual', [{ Key: 'MissingCount', Values: ['0'], Type: 'NotEqual' }], [1, 2, 3, 5, 6]],
    ['LessThan', [{ Key: 'InstalledCount', Values: ['2'], Type: 'LessThan' }], [2, 3, 6]],
    ['GreaterThan', [{ Key: 'InstalledCount', Values: ['2'], Type: 'GreaterThan' }], [0, 4]],
    [
      'two filters together',
      [
        { Key: 'MissingCount', Values: ['0'], Type: 'GreaterThan' },
        { Key: 'MissingCount', Values: ['3'], Type: 'LessThan' },
      ],
      [1, 2, 5, 6],
    ],
    ['a count that is always zero', [{ Key: 'InstalledRejectedCount', Values: ['0'], Type: 'GreaterThan' }], []],
    ['a number that none has', [{ Key: 'MissingCount', Values: ['999999999999999'], Type: 'Equal' }], []],
  ])('are filtered by %s', async (_title, Filters, expected) => {
    expect(await list({ Filters })).toEqual(idsOf(expected));
  });

  it.each<[string, unknown, string]>([
    ['an unknown key', [{ Key: 'Colour', Values: ['1'], Type: 'Equal' }], 'InvalidFilter'],
    ['a key that every object has', [{ Key: 'constructor', Values: ['1'], Type: 'Equal' }], 'InvalidFilter'],
    ['a number below zero', [{ Key: 'MissingCount', Values: ['-1'], Type: 'Equal' }], 'InvalidFilter'],
    ['a text', [{ Key: 'MissingCount', Values: ['one'], Type: 'Equal' }], 'InvalidFilter'],
    ['an unknown comparison', [{ Key: 'MissingCount', Values: ['1'], Type: 'Like' }], 'ValidationException'],
    ['two numbers', [{ Key: 'MissingCount', Values: ['1', '2'], Type: 'Equal' }], 'ValidationException'],
    [
      'five filters',
      Array.from({ length: 5 }, () => ({ Key: 'MissingCount', Values: ['1'], Type: 'Equal' })),
      'ValidationException',
    ],
  ])('are refused with %s', async (_title, Filters, code) => {
    const answer = await server().call('AmazonSSM.DescribeInstancePatchStatesForPatchGroup', {
      PatchGroup: 'Web',
      Filters,
    });
    expect(readError(answer).code).toBe(code);
  });

  it('are refused outside of the page sizes, and with a token of another group', async () => {
    for (const MaxResults of [9, 101]) {
      const answer = await server().call('AmazonSSM.DescribeInstancePatchStatesForPatchGroup', {
        PatchGroup: 'Web',
        MaxResults,
      });
      expect(readError(answer).code).toBe('ValidationException');
    }
    const { NextToken } = await server().ssm.send(
      new DescribeInstancePatchStatesForPatchGroupCommand({ PatchGroup: 'Web' }),
    );
    await expect(
      server().ssm.send(new DescribeInstancePatchStatesForPatchGroupCommand({ PatchGroup: 'Db', NextToken })),
    ).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });

  async function stateOf(PatchGroup: string) {
    const { $metadata: _metadata, ...state } = await server().ssm.send(
      new DescribePatchGroupStateCommand({ PatchGroup }),
    );
    return state;
  }

  it('count nodes, not patches, the ones never scanned included', async () => {
    expect(await stateOf('Web')).toEqual({
      Instances: 8,
      InstancesWithInstalledPatches: 6,
      InstancesWithInstalledOtherPatches: 0,
      InstancesWithInstalledPendingRebootPatches: 0,
      InstancesWithInstalledRejectedPatches: 0,
      InstancesWithMissingPatches: 5,
      InstancesWithFailedPatches: 0,
      InstancesWithNotApplicablePatches: 0,
      InstancesWithUnreportedNotApplicablePatches: 0,
      InstancesWithCriticalNonCompliantPatches: 0,
      InstancesWithSecurityNonCompliantPatches: 5,
      InstancesWithOtherNonCompliantPatches: 0,
      InstancesWithAvailableSecurityUpdates: 0,
    });
    expect(await stateOf('Nobody')).toMatchObject({ Instances: 0, InstancesWithMissingPatches: 0 });
  });

  it('count the doubt about results that have become too old', async () => {
    server().advance({ hours: 48 });
    expect(await list({ Filters: [{ Key: 'FailedCount', Values: ['0'], Type: 'GreaterThan' }] })).toEqual([]);
    server().advance({ seconds: 1 });
    expect(await list({ Filters: [{ Key: 'FailedCount', Values: ['1'], Type: 'Equal' }] })).toHaveLength(7);
    expect(await stateOf('Web')).toMatchObject({
      InstancesWithFailedPatches: 7,
      InstancesWithOtherNonCompliantPatches: 7,
    });
    server().setNow(TEST_START);
  });

  it('follow the tags as they are now', async () => {
    const node = await enrolNode(server(), { tags: { PatchGroup: 'Before' } });
    await node.patch(lacking(1));
    await server().ssm.send(
      new AddTagsToResourceCommand({
        ResourceType: 'ManagedInstance',
        ResourceId: node.instanceId,
        Tags: [{ Key: 'PatchGroup', Value: 'After' }],
      }),
    );
    expect(await list({ PatchGroup: 'Before' })).toEqual([]);
    expect(await list({ PatchGroup: 'After' })).toEqual([node.instanceId]);
  });
});
