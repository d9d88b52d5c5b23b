import {
  exactVersion,
  formatSemanticVersion,
  type ImageBuilderArn,
  ImageBuilderArnError,
  nameInArn,
  nextRecipeVersion,
  type ParentImage,
  parseArnOf,
  parseVersionPattern,
  type SemanticVersion,
  selectNewest,
  type VersionPattern,
} from '@patchbay/patching';
import type { Resource } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import type { Scope } from '../../../operations/scope.ts';
import { removeTags } from '../../ssm/tags/repository.ts';
import { tagNewResource } from '../../ssm/tags/service.ts';
import { arnResource, formatArn } from '../arns.ts';
import { lockDefinitions } from '../definitions-lock.ts';
import { resourceExists, resourceNotFound } from '../errors.ts';
import { refuseTooMany } from '../quotas.ts';
import { deletePolicy } from '../resource-policies/repository.ts';
import { checkComponents } from './check-components.ts';
import { refuseNeededRecipe } from './dependents.ts';
import {
  countRecipes,
  deleteRecipeRow,
  findRecipe,
  insertRecipe,
  type RecipeRow,
  readRecipeVersions,
} from './repository.ts';
import type { ContainerRecipeDefinition, ImageRecipeDefinition, RecipeType } from './tables.ts';

export type ReadContext = Pick<OperationContext, 'db' | 'accountId' | 'region'>;

/** `my-recipe/1.0.0`: what tags know a recipe by. */
function resourceIdOf(arnName: string, version: SemanticVersion): string {
  return `${arnName}/${formatSemanticVersion(version)}`;
}

export function recipeArn({ accountId, region }: Scope, resourceType: RecipeType, resourceId: string): string {
  return formatArn({ accountId, region, resourceType, resourceId });
}

/** A recipe as it was asked for, its definition that of its type. */
export interface RecipeRequest<Definition> {
  readonly name: string;
  readonly semanticVersion: string;
  readonly parentImage: string;
  readonly definition: Definition;
  readonly tags: Record<string, string>;
}

/** A recipe as it was made. */
export interface Recipe<Definition> {
  readonly arn: string;
  readonly resourceId: string;
  readonly name: string;
  readonly version: string;
  readonly parentImage: string;
  readonly definition: Definition;
  readonly dateCreated: Date;
}

/** A row as the recipe that it is; whoever reads rows of a type knows what their definitions are. */
export function recipeOf<Definition extends ContainerRecipeDefinition | ImageRecipeDefinition>(
  row: RecipeRow,
  scope: Scope,
): Recipe<Definition> {
  const { recipeType, resourceId, name, parentImage, dateCreated, major, minor, patch } = row;
  return {
    arn: recipeArn(scope, recipeType, resourceId),
    resourceId,
    name,
    version: formatSemanticVersion({ major, minor, patch }),
    parentImage,
    definition: row.definition as Definition,
    dateCreated,
  };
}

interface NewRecipe extends RecipeRequest<ContainerRecipeDefinition | ImageRecipeDefinition> {
  readonly recipeType: RecipeType;
  readonly parent: ParentImage;
  /** What is known of the operating system of the parent image. */
  readonly osVersion: string | undefined;
}

/** Stores a recipe with its tags, under the version that an `x` comes to, and answers its ARN. */
export async function createRecipe(recipe: NewRecipe, context: OperationContext): Promise<string> {
  const { recipeType, name, definition, parentImage, parent } = recipe;
  const { accountId, region, db, now } = context;
  const pattern = parseVersionPattern(recipe.semanticVersion);
  const arnName = nameInArn(name);
  await lockDefinitions(db, context);
  const { components = [] } = definition;
  const osVersion = recipe.osVersion ?? (parent.kind === 'managed' ? parent.image.osVersion : undefined);
  await checkComponents({ components, osVersion, isContainer: recipeType === 'container-recipe' }, context);
  const version = nextRecipeVersion(pattern, await readRecipeVersions(db, context, recipeType, arnName));
  const resourceId = resourceIdOf(arnName, version);
  const arn = recipeArn(context, recipeType, resourceId);
  const count = () => countRecipes(db, context, recipeType);
  await refuseTooMany(`${recipeType}s`, `${recipeType.replace('-', ' ')}s`, count, context);
  const inserted = await insertRecipe(db, {
    accountId,
    region,
    recipeType,
    arnName,
    ...version,
    name,
    parentImage,
    componentArns: components.map(({ componentArn = '' }) => componentArn),
    definition: JSON.stringify(definition),
    dateCreated: now,
  });
  if (!inserted) throw resourceExists(arn);
  const tags = Object.entries(recipe.tags).map(([key, value]) => ({ key, value }));
  await tagNewResource({ resourceType: recipeType, resourceId }, tags, context);
  return arn;
}

