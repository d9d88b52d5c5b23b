import { type Insertable, type RawBuilder, type Selectable, sql, type Updateable } from 'kysely';
import { onlineSince } from '../../aws/ssm/instances/presence.ts';
import { isNodeWithinReach } from '../../aws/ssm/tags/reach-condition.ts';
import type { Database } from '../../database/tables.ts';
import { isUuid } from '../../database/uuid.ts';
import type { Reach } from '../../operations/authorize.ts';
import type { Scope } from '../../operations/scope.ts';
import type { PatchPlanNodesTable, PatchPlansTable } from './tables.ts';

export type StoredPatchPlan = Selectable<PatchPlansTable>;
export type StoredPatchPlanNode = Selectable<PatchPlanNodesTable>;
export type NodeStatus = 'waiting' | 'offline' | 'ready' | 'failed';

export async function insertPatchPlan(
  db: Database,
  plan: Insertable<PatchPlansTable>,
  instanceIds: readonly string[],
): Promise<void> {
  const { accountId, region, patchPlanId } = plan;
  await db.insertInto('patchPlans').values(plan).execute();
  await sql`
    insert into patch_plan_nodes (account_id, region, patch_plan_id, instance_id)
    select ${accountId}, ${region}, ${patchPlanId}::uuid, instance_id from unnest(${[...instanceIds]}::text[]) instance_id`.execute(
    db,
  );
}

export async function findPatchPlan(
  db: Database,
  scope: Scope,
  patchPlanId: string,
): Promise<StoredPatchPlan | undefined> {
  if (!isUuid(patchPlanId)) return undefined;
  return await db
    .selectFrom('patchPlans')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('patchPlanId', '=', patchPlanId)
    .executeTakeFirst();
}

export async function findPatchPlanNode(
  db: Database,
  patchPlanId: string,
  instanceId: string,
): Promise<StoredPatchPlanNode | undefined> {
  return await db
    .selectFrom('patchPlanNodes')
    .selectAll()
    .where('patchPlanId', '=', patchPlanId)
    .where('instanceId', '=', instanceId)
    .executeTakeFirst();
}

export async function updatePatchPlanNode(
  db: Database,
  patchPlanId: string,
  instanceId: string,
  change: Updateable<PatchPlanNodesTable>,
): Promise<void> {
  await db
    .updateTable('patchPlanNodes')
    .set(change)
    .where('patchPlanId', '=', patchPlanId)
    .where('instanceId', '=', instanceId)
    .execute();
}

/** A node has answered, may still answer, or will not. Of columns of `patch_plan_nodes`, `command_invocations`, `nodes`. */
function statusAt(now: Date): RawBuilder<NodeStatus> {
  return sql<NodeStatus>`case
    when patch_plan_nodes.planned_at is not null then 'ready'
    when command_invocations.command_id is null or command_invocations.finished_at is not null then 'failed'
    when command_invocations.acknowledged_at is not null
      or (nodes.last_ping_at >= ${onlineSince(now)} and nodes.stopped_at is null) then 'waiting'
    else 'offline' end`;
}

function selectNodes(db: Database, scope: Scope, reach: Reach) {
  const withinReach = isNodeWithinReach(reach, scope, 'patchPlanNodes.instanceId');
  const select = db
    .selectFrom('patchPlanNodes')
    .innerJoin('patchPlans', 'patchPlans.patchPlanId', 'patchPlanNodes.patchPlanId')
    .leftJoin('commandInvocations', (join) =>
      join
        .onRef('commandInvocations.commandId', '=', 'patchPlans.commandId')
        .onRef('commandInvocations.instanceId', '=', 'patchPlanNodes.instanceId'),
    )
    .leftJoin('nodes', 'nodes.instanceId', 'patchPlanNodes.instanceId')
    .where('patchPlans.accountId', '=', scope.accountId)
    .where('patchPlans.region', '=', scope.region);
  return withinReach ? select.where(withinReach) : select;
}

export interface NodeOfPlan extends StoredPatchPlanNode {
  readonly name: string | null;
  readonly status: NodeStatus;
  /** How the command that plans ended on it, or stands; null where that is not kept any more. */
  readonly commandStatus: string | null;
  readonly traceOutput: string | null;
}

/** One page of the nodes of a plan within reach, in the order of their ids; without a limit, all. */
export async function listNodesOfPlan(
  db: Database,
  scope: Scope,
  query: {
    readonly patchPlanId: string;
    readonly reach: Reach;
    readonly now: Date;
    readonly afterInstanceId?: string;
    readonly limit?: number;
  },
): Promise<NodeOfPlan[]> {
  const { limit } = query;
  const select = selectNodes(db, scope, query.reach)
    .selectAll('patchPlanNodes')
    .select(['nodes.name', 'commandInvocations.statusDetails as commandStatus', 'commandInvocations.traceOutput'])
    .select(statusAt(query.now).as('status'))
    .where('patchPlanNodes.patchPlanId', '=', query.patchPlanId)
    .where('patchPlanNodes.instanceId', '>', query.afterInstanceId ?? '')
    .orderBy('patchPlanNodes.instanceId');
  return await (limit === undefined ? select : select.limit(limit)).execute();
}

export type StatusCounts = Record<NodeStatus, number>;

/** How far the nodes of plans are that are within reach. */
export async function countNodesOfPlans(
  db: Database,
  scope: Scope,
  patchPlanIds: readonly string[],
  reach: Reach,
  now: Date,
): Promise<Map<string, StatusCounts>> {
  const counts = new Map<string, StatusCounts>();
  if (patchPlanIds.length === 0) return counts;
  const rows = await selectNodes(db, scope, reach)
    .select(['patchPlanNodes.patchPlanId', statusAt(now).as('nodeStatus'), sql<string>`count(*)`.as('count')])
    .where('patchPlanNodes.patchPlanId', 'in', patchPlanIds)
    .groupBy(['patchPlanNodes.patchPlanId', 'nodeStatus'])
    .execute();
  for (const { patchPlanId, nodeStatus, count } of rows) {
    const known = counts.get(patchPlanId) ?? { waiting: 0, offline: 0, ready: 0, failed: 0 };
    counts.set(patchPlanId, { ...known, [nodeStatus]: Number(count) });
  }
  return counts;
}

/** One page of the plans with a node within reach, newest first. */
export async function pagePatchPlans(
  db: Database,
  scope: Scope,
  query: {
    readonly reach: Reach;
    readonly after: { readonly createdAt: Date; readonly patchPlanId: string } | undefined;
    readonly limit: number;
  },
): Promise<StoredPatchPlan[]> {
  const { after } = query;
  const withinReach = isNodeWithinReach(query.reach, scope, 'patchPlanNodes.instanceId');
  let select = db
    .selectFrom('patchPlans')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region);
  if (withinReach) {
    select = select.where((where) =>
      where.exists(
        where
          .selectFrom('patchPlanNodes')
          .select('patchPlanNodes.instanceId')
          .whereRef('patchPlanNodes.patchPlanId', '=', 'patchPlans.patchPlanId')
          .where(withinReach),
      ),
    );
  }
  if (after) {
    select = select.where(sql<boolean>`(created_at, patch_plan_id) < (${after.createdAt}, ${after.patchPlanId}::uuid)`);
  }
  return await select.orderBy('createdAt', 'desc').orderBy('patchPlanId', 'desc').limit(query.limit).execute();
}
