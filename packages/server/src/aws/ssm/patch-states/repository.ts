import { PATCH_GROUP_TAG_KEYS } from '@patchbay/patching';
import { type ExpressionBuilder, sql } from 'kysely';
import type { Database, Tables } from '../../../database/tables.ts';
import type { Reach } from '../../../operations/authorize.ts';
import type { Scope } from '../../../operations/scope.ts';
import type { PatchOperation } from '../../../patchbay/patch-operations/repository.ts';
import { isNodeWithinReach } from '../tags/reach-condition.ts';

/** A comparison of one of the counts with a number. */
export interface CountCondition {
  readonly count: string;
  readonly comparison: '=' | '<>' | '<' | '>';
  readonly value: number;
}

export interface GroupQuery {
  readonly conditions: readonly CountCondition[];
  /** Results that ended before then have one more failure, the doubt about them, and so have those of quarantined nodes. */
  readonly freshSince: Date;
  readonly afterInstanceId: string;
  readonly limit: number;
}

/** A patch group as a caller sees it: the nodes of it that are within reach. */
export interface SeenGroup {
  readonly patchGroup: string;
  readonly reach: Reach;
}

/** The group that the tags of a node name: `patchGroupOf` of `patching`, as SQL. */
function isInGroup(where: ExpressionBuilder<Tables, 'nodes'>, patchGroup: string) {
  const tag = (key: (typeof PATCH_GROUP_TAG_KEYS)[number]) =>
    where
      .selectFrom('resourceTags')
      .select('resourceTags.value')
      .whereRef('resourceTags.accountId', '=', 'nodes.accountId')
      .whereRef('resourceTags.region', '=', 'nodes.region')
      .where('resourceTags.resourceType', '=', 'ManagedInstance')
      .whereRef('resourceTags.resourceId', '=', 'nodes.instanceId')
      .where('resourceTags.key', '=', key);
  const [first, second] = PATCH_GROUP_TAG_KEYS;
  return where(where.fn.coalesce(tag(first), tag(second)), '=', patchGroup);
}

/** The registered nodes of a group. */
function selectNodes(db: Database, scope: Scope, { patchGroup, reach }: SeenGroup) {
  const withinReach = isNodeWithinReach(reach, scope, 'nodes.instanceId');
  const nodes = db
    .selectFrom('nodes')
    .where('nodes.accountId', '=', scope.accountId)
    .where('nodes.region', '=', scope.region)
    .where('nodes.deregisteredAt', 'is', null)
    .where((where) => isInGroup(where, patchGroup));
  return withinReach ? nodes.where(withinReach) : nodes;
}

/** How many registered nodes are in a patch group, scanned or not. */
export async function countNodesOfGroup(db: Database, scope: Scope, group: SeenGroup): Promise<number> {
  const row = await selectNodes(db, scope, group)
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return row.count;
}

function selectOperations(db: Database, scope: Scope, group: SeenGroup) {
  return db
    .selectFrom('newestPatchOperations')
    .innerJoin('patchOperations', 'patchOperations.operationId', 'newestPatchOperations.operationId')
    .innerJoin('nodes', 'nodes.instanceId', 'newestPatchOperations.instanceId')
    .where('newestPatchOperations.instanceId', 'in', selectNodes(db, scope, group).select('nodes.instanceId'));
}

/** One page of the operations that speak for the nodes of a group, in the order of their ids. */
export async function pageOperationsOfGroup(
  db: Database,
  scope: Scope,
  group: SeenGroup,
  query: GroupQuery,
): Promise<PatchOperation[]> {
  let select = selectOperations(db, scope, group).where('newestPatchOperations.instanceId', '>', query.afterInstanceId);
  for (const { count, comparison, value } of query.conditions) {
    const stored = sql<number>`coalesce((patch_operations.counts ->> ${count})::bigint, 0)`;
    const doubt = sql<number>`case when patch_operations.status <> 'unknown' and (patch_operations.ended_at < ${query.freshSince} or nodes.quarantined_at is not null) then 1 else 0 end`;
    const now = count === 'failedCount' ? sql<number>`(${stored} + ${doubt})` : stored;
    select = select.where(now, comparison, value);
  }
  return await select
    .selectAll('patchOperations')
    .orderBy('newestPatchOperations.instanceId')
    .limit(query.limit)
    .execute();
}

/** The counts of every scanned node of a group. */
export async function listCountsOfGroup(
  db: Database,
  scope: Scope,
  group: SeenGroup,
): Promise<(Pick<PatchOperation, 'counts' | 'status' | 'endedAt'> & { readonly quarantineReason: string | null })[]> {
  return await selectOperations(db, scope, group)
    .select(['patchOperations.counts', 'patchOperations.status', 'patchOperations.endedAt', 'nodes.quarantineReason'])
    .execute();
}
