import type { Insertable, Selectable, Updateable } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Reach } from '../../../operations/authorize.ts';
import type { Scope } from '../../../operations/scope.ts';
import { isNodeWithinReach } from '../tags/reach-condition.ts';
import type { NodesTable } from './tables.ts';

export type Node = Selectable<NodesTable>;

export async function insertNode(db: Database, node: Insertable<NodesTable>): Promise<void> {
  await db.insertInto('nodes').values(node).execute();
}

/** A registered node, whichever account it belongs to: its key has yet to prove who it is. */
export async function findRegisteredNode(db: Database, instanceId: string): Promise<Node | undefined> {
  return await db
    .selectFrom('nodes')
    .selectAll()
    .where('instanceId', '=', instanceId)
    .where('deregisteredAt', 'is', null)
    .executeTakeFirst();
}

export async function findNode(db: Database, scope: Scope, instanceId: string): Promise<Node | undefined> {
  const node = await findRegisteredNode(db, instanceId);
  return node?.accountId === scope.accountId && node.region === scope.region ? node : undefined;
}

export async function existsNode(db: Database, scope: Scope, instanceId: string): Promise<boolean> {
  return (await findNode(db, scope, instanceId)) !== undefined;
}

/** The names that nodes were enrolled with, by their ids; those without one are not there. */
export async function readNodeNames(db: Database, instanceIds: readonly string[]): Promise<Map<string, string>> {
  if (instanceIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('nodes')
    .select(['instanceId', 'name'])
    .where((where) => where('instanceId', '=', where.fn.any(where.val([...instanceIds]))))
    .where('name', 'is not', null)
    .$narrowType<{ name: string }>()
    .execute();
  return new Map(rows.map(({ instanceId, name }) => [instanceId, name]));
}

export async function updateNode(db: Database, instanceId: string, change: Updateable<NodesTable>): Promise<void> {
  await db.updateTable('nodes').set(change).where('instanceId', '=', instanceId).execute();
}

/** A tag under one of the keys with one of the values; no values: whatever the value. */
export interface TagCondition {
  readonly keys: readonly string[];
  readonly values: readonly string[];
}

/** Ids of registered nodes within reach that meet every one of the conditions. */
export async function findNodesByTags(
  db: Database,
  scope: Scope,
  conditions: readonly TagCondition[],
  reach: Reach = [],
): Promise<string[]> {
  let select = db
    .selectFrom('nodes')
    .select('instanceId')
    .where('nodes.accountId', '=', scope.accountId)
    .where('nodes.region', '=', scope.region)
    .where('deregisteredAt', 'is', null);
  for (const { keys, values } of conditions) {
    select = select.where((where) =>
      where.exists(
        where
          .selectFrom('resourceTags')
          .select('resourceTags.key')
          .whereRef('resourceTags.accountId', '=', 'nodes.accountId')
          .whereRef('resourceTags.region', '=', 'nodes.region')
          .where('resourceType', '=', 'ManagedInstance')
          .whereRef('resourceId', '=', 'nodes.instanceId')
          .where('resourceTags.key', 'in', keys)
          .$if(values.length > 0, (query) => query.where('resourceTags.value', 'in', values)),
      ),
    );
  }
  const withinReach = isNodeWithinReach(reach, scope, 'nodes.instanceId');
  if (withinReach) select = select.where(withinReach);
  return (await select.orderBy('instanceId').execute()).map((row) => row.instanceId);
}

/** Those of the nodes, registered or not, that are within reach, in the order in which they were given. */
export async function keepWithinReach(
  db: Database,
  scope: Scope,
  instanceIds: readonly string[],
  reach: Reach,
): Promise<string[]> {
  const withinReach = isNodeWithinReach(reach, scope, 'nodes.instanceId');
  if (!withinReach || instanceIds.length === 0) return [...instanceIds];
  const rows = await db
    .selectFrom('nodes')
    .select('instanceId')
    .where((where) => where('instanceId', '=', where.fn.any(where.val([...instanceIds]))))
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where(withinReach)
    .execute();
  const kept = new Set(rows.map(({ instanceId }) => instanceId));
  return instanceIds.filter((instanceId) => kept.has(instanceId));
}

export interface NodeQuery {
  readonly instanceIds?: readonly string[] | undefined;
  readonly columns: readonly {
    readonly column: 'activationId' | 'agentVersion' | 'iamRole' | 'platformType';
    readonly values: readonly string[];
  }[];
  /** `online`: heard of since then; `lost`: not. */
  readonly ping?: { readonly state: 'online' | 'lost'; readonly since: Date } | undefined;
  readonly reach: Reach;
  readonly afterInstanceId: string;
  readonly limit: number;
}

/** One page of registered nodes in the order of their ids. */
export async function listNodes(db: Database, scope: Scope, query: NodeQuery): Promise<Node[]> {
  let select = db
    .selectFrom('nodes')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('deregisteredAt', 'is', null)
    // A node that enrolled and never reported is no information yet.
    .where('lastPingAt', 'is not', null)
    .where('instanceId', '>', query.afterInstanceId);
  if (query.instanceIds) {
    if (query.instanceIds.length === 0) return [];
    select = select.where('instanceId', 'in', query.instanceIds);
  }
  const withinReach = isNodeWithinReach(query.reach, scope, 'nodes.instanceId');
  if (withinReach) select = select.where(withinReach);
  for (const { column, values } of query.columns) select = select.where(column, 'in', values);
  if (query.ping) select = select.where('lastPingAt', query.ping.state === 'online' ? '>=' : '<', query.ping.since);
  return await select.orderBy('instanceId').limit(query.limit).execute();
}
