import type { ExpressionBuilder, Insertable, Selectable, Updateable } from 'kysely';
import type { Database, Tables } from '../../../database/tables.ts';
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

/** The node with its row locked: reports of two machines are held against each other one after another. */
export async function lockNode(db: Database, instanceId: string): Promise<Node | undefined> {
  return await db
    .selectFrom('nodes')
    .selectAll()
    .where('instanceId', '=', instanceId)
    .where('deregisteredAt', 'is', null)
    .forUpdate()
    .executeTakeFirst();
}

/** A node that is registered or was: its history outlives it. */
export async function findKnownNode(db: Database, scope: Scope, instanceId: string): Promise<Node | undefined> {
  return await db
    .selectFrom('nodes')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('instanceId', '=', instanceId)
    .executeTakeFirst();
}

/** The node that last enrolled with a fingerprint. */
export async function findNodeByFingerprint(
  db: Database,
  scope: Scope,
  fingerprint: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('nodes')
    .select('instanceId')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('fingerprint', '=', fingerprint)
    .orderBy('registrationDate', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.instanceId;
}

/** The newest other node that was this machine. One that is still online is a second machine, or a second agent on it. */
export async function findPreviousLife(
  db: Database,
  node: Node,
  machineIdHash: string,
  onlineSince: Date,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('nodes')
    .select('instanceId')
    .where('accountId', '=', node.accountId)
    .where('region', '=', node.region)
    .where('machineIdHash', '=', machineIdHash)
    .where('instanceId', '!=', node.instanceId)
    .where('registrationDate', '<=', node.registrationDate)
    .where((where) =>
      where.or([
        where('deregisteredAt', 'is not', null),
        where('stoppedAt', 'is not', null),
        where('lastPingAt', '<', onlineSince),
      ]),
    )
    .orderBy('registrationDate', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.instanceId;
}

/** The node that this one became when its machine enrolled again. */
export async function findNextNode(db: Database, instanceId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('nodes')
    .select('instanceId')
    .where('previousInstanceId', '=', instanceId)
    .orderBy('registrationDate', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.instanceId;
}

/** Why nodes are in quarantine, by their ids; those that are not are not there. */
export async function readQuarantines(db: Database, instanceIds: readonly string[]): Promise<Map<string, string>> {
  if (instanceIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('nodes')
    .select(['instanceId', 'quarantineReason'])
    .where((where) => where('instanceId', '=', where.fn.any(where.val([...instanceIds]))))
    .where('quarantinedAt', 'is not', null)
    .execute();
  return new Map(rows.map(({ instanceId, quarantineReason }) => [instanceId, quarantineReason ?? '']));
}

/** Takes nodes that were silent since a moment out of the lists. They come back with their next ping. */
export async function archiveSilentNodes(db: Database, silentSince: Date, now: Date): Promise<string[]> {
  const rows = await db
    .updateTable('nodes')
    .set({ archivedAt: now })
    .where('archivedAt', 'is', null)
    .where('deregisteredAt', 'is', null)
    .where((where) => where(where.fn.coalesce('lastPingAt', 'registrationDate'), '<', silentSince))
    .returning('instanceId')
    .execute();
  return rows.map((row) => row.instanceId);
}

/** One page of all nodes within reach that were ever registered, in the order of their ids. */
export async function pageKnownNodes(
  db: Database,
  scope: Scope,
  query: {
    readonly includeArchived: boolean;
    readonly includeDeregistered: boolean;
    readonly reach: Reach;
    readonly afterInstanceId: string;
    readonly limit: number;
  },
): Promise<Node[]> {
  const withinReach = isNodeWithinReach(query.reach, scope, 'nodes.instanceId');
  const nodes = db
    .selectFrom('nodes')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .$if(!query.includeArchived, (select) =>
      select.where((where) => where.or([where('archivedAt', 'is', null), where('deregisteredAt', 'is not', null)])),
    )
    .$if(!query.includeDeregistered, (select) => select.where('deregisteredAt', 'is', null))
    .where('instanceId', '>', query.afterInstanceId);
  const seen = withinReach ? nodes.where(withinReach) : nodes;
  return await seen.orderBy('instanceId').limit(query.limit).execute();
}

export async function existsNode(db: Database, scope: Scope, instanceId: string): Promise<boolean> {
  return (await findNode(db, scope, instanceId)) !== undefined;
}

/** Which of the ids name no registered node of this account and region. */
export async function findUnknownNodes(db: Database, scope: Scope, instanceIds: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('nodes')
    .select('instanceId')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('deregisteredAt', 'is', null)
    .where((where) => where('instanceId', '=', where.fn.any(where.val([...instanceIds]))))
    .execute();
  const known = new Set(rows.map((row) => row.instanceId));
  return instanceIds.filter((instanceId) => !known.has(instanceId));
}

/** What a command needs to know of a node before it goes there. */
export type CommandedNode = Pick<
  Node,
  'instanceId' | 'name' | 'platformType' | 'quarantineReason' | 'lastPingAt' | 'stoppedAt'
>;

/** Nodes by their ids. */
export async function readNodesForCommand(
  db: Database,
  instanceIds: readonly string[],
): Promise<Map<string, CommandedNode>> {
  if (instanceIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('nodes')
    .select(['instanceId', 'name', 'platformType', 'quarantineReason', 'lastPingAt', 'stoppedAt'])
    .where((where) => where('instanceId', '=', where.fn.any(where.val([...instanceIds]))))
    .execute();
  return new Map(rows.map((row) => [row.instanceId, row]));
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
    .where('deregisteredAt', 'is', null)
    .where('archivedAt', 'is', null);
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

/** How DescribeInstanceProperties compares; DescribeInstanceInformation knows `Equal` only. */
export type ColumnOperator = 'Equal' | 'NotEqual' | 'BeginWith' | 'LessThan' | 'GreaterThan';

export interface ColumnCondition {
  readonly column: 'activationId' | 'agentVersion' | 'iamRole' | 'platformType' | 'platformName' | 'platformVersion';
  readonly operator: ColumnOperator;
  /** Alternatives; for `NotEqual` none of them. */
  readonly values: readonly string[];
}

function columnCondition(where: ExpressionBuilder<Tables, 'nodes'>, { column, operator, values }: ColumnCondition) {
  switch (operator) {
    case 'Equal':
      return where(column, 'in', values);
    case 'NotEqual':
      return where(column, 'not in', values);
    case 'BeginWith':
      return where.or(values.map((value) => where(where.fn('starts_with', [column, where.val(value)]), '=', true)));
    case 'LessThan':
      return where.or(values.map((value) => where(column, '<', value)));
    case 'GreaterThan':
      return where.or(values.map((value) => where(column, '>', value)));
  }
}

export interface NodeQuery {
  readonly instanceIds?: readonly string[] | undefined;
  /** Whether the caller named nodes by their ids. */
  readonly namesNodes: boolean;
  readonly columns: readonly ColumnCondition[];
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
  // An archived node is shown to whoever names it.
  if (!query.namesNodes) select = select.where('archivedAt', 'is', null);
  for (const condition of query.columns) select = select.where((where) => columnCondition(where, condition));
  if (query.ping) {
    const { state, since } = query.ping;
    select = select.where((where) =>
      state === 'online'
        ? where.and([where('lastPingAt', '>=', since), where('stoppedAt', 'is', null)])
        : where.or([where('lastPingAt', '<', since), where('stoppedAt', 'is not', null)]),
    );
  }
  return await select.orderBy('instanceId').limit(query.limit).execute();
}
