import type {
  AddTagsToResourceRequest,
  ListTagsForResourceRequest,
  ListTagsForResourceResult,
  RemoveTagsFromResourceRequest,
} from '@aws-sdk/client-ssm';
import type { Database } from '../../../database/tables.ts';
import type { Resource } from '../../../operations/authorize.ts';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type EmptyResult, type OperationContext, operation } from '../../../operations/operation.ts';
import { nodeResource, ssmResource } from '../../../operations/resources.ts';
import { existsDocument } from '../documents/repository.ts';
import { existsNode } from '../instances/repository.ts';
import { existsWindow } from '../maintenance-windows/repository.ts';
import { parameterResource } from '../parameters/names.ts';
import { existsParameter } from '../parameters/repository.ts';
import { existsPatchBaseline } from '../patch-baselines/repository.ts';
import { TagError, tagErrors } from './errors.ts';
import { readTags, type TaggedResource } from './repository.ts';
import { addTags, removeTagsFrom } from './service.ts';

type Addressed = CamelCased<Pick<ListTagsForResourceRequest, 'ResourceType' | 'ResourceId'>>;

/** Which resources exist here, by the names that the tag operations give their types. */
const existence = new Map<string, (db: Database, context: OperationContext, resourceId: string) => Promise<boolean>>([
  ['Document', existsDocument],
  ['ManagedInstance', existsNode],
  ['MaintenanceWindow', existsWindow],
  ['Parameter', existsParameter],
  ['PatchBaseline', existsPatchBaseline],
]);

async function findResource(input: Addressed, context: OperationContext): Promise<TaggedResource> {
  const { resourceType = '', resourceId = '' } = input;
  const exists = existence.get(resourceType);
  if (!exists) {
    throw new TagError(
      'TAG_RESOURCE_TYPE',
      `Resources of type ${resourceType} do not exist here yet; tags can be put on ${[...existence.keys()].join(', ')}.`,
    );
  }
  if (!(await exists(context.db, context, resourceId))) {
    throw new TagError('TAG_RESOURCE_ID', `There is no ${resourceType} ${resourceId}.`);
  }
  return { resourceType, resourceId };
}

function addressedResource(input: Addressed, context: OperationContext): Resource {
  const { resourceType = '', resourceId = '' } = input;
  if (resourceType === 'Parameter') return parameterResource(context, resourceId);
  return resourceType === 'ManagedInstance'
    ? nodeResource(context, resourceId)
    : ssmResource(context, `${resourceType.toLowerCase()}/${resourceId}`, { resourceType, resourceId });
}

async function AddTagsToResource(
  input: CamelCased<AddTagsToResourceRequest>,
  context: OperationContext,
): Promise<EmptyResult> {
  const tags = (input.tags ?? []).map(({ key = '', value = '' }) => ({ key, value }));
  await addTags(await findResource(input, context), tags, context);
  return {};
}

async function RemoveTagsFromResource(
  input: CamelCased<RemoveTagsFromResourceRequest>,
  context: OperationContext,
): Promise<EmptyResult> {
  await removeTagsFrom(await findResource(input, context), input.tagKeys ?? [], context);
  return {};
}

async function ListTagsForResource(
  input: CamelCased<ListTagsForResourceRequest>,
  context: OperationContext,
): Promise<CamelCased<ListTagsForResourceResult>> {
  const tags = await readTags(context.db, context, await findResource(input, context));
  return { tagList: Object.entries(tags).map(([key, value]) => ({ key, value })) };
}

export const tagOperations = {
  AddTagsToResource: operation({ handle: AddTagsToResource, errors: tagErrors, resource: addressedResource }),
  RemoveTagsFromResource: operation({ handle: RemoveTagsFromResource, errors: tagErrors, resource: addressedResource }),
  ListTagsForResource: operation({ handle: ListTagsForResource, errors: tagErrors, resource: addressedResource }),
};
