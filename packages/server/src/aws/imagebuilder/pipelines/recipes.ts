import type { TaggedResource } from '../../ssm/tags/repository.ts';
import { parseArn } from '../arns.ts';
import { findRecipeByArn, type ReadContext } from '../recipes/service.ts';
import { containerRecipeType, imageRecipeType } from '../recipes/tables.ts';

/** The recipe that an ARN comes to in the caller's account and region: with `x`, the newest that matches. */
export async function findRecipe(arn: string, context: ReadContext): Promise<TaggedResource | undefined> {
  const resourceType = parseArn(arn)?.resourceType;
  if (resourceType !== containerRecipeType && resourceType !== imageRecipeType) return undefined;
  const recipe = await findRecipeByArn(arn, resourceType, context);
  return recipe && { resourceType, resourceId: recipe.resourceId };
}
