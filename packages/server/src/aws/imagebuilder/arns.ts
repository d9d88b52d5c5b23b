import { ImageBuilderArnError, parseImageBuilderArn } from '@patchbay/patching';
import type { Resource } from '../../operations/authorize.ts';
import type { Scope } from '../../operations/scope.ts';
import { resourceNotFound } from './errors.ts';

/** What an ARN names, as tags and roles know it. */
export interface AddressedResource extends Scope {
  /** `component`, `workflow/build`: also what `resource_tags` calls the type. */
  readonly resourceType: string;
  /** `my-name/1.0.0/1`: the name, and the version where the type has one. */
  readonly resourceId: string;
}

export function formatArn({ accountId, region, resourceType, resourceId }: AddressedResource): string {
  return `arn:aws:imagebuilder:${region}:${accountId}:${resourceType}/${resourceId}`;
}

/** Undefined for what is no ARN of ours, for instance one of another partition. */
export function parseArn(arn: string): AddressedResource | undefined {
  try {
    const { partition, region, owner, type } = parseImageBuilderArn(arn);
    if (partition !== 'aws') return undefined;
    const resourceId = arn.slice(arn.indexOf(`:${type}/`) + type.length + 2);
    return { region, accountId: owner, resourceType: type, resourceId };
  } catch (error) {
    if (error instanceof ImageBuilderArnError) return undefined;
    throw error;
  }
}

/** The id in an ARN of this type in the caller's own account and region; undefined for any other. */
export function ownResourceId(arn: string, resourceType: string, scope: Scope): string | undefined {
  const parsed = parseArn(arn);
  const isOwn =
    parsed?.resourceType === resourceType && parsed.accountId === scope.accountId && parsed.region === scope.region;
  return isOwn ? parsed.resourceId : undefined;
}

/** The same; throws ImageBuilderError for any other ARN. */
export function getOwnResourceId(arn: string, resourceType: string, scope: Scope): string {
  const resourceId = ownResourceId(arn, resourceType, scope);
  if (resourceId === undefined) throw resourceNotFound(arn);
  return resourceId;
}

/** What a call about an ARN acts on. What belongs to another account is denied; what AWS calls `aws` is everybody's. */
export function arnResource(arn: string): Resource {
  const parsed = parseArn(arn);
  if (!parsed) return { arn, tags: {} };
  const { accountId, resourceType, resourceId } = parsed;
  return {
    arn,
    tags: {},
    tagged: { resourceType, resourceId },
    accountId: /^\d/.test(accountId) ? accountId : undefined,
    isEverybodys: accountId === 'aws',
  };
}
