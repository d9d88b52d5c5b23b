import { describe, expect, it } from 'vitest';
import { TEST_REGION, withTestServer } from '../../../test-support/test-server.ts';
import { type DeletedRecipe, refuseNeededRecipe } from './dependents.ts';
import { addContainerRecipe } from './recipes.test-support.ts';
import { containerRecipeType } from './tables.ts';

describe('a recipe that something refers to', () => {
  const server = withTestServer();

  it('stays as long as a reference would name nothing without it', async () => {
    const client = server().createImageBuilderClient();
    for (const semanticVersion of ['1.0.0', '1.0.1', '2.0.0']) {
      await addContainerRecipe(client, { name: 'needed', semanticVersion });
    }
    const scope = { accountId: server().accountId, region: TEST_REGION };
    const prefix = `arn:aws:imagebuilder:${TEST_REGION}:${scope.accountId}:container-recipe/needed/`;
    const recipe = {
      recipeType: containerRecipeType,
      arnName: 'needed',
      version: { major: 1, minor: 0, patch: 1 },
    } as const;
    const asked: DeletedRecipe[] = [];
    const remove = async (reference: string) => {
      const findDependent = async (_db: unknown, _scope: unknown, deleted: DeletedRecipe) => {
        asked.push(deleted);
        return await Promise.resolve(deleted.isNeededFor(prefix + reference) ? 'a pipeline' : undefined);
      };
      await refuseNeededRecipe(server().database, scope, recipe, `${prefix}1.0.1`, [findDependent]);
    };
    await expect(remove('1.0.1')).rejects.toMatchObject({
      code: 'IMAGE_RESOURCE_DEPENDENCY',
      message: `The resource ${prefix}1.0.1 cannot be deleted: a pipeline refers to it.`,
    });
    for (const other of ['1.0.x', '1.x.x', 'x.x.x', '2.0.0', '1.0.0']) await remove(other);
    expect(asked[0]).toMatchObject({ ...recipe, arnPrefix: prefix });
  });
});
