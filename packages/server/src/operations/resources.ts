import type { Resource } from './authorize.ts';
import type { Scope } from './scope.ts';

/** A managed node as a resource. */
export function nodeResource(scope: Scope, instanceId: string, tags: Readonly<Record<string, string>> = {}): Resource {
  return { arn: `arn:aws:ssm:${scope.region}:${scope.accountId}:managed-instance/${instanceId}`, tags, instanceId };
}

/** Any other resource of SSM: `patchbaseline/pb-…`, `document/…`. */
export function ssmResource(scope: Scope, path: string, tags: Readonly<Record<string, string>> = {}): Resource {
  return { arn: `arn:aws:ssm:${scope.region}:${scope.accountId}:${path}`, tags };
}
