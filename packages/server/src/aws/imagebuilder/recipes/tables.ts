import type { CreateContainerRecipeRequest, CreateImageRecipeRequest } from '@aws-sdk/client-imagebuilder';
import type { ColumnType } from 'kysely';
import type { CamelCased } from '../../../operations/camel-cased.ts';

/** In ARNs, and what `resource_tags` calls them. */
export const containerRecipeType = 'container-recipe';
export const imageRecipeType = 'image-recipe';
export type RecipeType = typeof containerRecipeType | typeof imageRecipeType;

type Named = 'name' | 'semanticVersion' | 'parentImage' | 'tags' | 'clientToken';

/** What a recipe says besides its name, version and parent image, as it was given. */
export type ContainerRecipeDefinition = Omit<CamelCased<CreateContainerRecipeRequest>, Named>;
export type ImageRecipeDefinition = Omit<CamelCased<CreateImageRecipeRequest>, Named>;

type Fixed<Type> = ColumnType<Type, Type, never>;

/** One version of a recipe; nothing of it ever changes. */
export interface ImageRecipesTable {
  accountId: Fixed<string>;
  region: Fixed<string>;
  recipeType: Fixed<RecipeType>;
  /** The name as ARNs hold it. */
  arnName: Fixed<string>;
  major: Fixed<number>;
  minor: Fixed<number>;
  patch: Fixed<number>;
  /** `my-recipe/1.0.0`: what the ARN ends with. */
  resourceId: ColumnType<string, never, never>;
  /** As it was given. */
  name: Fixed<string>;
  parentImage: Fixed<string>;
  /** Those of the definition, so that who deletes a component finds the recipes that name it. */
  componentArns: Fixed<string[]>;
  definition: ColumnType<ContainerRecipeDefinition | ImageRecipeDefinition, string, never>;
  dateCreated: Fixed<Date>;
}

export interface RecipeTables {
  imageRecipes: ImageRecipesTable;
}
