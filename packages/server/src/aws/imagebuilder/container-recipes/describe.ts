import type { ContainerRecipe } from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { readTags } from '../../ssm/tags/repository.ts';
import { getRecipe, type ReadContext } from '../recipes/service.ts';
import { containerRecipeType } from '../recipes/tables.ts';
import { containerRecipeOf } from './service.ts';

/** The recipe of an ARN as it is shown, with the template that it is built by. */
export async function readWireContainerRecipe(
  containerRecipeArn: string,
  context: ReadContext,
): Promise<CamelCased<ContainerRecipe>> {
  const row = await getRecipe(containerRecipeArn, containerRecipeType, context);
  const { arn, resourceId, name, version, parentImage, dateCreated, definition } = containerRecipeOf(row, context);
  const { containerType, description, components, instanceConfiguration, workingDirectory } = definition;
  return {
    arn,
    containerType,
    name,
    description,
    platform: 'Linux',
    owner: context.accountId,
    version,
    components,
    instanceConfiguration,
    dockerfileTemplateData: definition.dockerfileTemplateData,
    encrypted: false,
    parentImage,
    dateCreated: dateCreated.toISOString(),
    tags: await readTags(context.db, context, { resourceType: containerRecipeType, resourceId }),
    workingDirectory,
    targetRepository: definition.targetRepository,
  };
}
