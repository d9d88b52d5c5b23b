import {
  DockerfileError,
  defaultDockerfileTemplate,
  findComponentsProblem,
  readDockerfileTemplate,
} from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { refuseUnbuildable } from '../components/service.ts';
import { ImageBuilderError, invalidValue, notOffered } from '../errors.ts';
import { checkParentImage } from '../recipes/check-parent-image.ts';
import type { RecipeRow } from '../recipes/repository.ts';
import {
  createRecipe,
  getRecipe,
  type ReadContext,
  type Recipe,
  type RecipeRequest,
  recipeOf,
} from '../recipes/service.ts';
import { type ContainerRecipeDefinition, containerRecipeType } from '../recipes/tables.ts';

/** A container recipe as it was made, with the template that it builds by. */
export type ContainerRecipe = Recipe<ContainerRecipeDefinition & { readonly dockerfileTemplateData: string }>;

function checkTemplate({
  dockerfileTemplateData: template,
  dockerfileTemplateUri: uri,
  components,
}: ContainerRecipeDefinition) {
  if (template !== undefined && uri !== undefined) {
    throw new ImageBuilderError(
      'IMAGE_PARAMETER_COMBINATION',
      'Both dockerfileTemplateData and dockerfileTemplateUri are given: give one of them.',
    );
  }
  if (uri !== undefined) {
    throw notOffered('dockerfileTemplateUri', 'it reads nothing from S3. Give the text in dockerfileTemplateData.');
  }
  if (template === undefined) return;
  try {
    const steps = readDockerfileTemplate(template);
    const problem = components === undefined ? null : findComponentsProblem(steps);
    if (problem !== null) throw invalidValue('dockerfileTemplateData', `In the template ${problem}.`);
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    throw invalidValue('dockerfileTemplateData', error.message);
  }
}

/** Stores a recipe that can be built, as far as that can be known now, and answers its ARN. */
export async function createContainerRecipe(
  recipe: RecipeRequest<ContainerRecipeDefinition>,
  context: OperationContext,
): Promise<string> {
  const { definition, parentImage } = recipe;
  const { kmsKeyId, platformOverride, imageOsVersionOverride } = definition;
  refuseUnbuildable({ kmsKeyId });
  if (platformOverride !== undefined && platformOverride !== 'Linux') {
    throw notOffered('platformOverride', 'it builds images of Linux only.');
  }
  checkTemplate(definition);
  return await createRecipe(
    {
      ...recipe,
      recipeType: containerRecipeType,
      parent: checkParentImage(parentImage, context),
      osVersion: imageOsVersionOverride,
    },
    context,
  );
}

/** A recipe that gives no template is built by the default one. */
export function containerRecipeOf(row: RecipeRow, context: ReadContext): ContainerRecipe {
  const { definition, ...recipe } = recipeOf<ContainerRecipeDefinition>(row, context);
  const { dockerfileTemplateData = defaultDockerfileTemplate } = definition;
  return { ...recipe, definition: { ...definition, dockerfileTemplateData } };
}

/** The recipe that an ARN names, with `x` the newest; throws ImageBuilderError where there is none. */
export async function readContainerRecipe(arn: string, context: ReadContext): Promise<ContainerRecipe> {
  return containerRecipeOf(await getRecipe(arn, containerRecipeType, context), context);
}
