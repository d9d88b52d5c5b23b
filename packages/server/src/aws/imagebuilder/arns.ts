import type { Resource } from '../../operations/authorize.ts';
import type { Scope } from '../../operations/scope.ts';

/** `arn:aws:imagebuilder:us-east-1:123456789012:component/my-name/1.0.0/1`, taken apart. */
export interface ImageBuilderArn extends Scope {
  /** `component`, `workflow/build`: also what `resource_tags` calls the type. */
  readonly resourceType: string;
  /** `my-name/1.0.0/1`: the name, and the version where the type has one. */
  readonly resourceId: string;
}

/** ARNs hold names in small letters, with hyphens for spaces. */
export function arnNameOf(name: string): string {
  return name.toLowerCase().replaceAll(' ', '-');
}

export function formatArn({ accountId, region, resourceType, resourceId }: ImageBuilderArn): string {
  return `arn:aws:imagebuilder:${region}:${accountId}:${resourceType}/${resourceId}`;
}

const arnForm = /^arn:aws:imagebuilder:([^:]+):([^:]+):((?:workflow\/)?[a-z-]+)\/(.+)$/;

/** Undefined for what is no ARN of ours, for instance one of another partition. */
export function parseArn(arn: string): ImageBuilderArn | undefined {
  const [, region, accountId, resourceType, resourceId] = arnForm.exec(arn) ?? [];
  if (!region || !accountId || !resourceType || !resourceId) return undefined;
  return { region, accountId, resourceType, resourceId };
}

/** The id in an ARN of this type in the caller's own account and region; undefined for any other. */
export function ownResourceId(arn: string, resourceType: string, scope: Scope): string | undefined {
  const parsed = parseArn(arn);
  const isOwn =
    parsed?.resourceType === resourceType && parsed.accountId === scope.accountId && parsed.region === scope.region;
  return isOwn ? parsed.resourceId : undefined;
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
  };
}
