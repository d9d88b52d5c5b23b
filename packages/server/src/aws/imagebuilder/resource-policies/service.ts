import type { OperationContext } from '../../../operations/operation.ts';
import type { TaggedResource } from '../../ssm/tags/repository.ts';
import { ImageBuilderError, invalidValue } from '../errors.ts';
import { readPolicy, writePolicy } from './repository.ts';

/** The policy of a resource that exists; `arn` as the caller wrote it. */
export async function getResourcePolicy(
  arn: string,
  resource: TaggedResource,
  context: OperationContext,
): Promise<string> {
  const policy = await readPolicy(context.db, context, resource);
  if (policy === undefined) {
    throw new ImageBuilderError('IMAGE_RESOURCE_NOT_FOUND', `The resource ${arn} has no policy.`);
  }
  return policy;
}

/** Keeps the policy of a resource that exists. */
export async function putResourcePolicy(
  resource: TaggedResource,
  policy: string,
  context: OperationContext,
): Promise<void> {
  if (!isJsonObject(policy)) throw invalidValue('policy', 'It must be an object in JSON.');
  await writePolicy(context.db, context, resource, policy);
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
