import { DeleteComponentCommand } from '@aws-sdk/client-imagebuilder';
import { findDependencyUpdates } from '@patchbay/patching';
import { describe, expect, it } from 'vitest';
import { TEST_REGION, withTestServer } from '../../../test-support/test-server.ts';
import { addComponent } from '../components/components.test-support.ts';
import { addContainerRecipe, addImageRecipe, debianArn } from '../recipes/recipes.test-support.ts';
import { resolveDependencies } from './dependencies.ts';

describe('what a build of a pipeline would be made from', () => {
  const server = withTestServer();
  const updateLinux = 'arn:aws:imagebuilder:us-east-1:aws:component/update-linux/x.x.x';
  const parentOf = (text: string) => `${text.replace('x.x.x', '2026.11.20')}/1`;
  const resolve = async (recipeArn: string) =>
    await resolveDependencies({ recipeArn }, async (text) => parentOf(text), {
      db: server().database,
      accountId: server().accountId,
      region: TEST_REGION,
    });

  it('is the newest that the recipe, its parent image and its components stand for now', async () => {
    const client = server().createImageBuilderClient();
    const first = await addComponent(client, { name: 'web' });
    const anyOne = first.replace('1.0.0/1', '1.x.x');
    const components = [{ componentArn: anyOne }, { componentArn: updateLinux }];
    const recipe = await addContainerRecipe(client, { name: 'web', components });
    const anyRecipe = recipe.replace('1.0.0', 'x.x.x');
    const before = await resolve(anyRecipe);
    expect(before).toEqual([
      { kind: 'recipe', reference: anyRecipe, resolved: recipe },
      { kind: 'parent', reference: debianArn, resolved: parentOf(debianArn) },
      { kind: 'component', reference: anyOne, resolved: first },
      {
        kind: 'component',
        reference: updateLinux,
        resolved: expect.stringMatching(/update-linux\/\d+\.\d+\.\d+\/\d+$/),
      },
    ]);
    expect(findDependencyUpdates(await resolve(anyRecipe), before)).toEqual({ updates: [], obstacles: [] });

    const second = await addComponent(client, { name: 'web', semanticVersion: '1.10.0' });
    const newRecipe = await addContainerRecipe(client, { name: 'web', semanticVersion: '1.0.1', components });
    const { updates } = findDependencyUpdates(await resolve(anyRecipe), before);
    expect(updates).toEqual([
      `The recipe ${anyRecipe} is now ${newRecipe}; the last image was built with ${recipe}.`,
      `The component ${anyOne} is now ${second}; the last image was built with ${first}.`,
    ]);
    const after = await resolve(anyRecipe);
    await client.send(new DeleteComponentCommand({ componentBuildVersionArn: second }));
    expect(findDependencyUpdates(await resolve(anyRecipe), after)).toEqual({
      updates: [],
      obstacles: [`The component ${anyOne} is now ${first}, which is older than ${second} in the last image.`],
    });
  });

  it('is known for image recipes, and not for a recipe that is gone', async () => {
    const arn = await addImageRecipe(server().createImageBuilderClient(), { name: 'disk' });
    expect(await resolve(arn)).toMatchObject([{ kind: 'recipe', resolved: arn }, { kind: 'parent' }]);
    const gone = arn.replace('disk', 'gone');
    expect(await resolve(gone)).toEqual([{ kind: 'recipe', reference: gone, resolved: null }]);
  });
});
