import type { ContainerRecipe } from '@aws-sdk/client-imagebuilder';
import { AppError } from '@patchbay/facts';
import { type ResolvedDependency, readParentImage } from '@patchbay/patching';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { buildArn } from '../components/component-build.ts';
import { findComponent } from '../components/service.ts';
import type { BuildContext } from './build-context.ts';
import { findImage, imageArn } from './find-image.ts';

type Recipe = Pick<CamelCased<ContainerRecipe>, 'arn' | 'components' | 'parentImage'>;

/**
 * What a build by a recipe would be made from now. Which version of a base image there is, and what a tag of a registry
 * names, only builders know: that is null here, and known of an image when it is built.
 */
export async function resolveDependencies(recipe: Recipe, context: BuildContext): Promise<ResolvedDependency[]> {
  const { arn = '', components = [], parentImage = '' } = recipe;
  const resolved = components.map(async ({ componentArn = '' }) => {
    const component = await findComponent(componentArn, context);
    const build = component ? buildArn(component, context) : null;
    return { kind: 'component' as const, reference: componentArn, resolved: build };
  });
  return [
    { kind: 'recipe', reference: arn, resolved: arn },
    { kind: 'parent', reference: parentImage, resolved: await resolveParent(parentImage, context) },
    ...(await Promise.all(resolved)),
  ];
}

async function resolveParent(text: string, context: BuildContext): Promise<string | null> {
  if (readParentImage(text).kind !== 'own') return null;
  try {
    return imageArn(await findImage(text, context));
  } catch (error) {
    if (error instanceof AppError && error.code === 'IMAGE_RESOURCE_NOT_FOUND') return null;
    throw error;
  }
}
