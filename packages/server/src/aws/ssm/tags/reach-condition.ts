import { type RawBuilder, sql } from 'kysely';
import type { Reach } from '../../../operations/authorize.ts';
import type { Scope } from '../../../operations/scope.ts';

/** Ids of the resources of a kind that carry a tag with one of the values. */
function withTag(scope: Scope, resourceType: string, key: string, values: readonly string[]): RawBuilder<boolean> {
  return sql`
    select resource_id from resource_tags
    where account_id = ${scope.accountId} and region = ${scope.region} and resource_type = ${resourceType}
      and key = ${key} and value = any(${[...values]}::text[])`;
}

/**
 * Holds where the resource of a type whose id is in the column is within reach; undefined where all are, so that queries of
 * callers without limits stay as they are. The column is named with its table: `nodes.instanceId`.
 */
export function isTaggedWithinReach(
  reach: Reach,
  scope: Scope,
  resourceType: string,
  column: string,
): RawBuilder<boolean> | undefined {
  if (reach.length === 0) return undefined;
  const conditions = reach.map((alternatives) => {
    const each = alternatives.map((limits) => {
      const tests = limits.map(
        ({ key, values }) => sql`${sql.ref(column)} in (${withTag(scope, resourceType, key, values)})`,
      );
      return tests.length === 0 ? sql`true` : sql`(${sql.join(tests, sql` and `)})`;
    });
    return each.length === 0 ? sql`false` : sql`(${sql.join(each, sql` or `)})`;
  });
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

/** The same for nodes. */
export function isNodeWithinReach(reach: Reach, scope: Scope, column: string): RawBuilder<boolean> | undefined {
  return isTaggedWithinReach(reach, scope, 'ManagedInstance', column);
}
