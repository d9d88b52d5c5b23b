import type { Database } from '../../../database/tables.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import type { Scope } from '../../../operations/scope.ts';
import { formatArn } from '../arns.ts';
import { ImageBuilderError } from '../errors.ts';
import { listPipelinesReferringTo, listPipelinesWithRecipe } from './repository.ts';
import { imagePipelineType as resourceType } from './tables.ts';

/** Refuses to delete a configuration that a pipeline refers to; called with the definitions locked. */
export async function refuseNeededByPipelines(arn: string, context: OperationContext): Promise<void> {
  const [first, ...others] = await listPipelinesReferringTo(context.db, context, arn);
  if (first === undefined) return;
  const { accountId, region } = context;
  // Who is limited by tags may not be allowed to see it.
  const pipeline =
    context.reach.length > 0 ? 'a pipeline' : formatArn({ accountId, region, resourceType, resourceId: first });
  throw new ImageBuilderError(
    'IMAGE_RESOURCE_DEPENDENCY',
    `The resource ${arn} is needed by ${pipeline}${others.length > 0 ? ' and others' : ''}.`,
  );
}

/** The ARN of a pipeline that would lose its recipe; called with the definitions locked. */
export async function findPipelineOfRecipe(
  db: Database,
  scope: Scope,
  { arnPrefix, isNeededFor }: { readonly arnPrefix: string; readonly isNeededFor: (reference: string) => boolean },
): Promise<string | undefined> {
  const pipelines = await listPipelinesWithRecipe(db, scope, arnPrefix);
  const dependent = pipelines.find(({ recipeArn }) => isNeededFor(recipeArn));
  const { accountId, region } = scope;
  return dependent && formatArn({ accountId, region, resourceType, resourceId: dependent.arnName });
}
