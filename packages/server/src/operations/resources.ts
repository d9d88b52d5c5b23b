import type { Resource } from './authorize.ts';
import type { Scope } from './scope.ts';

/** A managed node as a resource. Its tags are read by the pipeline when a decision needs them. */
export function nodeResource(scope: Scope, instanceId: string): Resource {
  return {
    arn: `arn:aws:ssm:${scope.region}:${scope.accountId}:managed-instance/${instanceId}`,
    tags: {},
    instanceId,
    tagged: { resourceType: 'ManagedInstance', resourceId: instanceId },
  };
}

/** Any other resource of SSM: `patchbaseline/pb-…`, `document/…`. */
export function ssmResource(scope: Scope, path: string, tagged?: Resource['tagged']): Resource {
  return { arn: `arn:aws:ssm:${scope.region}:${scope.accountId}:${path}`, tags: {}, tagged };
}
