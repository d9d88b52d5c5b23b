import {
  DeleteComponentCommand,
  DeleteContainerRecipeCommand,
  type ImagebuilderClient,
  ResourceDependencyException,
} from '@aws-sdk/client-imagebuilder';
import { beforeAll, describe, expect, it } from 'vitest';
import { withTestServer } from '../../../test-support/test-server.ts';
import { addContainerRecipe, addImageRecipe } from '../recipes/recipes.test-support.ts';
import { addComponent, componentData } from './components.test-support.ts';

describe('a component that recipes refer to', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  const remove = async (componentBuildVersionArn: string) =>
    await client.send(new DeleteComponentCommand({ componentBuildVersionArn }));

  beforeAll(() => {
    client = server().createImageBuilderClient();
  });

  it.each([
    ['itself', (arn: string) => arn],
    ['its version', (arn: string) => arn.replace(/\/1$/, '')],
    ['any version', (arn: string) => arn.replace(/1\.0\.0\/1$/, 'x.x.x')],
  ])('as %s stays as long as they have no other', async (title, referenceOf) => {
    const arn = await addComponent(client, { name: `needed as ${title}` });
    const componentArn = referenceOf(arn);
    const recipe = await addContainerRecipe(client, { name: `with ${title}`, components: [{ componentArn }] });
    const error = await remove(arn).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ResourceDependencyException);
    expect(error).toMatchObject({
      message: `The resource ${arn} cannot be deleted: ${recipe} refers to it as ${componentArn}.`,
      $metadata: { httpStatusCode: 400 },
    });
    const second = await addComponent(client, { name: `needed as ${title}`, data: componentData('other') });
    expect(second).toBe(arn.replace(/1$/, '2'));
    const isReplaced = title !== 'itself';
    await (isReplaced
      ? expect(remove(arn)).resolves.toBeDefined()
      : expect(remove(arn)).rejects.toBeInstanceOf(ResourceDependencyException));
    if (isReplaced) await expect(remove(second)).rejects.toBeInstanceOf(ResourceDependencyException);
    await client.send(new DeleteContainerRecipeCommand({ containerRecipeArn: recipe }));
    await remove(isReplaced ? second : arn);
  });

  it('stays for the recipes of disk images too, and not for those of components with longer names', async () => {
    const arn = await addComponent(client, { name: 'short' });
    const longer = await addComponent(client, { name: 'short-er' });
    const recipe = await addImageRecipe(client, { name: 'disk', components: [{ componentArn: longer }] });
    await remove(arn);
    await expect(remove(longer)).rejects.toMatchObject({ message: expect.stringContaining(recipe) });
  });
});
