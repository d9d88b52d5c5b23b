import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';

export interface TaggedResource {
  readonly resourceType: string;
  readonly resourceId: string;
}

export async function readTags(db: Database, scope: Scope, resource: TaggedResource): Promise<Record<string, string>> {
  const rows = await db
    .selectFrom('resourceTags')
    .select(['key', 'value'])
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('resourceType', '=', resource.resourceType)
    .where('resourceId', '=', resource.resourceId)
    .orderBy('key')
    .execute();
  return Object.fromEntries(rows.map((row) => [row.key, row.value]));
}

/** The tags of several resources of a type, by their ids; those without tags are not in it. */
export async function readTagsOfMany(
  db: Database,
  scope: Scope,
  resourceType: string,
  resourceIds: readonly string[],
): Promise<Map<string, Map<string, string>>> {
  const rows = await db
    .selectFrom('resourceTags')
    .select(['resourceId', 'key', 'value'])
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('resourceType', '=', resourceType)
    .where((where) => where('resourceId', '=', where.fn.any(where.val([...resourceIds]))))
    .execute();
  const tags = new Map<string, Map<string, string>>();
  for (const { resourceId, key, value } of rows) {
    const ofResource = tags.get(resourceId) ?? new Map<string, string>();
    tags.set(resourceId, ofResource.set(key, value));
  }
  return tags;
}

export async function writeTags(
  db: Database,
  scope: Scope,
  resource: TaggedResource,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  const rows = Object.entries(tags).map(([key, value]) => ({
    accountId: scope.accountId,
    region: scope.region,
    ...resource,
    key,
    value,
  }));
  if (rows.length === 0) return;
  await db
    .insertInto('resourceTags')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['accountId', 'region', 'resourceType', 'resourceId', 'key'])
        .doUpdateSet((row) => ({ value: row.ref('excluded.value') })),
    )
    .execute();
}

/** Removes the named tags, or all of them. */
export async function removeTags(
  db: Database,
  scope: Scope,
  resource: TaggedResource,
  keys: readonly string[] | 'all',
): Promise<void> {
  let remove = db
    .deleteFrom('resourceTags')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('resourceType', '=', resource.resourceType)
    .where('resourceId', '=', resource.resourceId);
  if (keys !== 'all') {
    if (keys.length === 0) return;
    remove = remove.where('key', 'in', keys);
  }
  await remove.execute();
}

/** The tags of all resources of one type, by resource. */
export async function readTagsOfType(
  db: Database,
  scope: Scope,
  resourceType: string,
): Promise<Map<string, Record<string, string>>> {
  const rows = await db
    .selectFrom('resourceTags')
    .select(['resourceId', 'key', 'value'])
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('resourceType', '=', resourceType)
    .orderBy('key')
    .execute();
  const byResource = new Map<string, [string, string][]>();
  for (const { resourceId, key, value } of rows) {
    byResource.set(resourceId, [...(byResource.get(resourceId) ?? []), [key, value]]);
  }
  return new Map([...byResource].map(([resourceId, pairs]) => [resourceId, Object.fromEntries(pairs)]));
}
