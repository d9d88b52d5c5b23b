import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-imagebuilder';
import type { Database } from '../../../database/tables.ts';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type EmptyResult, type OperationContext, operation } from '../../../operations/operation.ts';
import type { Scope } from '../../../operations/scope.ts';
import { readTags, type TaggedResource } from '../../ssm/tags/repository.ts';
import { addTags, removeTagsFrom } from '../../ssm/tags/service.ts';
import { arnResource, ownResourceId, parseArn } from '../arns.ts';
import { existsComponent } from '../components/repository.ts';
import { componentType } from '../components/tables.ts';
import { distributionConfigurationType } from '../distribution-configurations/tables.ts';
import { resourceNotFound } from '../errors.ts';
import { existsImage } from '../images/repository.ts';
import { imageType } from '../images/tables.ts';
import { infrastructureConfigurationType } from '../infrastructure-configurations/tables.ts';
import {
  existsDistributionConfiguration,
  existsInfrastructureConfiguration,
} from '../named-configurations/repository.ts';
import { existsImagePipeline } from '../pipelines/repository.ts';
import { imagePipelineType } from '../pipelines/tables.ts';
import { existsContainerRecipe, existsImageRecipe } from '../recipes/repository.ts';
import { containerRecipeType, imageRecipeType } from '../recipes/tables.ts';

interface Addressed {
  readonly resourceArn?: string | undefined;
}

/** Which resources exist here, by the type that their ARNs name. */
const existence = new Map<string, (db: Database, scope: Scope, resourceId: string) => Promise<boolean>>([
  [componentType, existsComponent],
  [containerRecipeType, existsContainerRecipe],
  [imageRecipeType, existsImageRecipe],
  [infrastructureConfigurationType, existsInfrastructureConfiguration],
  [imageType, existsImage],
  [distributionConfigurationType, existsDistributionConfiguration],
  [imagePipelineType, existsImagePipeline],
]);

async function findResource({ resourceArn = '' }: Addressed, context: OperationContext): Promise<TaggedResource> {
  const resourceType = parseArn(resourceArn)?.resourceType ?? '';
  const resourceId = ownResourceId(resourceArn, resourceType, context);
  const exists = existence.get(resourceType);
  if (resourceId === undefined || !(await exists?.(context.db, context, resourceId))) {
    throw resourceNotFound(resourceArn);
  }
  return { resourceType, resourceId };
}

async function TagResource(input: CamelCased<TagResourceRequest>, context: OperationContext): Promise<EmptyResult> {
  const tags = Object.entries(input.tags ?? {}).map(([key, value]) => ({ key, value }));
  await addTags(await findResource(input, context), tags, context);
  return {};
}

async function UntagResource(input: CamelCased<UntagResourceRequest>, context: OperationContext): Promise<EmptyResult> {
  await removeTagsFrom(await findResource(input, context), input.tagKeys ?? [], context);
  return {};
}

async function ListTagsForResource(
  input: CamelCased<ListTagsForResourceRequest>,
  context: OperationContext,
): Promise<CamelCased<ListTagsForResourceResponse>> {
  return { tags: await readTags(context.db, context, await findResource(input, context)) };
}

const resource = ({ resourceArn = '' }: Addressed) => arnResource(resourceArn);

export const imageBuilderTagOperations = {
  TagResource: operation({ handle: TagResource, resource }),
  UntagResource: operation({ handle: UntagResource, resource }),
  ListTagsForResource: operation({ handle: ListTagsForResource, resource }),
};
