import type { OperationContext } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { readTagsOfMany } from '../../ssm/tags/repository.ts';
import { readFilters, valuesOf } from '../filters.ts';
import { listRecipeRows, type RecipePosition, type RecipeRow } from './repository.ts';
import type { RecipeType } from './tables.ts';

interface ListInput {
  readonly owner?: string | undefined;
  readonly filters?:
    | readonly { readonly name?: string | undefined; readonly values?: string[] | undefined }[]
    | undefined;
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

/** ListContainerRecipes and ListImageRecipes: "Use the following filters to streamline results". */
type RecipeFilter = 'containerType' | 'name' | 'parentImage' | 'platform';

const mostListed = 25;

/** All recipes are of Linux, and all container recipes are of Docker's kind. */
const constants = new Map([
  ['platform', 'Linux'],
  ['containerType', 'DOCKER'],
]);

/** A page of recipes as ListContainerRecipes and ListImageRecipes have it, and the token of the next. */
export async function listRecipes(
  operation: string,
  recipeType: RecipeType,
  filterNames: readonly RecipeFilter[],
  input: ListInput,
  context: OperationContext,
): Promise<{ recipes: RecipeRow[]; nextToken: string | undefined }> {
  const filters = readFilters(input.filters, filterNames);
  const page = startOfPage(operation, input, context);
  const limit = input.maxResults ?? mostListed;
  const isNone =
    (input.owner ?? 'Self') !== 'Self' ||
    filters.some(({ name, values }) => constants.has(name) && !values.includes(constants.get(name) ?? ''));
  // Recipes are the account's own: none is shared with it, and none comes with Patchbay.
  if (isNone) return { recipes: [], nextToken: undefined };
  const found = await listRecipeRows(context.db, context, recipeType, {
    reach: context.reach,
    names: valuesOf(filters, 'name'),
    parentImages: valuesOf(filters, 'parentImage'),
    after: page.after === '' ? null : (JSON.parse(page.after) as RecipePosition),
    limit: limit + 1,
  });
  const positionOf = ({ arnName, major, minor, patch }: RecipeRow) => JSON.stringify([arnName, major, minor, patch]);
  return { recipes: found.slice(0, limit), nextToken: nextToken(page, found, limit, positionOf) };
}

/** The tags of recipes of one type. */
export async function readRecipeTags(
  recipes: readonly RecipeRow[],
  recipeType: RecipeType,
  context: OperationContext,
): Promise<(recipe: RecipeRow) => Record<string, string>> {
  const ids = recipes.map(({ resourceId }) => resourceId);
  const tags = await readTagsOfMany(context.db, context, recipeType, ids);
  return ({ resourceId }) => Object.fromEntries(tags.get(resourceId) ?? []);
}
