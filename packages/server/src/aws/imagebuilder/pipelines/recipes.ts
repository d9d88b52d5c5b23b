import type { OperationContext } from '../../../operations/operation.ts';
import type { TaggedResource } from '../../ssm/tags/repository.ts';
import { ownResourceId, parseArn } from '../arns.ts';

/** The recipe that an ARN comes to in the caller's account and region: with `x`, the newest that matches. */
export async function findRecipe(arn: string, context: OperationContext): Promise<TaggedResource | undefined> {
  const resourceType = parseArn(arn)?.resourceType ?? '';
  const resourceId = ownResourceId(arn, resourceType, context);
  return resourceId === undefined ? undefined : { resourceType, resourceId };
}
