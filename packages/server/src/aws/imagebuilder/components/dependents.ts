import type { OperationContext } from '../../../operations/operation.ts';
import { formatArn } from '../arns.ts';
import { ImageBuilderError } from '../errors.ts';
import { isOnlyMatch } from '../needed-matches.ts';
import { findRecipesWith } from '../recipes/repository.ts';
import { buildArn, type ComponentBuild, resourceIdOf } from './component-build.ts';
import { readBuildNumbers } from './repository.ts';
import { componentType } from './tables.ts';

/** Refuses to delete a build without which a recipe would name nothing. */
export async function refuseNeededBuild(component: ComponentBuild, context: OperationContext): Promise<void> {
  const { db, accountId, region } = context;
  const prefix = formatArn({ accountId, region, resourceType: componentType, resourceId: `${component.arnName}/` });
  const uses = await findRecipesWith(db, context, prefix);
  if (uses.length === 0) return;
  const builds = await readBuildNumbers(db, context, component.arnName);
  const others = builds.filter(
    (each) => resourceIdOf({ ...each, arnName: component.arnName }) !== resourceIdOf(component),
  );
  const use = uses.find(({ componentArn }) => isOnlyMatch(componentArn, component, others));
  if (use === undefined) return;
  const recipe = formatArn({ accountId, region, resourceType: use.recipeType, resourceId: use.resourceId });
  throw new ImageBuilderError(
    'IMAGE_RESOURCE_DEPENDENCY',
    `The resource ${buildArn(component, context)} cannot be deleted: ${recipe} refers to it as ${use.componentArn}.`,
  );
}
