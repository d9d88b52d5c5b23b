import { isWithinReach } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { readTags, type TaggedResource } from '../../ssm/tags/repository.ts';
import { ownResourceId, parseArn } from '../arns.ts';
import { distributionConfigurationType } from '../distribution-configurations/tables.ts';
import { ImageBuilderError, invalidValue } from '../errors.ts';
import { infrastructureConfigurationType } from '../infrastructure-configurations/tables.ts';
import {
  existsDistributionConfiguration,
  existsInfrastructureConfiguration,
} from '../named-configurations/repository.ts';
import { findRecipe } from './recipes.ts';
import type { PipelineDefinition } from './tables.ts';

/** The ARNs that a pipeline's definition consists of. */
export interface PipelineReferences {
  readonly recipeArn: string;
  readonly infrastructureConfigurationArn: string;
  readonly distributionConfigurationArn: string | null;
}

/** Reads which recipe and configurations a pipeline names: of the two kinds of recipes exactly one. */
export function readReferences({
  imageRecipeArn,
  containerRecipeArn,
  infrastructureConfigurationArn = '',
  distributionConfigurationArn,
}: PipelineDefinition): PipelineReferences {
  const recipeArn = imageRecipeArn ?? containerRecipeArn;
  if (recipeArn === undefined || (imageRecipeArn !== undefined && containerRecipeArn !== undefined)) {
    const what =
      recipeArn === undefined
        ? 'Neither imageRecipeArn nor containerRecipeArn is given'
        : 'Both imageRecipeArn and containerRecipeArn are given';
    throw new ImageBuilderError('IMAGE_PARAMETER_COMBINATION', `${what}: give one of them.`);
  }
  return {
    recipeArn,
    infrastructureConfigurationArn,
    distributionConfigurationArn: distributionConfigurationArn ?? null,
  };
}

/** The resource that an ARN comes to in the caller's account and region, if it exists. */
async function findReferenced(arn: string, context: OperationContext): Promise<TaggedResource | undefined> {
  const resourceType = parseArn(arn)?.resourceType ?? '';
  if (resourceType.endsWith('-recipe')) return await findRecipe(arn, context);
  const resourceId = ownResourceId(arn, resourceType, context);
  if (resourceId === undefined) return undefined;
  const exists =
    resourceType === infrastructureConfigurationType
      ? await existsInfrastructureConfiguration(context.db, context, resourceId)
      : resourceType === distributionConfigurationType &&
        (await existsDistributionConfiguration(context.db, context, resourceId));
  return exists ? { resourceType, resourceId } : undefined;
}

/**
 * Refuses a pipeline that names what does not exist. Who is limited by tags can change a pipeline, but not bring in what lies
 * out of reach: a recipe says what runs as root on a builder. `kept` is what the pipeline named before.
 */
export async function checkReferences(
  references: PipelineReferences,
  context: OperationContext,
  kept: PipelineReferences | null = null,
): Promise<void> {
  const { recipeArn, infrastructureConfigurationArn, distributionConfigurationArn } = references;
  const recipeMember = recipeArn.includes(':image-recipe/') ? 'imageRecipeArn' : 'containerRecipeArn';
  const named: readonly (readonly [string, string | null, string | null | undefined])[] = [
    [recipeMember, recipeArn, kept?.recipeArn],
    ['infrastructureConfigurationArn', infrastructureConfigurationArn, kept?.infrastructureConfigurationArn],
    ['distributionConfigurationArn', distributionConfigurationArn, kept?.distributionConfigurationArn],
  ];
  for (const [member, arn, before] of named) {
    if (arn === null) continue;
    const found = await findReferenced(arn, context);
    if (found === undefined) throw invalidValue(member, `The resource ${arn} does not exist.`);
    if (context.reach.length === 0 || arn === before) continue;
    if (!isWithinReach(await readTags(context.db, context, found), context.reach)) {
      throw invalidValue(member, `The resource ${arn} does not carry the tags that limit what you may change.`);
    }
  }
}