/** Undefined for an ARN of another account, region or partition. */
function readOwnArn(text: string, recipeType: RecipeType, { accountId, region }: Scope): ImageBuilderArn | undefined {
  const arn = parseArnOf(text, [recipeType], ['wildcard', 'version']);
  return arn.partition === 'aws' && arn.region === region && arn.owner === accountId ? arn : undefined;
}

/**
 * The recipe that an ARN names, with `x` the newest that it matches; undefined when there is none. Throws ImageBuilderArnError
 * for what is no ARN of such a recipe.
 */
export async function findRecipeByArn(
  text: string,
  recipeType: RecipeType,
  context: ReadContext,
): Promise<RecipeRow | undefined> {
  const arn = readOwnArn(text, recipeType, context);
  if (arn === undefined || arn.version === null) return undefined;
  const version = exactVersion(arn.version) ?? (await findNewest(arn.version, arn.name, recipeType, context));
  return version && (await findRecipe(context.db, context, recipeType, resourceIdOf(arn.name, version)));
}

async function findNewest(pattern: VersionPattern, arnName: string, recipeType: RecipeType, context: ReadContext) {
  const versions = await readRecipeVersions(context.db, context, recipeType, arnName);
  return selectNewest(
    pattern,
    versions.map((version) => ({ version })),
  )?.version;
}

export async function getRecipe(text: string, recipeType: RecipeType, context: ReadContext): Promise<RecipeRow> {
  const recipe = await findRecipeByArn(text, recipeType, context);
  if (!recipe) throw resourceNotFound(text);
  return recipe;
}

export async function deleteRecipe(text: string, recipeType: RecipeType, context: OperationContext): Promise<void> {
  parseArnOf(text, [recipeType], ['version']);
  const { db } = context;
  await lockDefinitions(db, context);
  const { arnName, major, minor, patch, resourceId } = await getRecipe(text, recipeType, context);
  const arn = recipeArn(context, recipeType, resourceId);
  await refuseNeededRecipe(db, context, { recipeType, arnName, version: { major, minor, patch } }, arn);
  await deleteRecipeRow(db, context, recipeType, resourceId);
  await removeTags(db, context, { resourceType: recipeType, resourceId }, 'all');
  await deletePolicy(db, context, { resourceType: recipeType, resourceId });
}

/** What a call acts on that names a recipe: the version that it comes to, whose tags decide. */
export async function recipeResource(
  text: string,
  recipeType: RecipeType,
  context: OperationContext,
): Promise<Resource> {
  try {
    const recipe = await findRecipeByArn(text, recipeType, context);
    return arnResource(recipe ? recipeArn(context, recipeType, recipe.resourceId) : text);
  } catch (error) {
    // The operation says what is wrong with it.
    if (error instanceof ImageBuilderArnError) return arnResource(text);
    throw error;
  }
}

/** The recipe that is to be made, under the version that was asked for. */
export function newRecipeResource(
  {
    name = '',
    semanticVersion = '',
  }: { readonly name?: string | undefined; readonly semanticVersion?: string | undefined },
  recipeType: RecipeType,
  scope: Scope,
): Resource {
  return arnResource(recipeArn(scope, recipeType, `${nameInArn(name)}/${semanticVersion}`));
}
