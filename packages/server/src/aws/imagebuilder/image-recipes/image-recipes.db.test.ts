import {
  CreateImageRecipeCommand,
  type CreateImageRecipeCommandInput,
  DeleteImageRecipeCommand,
  GetImageRecipeCommand,
  GetImageRecipePolicyCommand,
  type ImagebuilderClient,
  PutImageRecipePolicyCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-imagebuilder';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultQuotas } from '../../../quotas.ts';
import { TEST_START, withTestServer } from '../../../test-support/test-server.ts';
import { addComponent } from '../components/components.test-support.ts';
import { addImageRecipe as add, addContainerRecipe, debianArn } from '../recipes/recipes.test-support.ts';

async function read(client: ImagebuilderClient, imageRecipeArn: string) {
  return await client.send(new GetImageRecipeCommand({ imageRecipeArn }));
}

describe('image recipes', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  const arnOf = (id: string) => `arn:aws:imagebuilder:us-east-1:${server().accountId}:image-recipe/${id}`;

  beforeAll(() => {
    client = server().createImageBuilderClient();
  });

  it('are created, read and deleted', async () => {
    const componentArn = await addComponent(client, {
      name: 'that reboots',
      data: 'schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - { name: Again, action: Reboot }\n',
    });
    const input = {
      name: 'Every Member_1',
      description: 'What it makes',
      semanticVersion: '1.2.3',
      components: [{ componentArn }],
      parentImage: debianArn,
      blockDeviceMappings: [{ deviceName: '/dev/sda', ebs: { volumeSize: 8, volumeType: 'gp3' } }],
      tags: { stage: 'test' },
      workingDirectory: '/var/tmp',
      additionalInstanceConfiguration: { systemsManagerAgent: { uninstallAfterBuild: true }, userDataOverride: 'YQ==' },
      amiTags: { owner: 'team' },
    } satisfies CreateImageRecipeCommandInput;
    const answer = await client.send(new CreateImageRecipeCommand({ ...input, clientToken: 'whole' }));
    const arn = arnOf('every-member_1/1.2.3');
    expect(answer).toMatchObject({
      imageRecipeArn: arn,
      clientToken: 'whole',
      latestVersionReferences: { latestMinorVersionArn: arnOf('every-member_1/1.2.x') },
    });
    const { semanticVersion, ...rest } = input;
    const { imageRecipe, latestVersionReferences } = await read(client, arnOf('every-member_1/1.x.x'));
    expect(latestVersionReferences).toEqual(answer.latestVersionReferences);
    expect(imageRecipe).toEqual({
      ...rest,
      arn,
      type: 'AMI',
      version: semanticVersion,
      platform: 'Linux',
      owner: server().accountId,
      dateCreated: TEST_START.toISOString(),
    });
    const deletion = new DeleteImageRecipeCommand({ imageRecipeArn: arn });
    expect(await client.send(deletion)).toMatchObject({ imageRecipeArn: arn });
    await expect(client.send(deletion)).rejects.toBeInstanceOf(ResourceNotFoundException);
    await expect(read(client, arn)).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('have names of their own beside those of container recipes', async () => {
    const container = await addContainerRecipe(client, { name: 'both' });
    const arn = await add(client, { name: 'both' });
    expect(container).toBe(arn.replace('image-recipe', 'container-recipe'));
    expect((await read(client, arn)).imageRecipe?.arn).toBe(arn);
    await expect(add(client, { name: 'both' })).rejects.toMatchObject({ name: 'ResourceAlreadyExistsException' });
    expect(await add(client, { name: 'both', semanticVersion: '1.0.x' })).toBe(arnOf('both/1.0.1'));
  });

  it('do not build upon container images', async () => {
    await expect(add(client, { name: 'refused', parentImage: 'debian:12' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining('has no kernel'),
    });
  });

  it('keep a policy', async () => {
    const imageRecipeArn = await add(client, { name: 'with policy' });
    const readPolicy = async () => (await client.send(new GetImageRecipePolicyCommand({ imageRecipeArn }))).policy;
    await expect(readPolicy()).rejects.toBeInstanceOf(ResourceNotFoundException);
    await client.send(new PutImageRecipePolicyCommand({ imageRecipeArn, policy: '{}' }));
    expect(await readPolicy()).toBe('{}');
  });
});

describe('a quota of image recipes', () => {
  const server = withTestServer({ quotas: { ...defaultQuotas, 'image-recipes': 1 } });

  it('is kept', async () => {
    const client = server().createImageBuilderClient();
    await add(client, { name: 'first' });
    await expect(add(client, { name: 'second' })).rejects.toMatchObject({ name: 'ServiceQuotaExceededException' });
    await addContainerRecipe(client, { name: 'first' });
  });
});
