import { DeleteImageCommand } from '@aws-sdk/client-imagebuilder';
import { DeregisterManagedInstanceCommand } from '@aws-sdk/client-ssm';
import { ListImageNodes } from '@patchbay/contracts';
import type { InstalledPackage, NodeFacts } from '@patchbay/facts';
import { beforeAll, describe, expect, it } from 'vitest';
import { installedPackage, sampleFacts } from '../../test-support/sample-facts.ts';
import { readSuccess } from '../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../test-support/test-node.ts';
import { withTestServer } from '../../test-support/test-server.ts';
import { addTestImage, type TestImage } from '../image-freshness/image-freshness.test-support.ts';

describe('nodes that were made from an image', () => {
  const server = withTestServer();
  const packages = [installedPackage('bash', '5.2'), installedPackage('openssl', '3.0.1')];
  let image: TestImage;
  let node: TestNode;
  const factsOf = (installed: readonly InstalledPackage[], from: TestImage | null): NodeFacts => {
    const facts = sampleFacts({ installed });
    return from === null ? facts : { ...facts, overlay: { ...facts.overlay, image: from.origin } };
  };
  const list = async (input: object = {}) => {
    const { imageBuildVersionArn } = image;
    const answer = await server().call(
      'Patchbay.ListImageNodes',
      { imageBuildVersionArn, ...input },
      { service: 'patchbay' },
    );
    return ListImageNodes.output.parse(readSuccess(answer));
  };

  beforeAll(async () => {
    image = await addTestImage(server(), { name: 'web', facts: factsOf(packages, null) });
    node = await enrolNode(server(), { name: 'web-1' });
  });

  it('are those that say so, and as they left the image they have not drifted', async () => {
    expect((await list()).nodes).toEqual([]);
    await node.submitFacts(factsOf(packages, image));
    expect((await list()).nodes).toEqual([
      {
        instanceId: node.instanceId,
        name: 'web-1',
        reportedAt: server().now().toISOString(),
        isDrifted: false,
        differences: [],
      },
    ]);
  });

  it('have drifted package by package', async () => {
    server().advance({ minutes: 5 });
    const now = [installedPackage('nginx', '1.22'), installedPackage('openssl', '3.0.2')];
    await node.submitFacts(factsOf(now, image));
    expect((await list()).nodes).toMatchObject([
      {
        reportedAt: server().now().toISOString(),
        isDrifted: true,
        differences: [
          { name: 'bash', change: 'removed', imageVersion: '5.2', nodeVersion: null },
          { name: 'nginx', change: 'added', imageVersion: null, nodeVersion: '1.22' },
          { name: 'openssl', change: 'changed', imageVersion: '3.0.1', nodeVersion: '3.0.2' },
        ],
      },
    ]);
  });

  it('are listed page by page', async () => {
    const second = await enrolNode(server(), { name: 'web-2' });
    await second.submitFacts(factsOf(packages, image));
    const first = await list({ maxResults: 1 });
    const rest = await list({ maxResults: 1, nextToken: first.nextToken });
    const found = [...first.nodes, ...rest.nodes].map(({ instanceId }) => instanceId);
    expect(found.toSorted()).toEqual([node.instanceId, second.instanceId].toSorted());
    expect(rest.nextToken).toBeUndefined();
    await second.submitFacts(factsOf(packages, null));
    expect((await list()).nodes).toHaveLength(1);
  });

  it('have not drifted from an image of which nobody knows what it holds', async () => {
    const imported = await addTestImage(server(), { name: 'imported' });
    const other = await enrolNode(server());
    await other.submitFacts(factsOf(packages, imported));
    const { imageBuildVersionArn } = imported;
    expect((await list({ imageBuildVersionArn })).nodes).toMatchObject([{ isDrifted: null, differences: [] }]);
  });

  it('keep the image from being deleted as long as they run from it', async () => {
    const { imageBuildVersionArn } = image;
    const client = server().createImageBuilderClient();
    const remove = async () => await client.send(new DeleteImageCommand({ imageBuildVersionArn }));
    await expect(remove()).rejects.toMatchObject({
      name: 'ResourceDependencyException',
      message: `${imageBuildVersionArn} cannot be deleted: the node ${node.instanceId} runs from it.`,
    });
    await server().ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: node.instanceId }));
    expect((await list()).nodes).toEqual([]);
    await remove();
  });
});
