import type { OperationContext } from '../../../operations/operation.ts';
import { invalidValue } from '../errors.ts';
import { checkParentImage } from '../recipes/check-parent-image.ts';
import {
  createRecipe,
  getRecipe,
  type ReadContext,
  type Recipe,
  type RecipeRequest,
  recipeOf,
} from '../recipes/service.ts';
import { type ImageRecipeDefinition, imageRecipeType } from '../recipes/tables.ts';

/** Stores a recipe of a disk image and answers its ARN. */
export async function createImageRecipe(
  recipe: RecipeRequest<ImageRecipeDefinition>,
  context: OperationContext,
): Promise<string> {
  const parent = checkParentImage(recipe.parentImage, context);
  if (!('arn' in parent)) {
    throw invalidValue('parentImage', 'A container image has no kernel: a disk image builds upon the ARN of an image.');
  }
  return await createRecipe({ ...recipe, recipeType: imageRecipeType, parent, osVersion: undefined }, context);
}

/** The recipe that an ARN names, with `x` the newest; throws ImageBuilderError where there is none. */
export async function readImageRecipe(arn: string, context: ReadContext): Promise<Recipe<ImageRecipeDefinition>> {
  return recipeOf(await getRecipe(arn, imageRecipeType, context), context);
}
