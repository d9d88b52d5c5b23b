import type { SemanticVersion } from '@patchbay/patching';
import { type Insertable, type Selectable, sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Reach } from '../../../operations/authorize.ts';
import type { Scope } from '../../../operations/scope.ts';
import { isTaggedWithinReach } from '../../ssm/tags/reach-condition.ts';
import { containerRecipeType, type ImageRecipesTable, imageRecipeType, type RecipeType } from './tables.ts';

export type RecipeRow = Selectable<ImageRecipesTable>;

function selectRecipes(db: Database, { accountId, region }: Scope, recipeType: RecipeType) {
  return db
    .selectFrom('imageRecipes')
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .where('recipeType', '=', recipeType);
}

export async function countRecipes(db: Database, scope: Scope, recipeType: RecipeType): Promise<number> {
  const { count } = await selectRecipes(db, scope, recipeType)
    .select((select) => select.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Every version of a name. */
export async function readRecipeVersions(
  db: Database,
  scope: Scope,
  recipeType: RecipeType,
  arnName: string,
): Promise<SemanticVersion[]> {
  return await selectRecipes(db, scope, recipeType)
    .select(['major', 'minor', 'patch'])
    .where('arnName', '=', arnName)
    .execute();
}

export async function findRecipe(
  db: Database,
  scope: Scope,
  recipeType: RecipeType,
  resourceId: string,
): Promise<RecipeRow | undefined> {
  return await selectRecipes(db, scope, recipeType).selectAll().where('resourceId', '=', resourceId).executeTakeFirst();
}

export async function existsContainerRecipe(db: Database, scope: Scope, resourceId: string): Promise<boolean> {
  return (await findRecipe(db, scope, containerRecipeType, resourceId)) !== undefined;
}

export async function existsImageRecipe(db: Database, scope: Scope, resourceId: string): Promise<boolean> {
  return (await findRecipe(db, scope, imageRecipeType, resourceId)) !== undefined;
}

/** False when there is one of that name and version already. */
export async function insertRecipe(db: Database, row: Insertable<ImageRecipesTable>): Promise<boolean> {
  const result = await db
    .insertInto('imageRecipes')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function deleteRecipeRow(
  db: Database,
  scope: Scope,
  recipeType: RecipeType,
  resourceId: string,
): Promise<void> {
  await db
    .deleteFrom('imageRecipes')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('recipeType', '=', recipeType)
    .where('resourceId', '=', resourceId)
    .execute();
}

export interface RecipeUse {
  readonly recipeType: RecipeType;
  readonly resourceId: string;
  readonly componentArn: string;
}

/** The recipes of either type that name a component whose ARN begins so, once for each such ARN. */
export async function findRecipesWith(db: Database, scope: Scope, arnPrefix: string): Promise<RecipeUse[]> {
  const { rows } = await sql<RecipeUse>`
    select recipe_type, resource_id, component_arn
    from image_recipes, unnest(component_arns) as component_arn
    where account_id = ${scope.accountId} and region = ${scope.region} and starts_with(component_arn, ${arnPrefix})
    order by recipe_type, resource_id`.execute(db);
  return rows;
}

/** Where a page begins; versions of a name follow each other from old to new. */
export type RecipePosition = readonly [arnName: string, major: number, minor: number, patch: number];

export interface RecipeQuery {
  readonly reach: Reach;
  /** Each list must hold, by any of its values. */
  readonly names: readonly (readonly string[])[];
  readonly parentImages: readonly (readonly string[])[];
  readonly after: RecipePosition | null;
  readonly limit: number;
}

export async function listRecipeRows(
  db: Database,
  scope: Scope,
  recipeType: RecipeType,
  { reach, names, parentImages, after, limit }: RecipeQuery,
): Promise<RecipeRow[]> {
  let select = selectRecipes(db, scope, recipeType).selectAll();
  for (const wanted of names) select = select.where('name', 'in', wanted);
  for (const wanted of parentImages) select = select.where('parentImage', 'in', wanted);
  if (after) select = select.where(sql<boolean>`(arn_name, major, minor, patch) > (${sql.join([...after])})`);
  const isWithinReach = isTaggedWithinReach(reach, scope, recipeType, 'imageRecipes.resourceId');
  if (isWithinReach) select = select.where(isWithinReach);
  return await select.orderBy('arnName').orderBy('major').orderBy('minor').orderBy('patch').limit(limit).execute();
}
