import {
  DeleteInfrastructureConfigurationCommand,
  type ImagebuilderClient,
  ListImagePipelinesCommand,
  type ListImagePipelinesCommandInput,
  paginateListImagePipelines,
  UpdateImagePipelineCommand,
} from '@aws-sdk/client-imagebuilder';
import { beforeAll, describe, expect, it } from 'vitest';
import { createPerson } from '../../../test-support/test-people.ts';
import { withTestServer } from '../../../test-support/test-server.ts';
import {
  createPipelineOf as create,
  createParts,
  type PipelineInput,
  type PipelineParts,
  readPipeline as read,
} from './pipelines.test-support.ts';

async function names(client: ImagebuilderClient, input: ListImagePipelinesCommandInput = {}) {
  const { imagePipelineList = [] } = await client.send(new ListImagePipelinesCommand(input));
  return imagePipelineList.map(({ name }) => name);
}

describe('the list of image pipelines', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  let web: PipelineParts;
  let database: PipelineParts;
  let arns: Record<'alpha' | 'Beta' | 'gamma', string>;

  beforeAll(async () => {
    client = server().createImageBuilderClient();
    web = await createParts(client, 'web', { team: 'web' });
    database = await createParts(client, 'database', { team: 'db' });
    const { distributionConfigurationArn: _none, ...undistributed } = database;
    const tags = { team: 'web' };
    arns = {
      gamma: await create(client, { ...web, name: 'gamma', description: 'the third', tags }),
      alpha: await create(client, { ...undistributed, name: 'alpha', status: 'DISABLED' }),
      Beta: await create(client, { ...web, name: 'Beta', description: 'the second', tags }),
    };
  });

  it('shows each whole', async () => {
    const { imagePipelineList } = await client.send(new ListImagePipelinesCommand({}));
    expect(imagePipelineList).toEqual([
      await read(client, arns.alpha),
      await read(client, arns.Beta),
      await read(client, arns.gamma),
    ]);
  });

  it('is filtered by what the API reference names', async () => {
    const by = (name: string, ...values: string[]) => names(client, { filters: [{ name, values }] });
    expect(await by('name', 'Beta', 'gamma', 'other')).toEqual(['Beta', 'gamma']);
    expect(await by('status', 'DISABLED')).toEqual(['alpha']);
    expect(await by('description', 'the second')).toEqual(['Beta']);
    expect(await by('distributionConfigurationArn', web.distributionConfigurationArn)).toEqual(['Beta', 'gamma']);
    expect(await by('infrastructureConfigurationArn', database.infrastructureConfigurationArn)).toEqual(['alpha']);
    expect(await by('imageRecipeArn', 'arn:aws:imagebuilder:us-east-1:123456789012:image-recipe/x/1.0.0')).toEqual([]);
    const both = [
      { name: 'name', values: ['Beta', 'alpha'] },
      { name: 'status', values: ['ENABLED'] },
    ];
    expect(await names(client, { filters: both })).toEqual(['Beta']);
    await expect(by('containerRecipeArn', 'x')).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining('Valid names are: description, distributionConfigurationArn'),
    });
  });

  it('comes in pages', async () => {
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateListImagePipelines({ client, pageSize: 2 }, {})) {
      pages.push((page.imagePipelineList ?? []).map(({ name }) => name));
    }
    expect(pages).toEqual([['alpha', 'Beta'], ['gamma']]);
  });

  it('shows to who is limited by tags what carries them, who brings nothing else in', async () => {
    const person = await createPerson(server(), 'limited', 'administrator', [{ key: 'team', values: ['web'] }]);
    const limited = server().createImageBuilderClient(person);
    expect(await names(limited)).toEqual(['Beta', 'gamma']);
    await expect(read(limited, arns.alpha)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const update = (change: Partial<PipelineInput>) =>
      limited.send(new UpdateImagePipelineCommand({ ...web, ...change, imagePipelineArn: arns.Beta }));
    await update({});
    for (const member of [
      'infrastructureConfigurationArn',
      'distributionConfigurationArn',
      'containerRecipeArn',
    ] as const) {
      await expect(update({ [member]: database[member] })).rejects.toMatchObject({
        name: 'InvalidParameterValueException',
        message: expect.stringContaining('does not carry the tags that limit what you may change'),
      });
    }
    await client.send(new UpdateImagePipelineCommand({ ...database, imagePipelineArn: arns.Beta }));
    // What it has already may stay.
    await update(database);
    await expect(update({ ...database, imageTags: { team: 'db' } })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining('cannot change which tags images get'),
    });
    await expect(limited.send(new DeleteInfrastructureConfigurationCommand(web))).rejects.toMatchObject({
      name: 'ResourceDependencyException',
      message: expect.stringContaining('by a pipeline.'),
    });
  });
});
