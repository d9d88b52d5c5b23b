import { TagResourceCommand } from '@aws-sdk/client-imagebuilder';
import { DescribeInstancePatchStatesCommand } from '@aws-sdk/client-ssm';
import { GetImageFreshness, ListImageFreshness, ListImageNodes } from '@patchbay/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { sampleFacts } from '../../test-support/sample-facts.ts';
import { readError, readSuccess } from '../../test-support/send-request.ts';
import { enrolNode } from '../../test-support/test-node.ts';
import { createPerson } from '../../test-support/test-people.ts';
import { OTHER_REGION, withTestServer } from '../../test-support/test-server.ts';
import { addTestImage, judgeImages, type TestImage } from './image-freshness.test-support.ts';

describe('images of others', () => {
  const server = withTestServer();
  let own: TestImage;
  let foreign: TestImage;
  const nodes: string[] = [];
  let credentials: Awaited<ReturnType<typeof createPerson>>;
  const ask = async (name: string, input: object) =>
    await server().call(`Patchbay.${name}`, input, { service: 'patchbay', credentials });

  beforeAll(async () => {
    credentials = await createPerson(server(), 'limited', 'auditor', [{ key: 'team', values: ['web'] }]);
    own = await addTestImage(server(), { name: 'own', facts: sampleFacts() });
    foreign = await addTestImage(server(), { name: 'foreign', facts: sampleFacts() });
    const client = server().createImageBuilderClient();
    await client.send(new TagResourceCommand({ resourceArn: own.imageBuildVersionArn, tags: { team: 'web' } }));
    for (const team of ['web', 'db']) {
      const node = await enrolNode(server(), { tags: { team } });
      const facts = sampleFacts();
      await node.submitFacts({ ...facts, overlay: { ...facts.overlay, image: own.origin } });
      nodes.push(node.instanceId);
    }
    await judgeImages(server());
  });

  it('are not seen by who is limited to tags, one by one or in lists, nor are their nodes', async () => {
    const listed = ListImageFreshness.output.parse(readSuccess(await ask('ListImageFreshness', {})));
    expect(listed.images.map(({ name }) => name)).toEqual(['own']);
    const { imageBuildVersionArn } = own;
    const shown = GetImageFreshness.output.parse(readSuccess(await ask('GetImageFreshness', { imageBuildVersionArn })));
    expect(shown.image.name).toBe('own');
    const found = ListImageNodes.output.parse(readSuccess(await ask('ListImageNodes', { imageBuildVersionArn })));
    expect(found.nodes.map(({ instanceId }) => instanceId)).toEqual(nodes.slice(0, 1));
    for (const name of ['GetImageFreshness', 'ListImageNodes']) {
      const answer = await ask(name, { imageBuildVersionArn: foreign.imageBuildVersionArn });
      expect(readError(answer).code).toBe('AccessDeniedException');
    }
  });

  it('are not seen from another region', async () => {
    const options = { service: 'patchbay', region: OTHER_REGION };
    const listed = await server().call('Patchbay.ListImageFreshness', {}, options);
    expect(ListImageFreshness.output.parse(readSuccess(listed)).images).toEqual([]);
    const { imageBuildVersionArn } = own;
    const shown = await server().call('Patchbay.GetImageFreshness', { imageBuildVersionArn }, options);
    expect(readError(shown).code).toBe('DoesNotExistException');
  });

  it('are no instances in AWS’s own patch states, whose ids have another form', async () => {
    const states = new DescribeInstancePatchStatesCommand({ InstanceIds: [own.imageId] });
    await expect(server().ssm.send(states)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
