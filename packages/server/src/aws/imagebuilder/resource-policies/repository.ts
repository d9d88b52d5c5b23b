import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';
import type { TaggedResource } from '../../ssm/tags/repository.ts';

export async function readPolicy(db: Database, scope: Scope, resource: TaggedResource): Promise<string | undefined> {
  const row = await db
    .selectFrom('imageResourcePolicies')
    .select('policy')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('resourceType', '=', resource.resourceType)
    .where('resourceId', '=', resource.resourceId)
    .executeTakeFirst();
  return row?.policy;
}

export async function writePolicy(db: Database, scope: Scope, resource: TaggedResource, policy: string): Promise<void> {
  const { accountId, region } = scope;
  const { resourceType, resourceId } = resource;
  await db
    .insertInto('imageResourcePolicies')
    .values({ accountId, region, resourceType, resourceId, policy })
    .onConflict((conflict) =>
      conflict.columns(['accountId', 'region', 'resourceType', 'resourceId']).doUpdateSet({ policy }),
    )
    .execute();
}

/** A resource that is deleted leaves no policy to the next of its name. */
export async function deletePolicy(db: Database, scope: Scope, resource: TaggedResource): Promise<void> {
  await db
    .deleteFrom('imageResourcePolicies')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('resourceType', '=', resource.resourceType)
    .where('resourceId', '=', resource.resourceId)
    .execute();
}
