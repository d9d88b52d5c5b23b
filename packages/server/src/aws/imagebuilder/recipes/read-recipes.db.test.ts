import { defaultDockerfileTemplate, managedComponents } from '@patchbay/patching';
import { describe, expect, it } from 'vitest';
import { TEST_REGION, TEST_START, withTestServer } from '../../../test-support/test-server.ts';
import { addComponent, componentData } from '../components/components.test-support.ts';
import { resolveComponent } from '../components/service.ts';
import { readContainerRecipe } from '../container-recipes/service.ts';
import { readImageRecipe } from '../image-recipes/service.ts';
import { addContainerRecipe, addImageRecipe, debianArn } from './recipes.test-support.ts';

describe('what a build reads', () => {
  const server = withTestServer();
  const context = () => ({ db: server().database, accountId: server().accountId, region: TEST_REGION });

  it('is the newest build of what a recipe refers to, with its document', async () => {
    const client = server().createImageBuilderClient();
    await addComponent(client, { name: 'Read it' });
    const arn = await addComponent(client, { name: 'Read it', data: componentData('newest') });
    for (const reference of [arn, arn.replace(/\/2$/, ''), arn.replace('1.0.0/2', '1.x.x')]) {
      expect(await resolveComponent(reference, context())).toEqual({
        arn,
        name: 'Read it',
        version: '1.0.0',
        build: 2,
        data: componentData('newest'),
      });
    }
    const managed = arn.replace(/\d{12}:.*/, 'aws:component/update-linux/');
    expect(await resolveComponent(`${managed}x.x.x`, context())).toMatchObject({
      arn: `${managed}1.0.0/1`,
      data: managedComponents[0]?.data,
    });
    await expect(resolveComponent(arn.replace('read-it', 'none'), context())).rejects.toMatchObject({
      code: 'IMAGE_RESOURCE_NOT_FOUND',
    });
  });

  it('is the whole of a recipe', async () => {
    const client = server().createImageBuilderClient();
    const arn = await addContainerRecipe(client, { name: 'Read it', workingDirectory: '/srv' });
    expect(await readContainerRecipe(arn.replace('1.0.0', 'x.x.x'), context())).toEqual({
      arn,
      resourceId: 'read-it/1.0.0',
      name: 'Read it',
      version: '1.0.0',
      parentImage: debianArn,
      definition: {
        containerType: 'DOCKER',
        dockerfileTemplateData: defaultDockerfileTemplate,
        targetRepository: { service: 'ECR', repositoryName: 'team/app' },
        workingDirectory: '/srv',
      },
      dateCreated: TEST_START,
    });
    const disk = await addImageRecipe(client, { name: 'Read it', amiTags: { a: 'b' } });
    expect(await readImageRecipe(disk, context())).toMatchObject({ arn: disk, definition: { amiTags: { a: 'b' } } });
    await expect(readContainerRecipe(arn.replace('read-it', 'none'), context())).rejects.toMatchObject({
      code: 'IMAGE_RESOURCE_NOT_FOUND',
    });
  });
});
