import type { ResolvedDependency } from '@patchbay/patching';
import { buildArn } from '../components/component-build.ts';
import { findComponent } from '../components/service.ts';
import { findRecipeByArn, type ReadContext, recipeArn } from '../recipes/service.ts';
import { containerRecipeType, imageRecipeType } from '../recipes/tables.ts';

/** What a parent image is now: the ARN of its build, or its digest; null where there is none. */
export type ResolveParentImage = (parentImage: string) => Promise<string | null>;

/**
 * What a build of a pipeline would be made from now. Where the recipe is gone, nothing is known of what it would name. A component
 * that a recipe names twice stands there twice.
 */
export async function resolveDependencies(
  { recipeArn: reference }: { readonly recipeArn: string },
  resolveParentImage: ResolveParentImage,
  context: ReadContext,
): Promise<ResolvedDependency[]> {
  const recipeType = reference.includes(`:${imageRecipeType}/`) ? imageRecipeType : containerRecipeType;
  const recipe = await findRecipeByArn(reference, recipeType, context);
  if (recipe === undefined) return [{ kind: 'recipe', reference, resolved: null }];
  const dependencies: ResolvedDependency[] = [
    { kind: 'recipe', reference, resolved: recipeArn(context, recipeType, recipe.resourceId) },
    { kind: 'parent', reference: recipe.parentImage, resolved: await resolveParentImage(recipe.parentImage) },
  ];
  for (const componentArn of recipe.componentArns) {
    const component = await findComponent(componentArn, context);
    dependencies.push({
      kind: 'component',
      reference: componentArn,
      resolved: component === undefined ? null : buildArn(component, context),
    });
  }
  return dependencies;
}
