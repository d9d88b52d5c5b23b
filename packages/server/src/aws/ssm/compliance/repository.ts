import type { Selectable } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Reach } from '../../../operations/authorize.ts';
import type { Scope } from '../../../operations/scope.ts';
import type { PatchOperation } from '../../../patchbay/patch-operations/repository.ts';
import type { NodesTable } from '../instances/tables.ts';
import { isNodeWithinReach } from '../tags/reach-condition.ts';

type NodeColumns =
  | 'instanceId'
  | 'agentName'
  | 'agentVersion'
  | 'computerName'
  | 'ipAddress'
  | 'platformName'
  | 'platformType'
  | 'platformVersion';
type OperationColumns = 'operationId' | 'commandId' | 'status' | 'startedAt' | 'endedAt' | 'severities';

/** A registered node with the operation that speaks for it. */
export type ScannedNode = Pick<Selectable<NodesTable>, NodeColumns> & Pick<PatchOperation, OperationColumns>;

/** Registered nodes that were scanned, in the order of their ids. */
export async function listScannedNodes(
  db: Database,
  scope: Scope,
  query: { readonly reach: Reach; readonly afterInstanceId: string; readonly limit: number },
): Promise<ScannedNode[]> {
  const withinReach = isNodeWithinReach(query.reach, scope, 'nodes.instanceId');
  const nodes = db
    .selectFrom('nodes')
    .innerJoin('newestPatchOperations', 'newestPatchOperations.instanceId', 'nodes.instanceId')
    .innerJoin('patchOperations', 'patchOperations.operationId', 'newestPatchOperations.operationId')
    .select([
      'nodes.instanceId',
      'nodes.agentName',
      'nodes.agentVersion',
      'nodes.computerName',
      'nodes.ipAddress',
      'nodes.platformName',
      'nodes.platformType',
      'nodes.platformVersion',
      'patchOperations.operationId',
      'patchOperations.commandId',
      'patchOperations.status',
      'patchOperations.startedAt',
      'patchOperations.endedAt',
      'patchOperations.severities',
    ])
    .where('nodes.accountId', '=', scope.accountId)
    .where('nodes.region', '=', scope.region)
    .where('nodes.deregisteredAt', 'is', null)
    .where('nodes.instanceId', '>', query.afterInstanceId);
  const seen = withinReach ? nodes.where(withinReach) : nodes;
  return await seen.orderBy('nodes.instanceId').limit(query.limit).execute();
}
