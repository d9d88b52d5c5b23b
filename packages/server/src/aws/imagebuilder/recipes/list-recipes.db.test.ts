import {
  type ImagebuilderClient,
  ListContainerRecipesCommand,
  type ListContainerRecipesCommandInput,
  ListImageRecipesCommand,
  paginateListContainerRecipes,
} from '@aws-sdk/client-imagebuilder';
import { beforeAll, describe, expect, it } from 'vitest';
import { createPerson } from '../../../test-support/test-people.ts';
import { TEST_START, withTestServer } from '../../../test-support/test-server.ts';
import { addContainerRecipe, addImageRecipe, debianArn } from './recipes.test-support.ts';

async function list(client: ImagebuilderClient, input: ListContainerRecipesCommandInput = {}) {
  const { containerRecipeSummaryList = [] } = await client.send(new ListContainerRecipesCommand(input));
  return containerRecipeSummaryList.map(({ arn = '' }) => arn.slice(arn.indexOf('recipe/') + 7));
}

describe('the lists of recipes', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  const filtered = (name: string, ...values: string[]) => list(client, { filters: [{ name, values }] });

  beforeAll(async () => {
    client = server().createImageBuilderClient();
    const tags = { PatchGroup: 'web' };
    const instanceConfiguration = { image: 'ami-0123456789abcdef0' };
    await addContainerRecipe(client, { name: 'Gamma', tags, instanceConfiguration });
    await addContainerRecipe(client, { name: 'alpha', semanticVersion: '1.10.0' });
    await addContainerRecipe(client, { name: 'alpha', semanticVersion: '1.9.0', tags });
    await addContainerRecipe(client, { name: 'beta', parentImage: 'debian:13' });
    await addImageRecipe(client, { name: 'disk', tags });
    await addImageRecipe(client, { name: 'another disk' });
  });

  it('show a part of each', async () => {
    const filters = [{ name: 'name', values: ['Gamma'] }];
    const { containerRecipeSummaryList } = await client.send(new ListContainerRecipesCommand({ filters }));
    const common = { platform: 'Linux', owner: server().accountId, parentImage: debianArn };
    const dateCreated = TEST_START.toISOString();
    expect(containerRecipeSummaryList).toEqual([
      {
        ...common,
        arn: `arn:aws:imagebuilder:us-east-1:${server().accountId}:container-recipe/gamma/1.0.0`,
        containerType: 'DOCKER',
        name: 'Gamma',
        dateCreated,
        instanceImage: 'ami-0123456789abcdef0',
        tags: { PatchGroup: 'web' },
      },
    ]);
    const disks = await client.send(new ListImageRecipesCommand({ maxResults: 1 }));
    expect(disks.imageRecipeSummaryList).toEqual([
      {
        ...common,
        arn: `arn:aws:imagebuilder:us-east-1:${server().accountId}:image-recipe/another-disk/1.0.0`,
        name: 'another disk',
        dateCreated,
        tags: {},
      },
    ]);
    expect(disks.nextToken).toBeDefined();
  });

  it('show what the filters let through', async () => {
    expect(await list(client)).toEqual(['alpha/1.9.0', 'alpha/1.10.0', 'beta/1.0.0', 'gamma/1.0.0']);
    expect(await filtered('name', 'beta', 'Gamma')).toEqual(['beta/1.0.0', 'gamma/1.0.0']);
    expect(await filtered('parentImage', 'debian:13')).toEqual(['beta/1.0.0']);
    expect(await filtered('platform', 'Linux', 'Windows')).toHaveLength(4);
    expect(await filtered('platform', 'Windows')).toEqual([]);
    expect(await filtered('containerType', 'DOCKER')).toHaveLength(4);
    expect(await filtered('containerType', 'OTHER')).toEqual([]);
    await expect(filtered('arn', 'x')).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    const disks = new ListImageRecipesCommand({ filters: [{ name: 'containerType', values: ['DOCKER'] }] });
    await expect(client.send(disks)).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    for (const owner of ['Amazon', 'Shared', 'ThirdParty'] as const) expect(await list(client, { owner })).toEqual([]);
  });

  it('come in pages', async () => {
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateListContainerRecipes({ client, pageSize: 1 }, {})) {
      pages.push((page.containerRecipeSummaryList ?? []).map(({ arn = '' }) => arn.slice(arn.indexOf('recipe/') + 7)));
    }
    expect(pages).toEqual([['alpha/1.9.0'], ['alpha/1.10.0'], ['beta/1.0.0'], ['gamma/1.0.0']]);
  });

  it('show who is limited by tags only what carries them', async () => {
    const person = await createPerson(server(), 'limited', 'operator', [{ key: 'PatchGroup', values: ['web'] }]);
    const limited = server().createImageBuilderClient(person);
    expect(await list(limited)).toEqual(['alpha/1.9.0', 'gamma/1.0.0']);
    const disks = await limited.send(new ListImageRecipesCommand({}));
    expect(disks.imageRecipeSummaryList?.map(({ name }) => name)).toEqual(['disk']);
  });
});
