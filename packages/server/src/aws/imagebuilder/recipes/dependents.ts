import type { SemanticVersion } from '@patchbay/patching';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';
import { ImageBuilderError } from '../errors.ts';
import { isOnlyMatch } from '../needed-matches.ts';
import { findPipelineOfRecipe } from '../pipelines/dependents.ts';
import { readRecipeVersions } from './repository.ts';
import type { RecipeType } from './tables.ts';

/** A recipe that is about to be deleted. */
export interface DeletedRecipe {
  readonly recipeType: RecipeType;
  readonly arnName: string;
  readonly version: SemanticVersion;
  /** Without version: what a reference to any version of it begins with, `arn:…:container-recipe/my-recipe/`. */
  readonly arnPrefix: string;
  /** Whether a reference, with or without x, would name no recipe without this one. */
  readonly isNeededFor: (reference: string) => boolean;
}

/** Finds something that would lose its recipe, and answers its ARN. */
export type FindDependent = (db: Database, scope: Scope, recipe: DeletedRecipe) => Promise<string | undefined>;

/** Whoever keeps references to recipes has a query here. All run under the lock of the definitions. */
const recipeDependents: readonly FindDependent[] = [findPipelineOfRecipe];

/** Refuses to delete a recipe without which something would refer to nothing. */
export async function refuseNeededRecipe(
  db: Database,
  scope: Scope,
  recipe: Omit<DeletedRecipe, 'isNeededFor' | 'arnPrefix'>,
  arn: string,
  dependents = recipeDependents,
): Promise<void> {
  const { recipeType, arnName, version } = recipe;
  const versions = await readRecipeVersions(db, scope, recipeType, arnName);
  const others = versions.filter(
    ({ major, minor, patch }) => major !== version.major || minor !== version.minor || patch !== version.patch,
  );
  const asked: DeletedRecipe = {
    ...recipe,
    arnPrefix: arn.slice(0, arn.lastIndexOf('/') + 1),
    isNeededFor: (reference) =>
      isOnlyMatch(
        reference,
        { version },
        others.map((each) => ({ version: each })),
      ),
  };
  for (const findDependent of dependents) {
    const dependent = await findDependent(db, scope, asked);
    if (dependent === undefined) continue;
    throw new ImageBuilderError(
      'IMAGE_RESOURCE_DEPENDENCY',
      `The resource ${arn} cannot be deleted: ${dependent} refers to it.`,
    );
  }
}
