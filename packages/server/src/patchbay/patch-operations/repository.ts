import type { Verdict } from '@patchbay/facts';
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely';
import { isNodeWithinReach } from '../../aws/ssm/tags/reach-condition.ts';
import type { Database } from '../../database/tables.ts';
import { isUuid } from '../../database/uuid.ts';
import type { Reach } from '../../operations/authorize.ts';
import type { Scope } from '../../operations/scope.ts';
import type { PatchOperationsTable } from './tables.ts';

export type PatchOperation = Selectable<PatchOperationsTable>;

/** Lets nobody else begin, plan or complete an operation of this node until the transaction ends. */
export async function lockOperationsOf(db: Database, instanceId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext(${`patchbay:patch-operations:${instanceId}`}))`.execute(db);
}

export async function insertPatchOperation(db: Database, row: Insertable<PatchOperationsTable>): Promise<void> {
  await db.insertInto('patchOperations').values(row).execute();
}

export async function findPatchOperation(
  db: Database,
  scope: Scope,
  operationId: string,
): Promise<PatchOperation | undefined> {
  if (!isUuid(operationId)) return undefined;
  return await db
    .selectFrom('patchOperations')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('operationId', '=', operationId)
    .executeTakeFirst();
}

/** Operations by their ids. */
export async function readPatchOperations(
  db: Database,
  scope: Scope,
  operationIds: readonly string[],
): Promise<Map<string, PatchOperation>> {
  if (operationIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('patchOperations')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('operationId', 'in', operationIds)
    .execute();
  return new Map(rows.map((row) => [row.operationId, row]));
}

/** The operation of a step of a command on a node: there is at most one. */
export async function findOperationOfCommand(
  db: Database,
  commandId: string,
  instanceId: string,
  stepName: string,
): Promise<PatchOperation | undefined> {
  return await db
    .selectFrom('patchOperations')
    .selectAll()
    .where('stepName', '=', stepName)
    .where('commandId', '=', commandId)
    .where('instanceId', '=', instanceId)
    .executeTakeFirst();
}

export async function updatePatchOperation(
  db: Database,
  operationId: string,
  change: Updateable<PatchOperationsTable>,
): Promise<void> {
  await db.updateTable('patchOperations').set(change).where('operationId', '=', operationId).execute();
}

/** Ends every open operation of a node: nobody will go on with it. */
export async function abandonOperations(db: Database, instanceId: string, now: Date): Promise<void> {
  await db
    .updateTable('patchOperations')
    .set({ status: 'abandoned', endedAt: now })
    .where('instanceId', '=', instanceId)
    .where('status', '=', 'in-progress')
    .execute();
}

/**
 * Ends what a node began earlier and never finished, now that it begins something else on newer facts: what the same
 * boot of the same machine began, whose command has ended, or what is older than any run can be. What another boot
 * began may be at work on a copy of the node, which a quarantine will tell; it is left alone.
 */
export async function abandonForgottenOperations(
  db: Database,
  instanceId: string,
  factsId: string,
  now: Date,
): Promise<void> {
  const longestMilliseconds = 2 * 24 * 3_600_000;
  await db
    .updateTable('patchOperations')
    .set({ status: 'abandoned', endedAt: now })
    .where('instanceId', '=', instanceId)
    .where('status', '=', 'in-progress')
    .where((where) =>
      where.or([
        where('startedAt', '<', new Date(now.getTime() - longestMilliseconds)),
        where.exists(
          where
            .selectFrom('commandInvocations')
            .select('commandInvocations.commandId')
            .whereRef('commandInvocations.commandId', '=', 'patchOperations.commandId')
            .whereRef('commandInvocations.instanceId', '=', 'patchOperations.instanceId')
            .where('commandInvocations.finishedAt', 'is not', null),
        ),
        where.exists(
          where
            .selectFrom('nodeFacts as earlier')
            .innerJoin('nodeFacts as present', (join) => join.on('present.factsId', '=', factsId))
            .select('earlier.factsId')
            .whereRef('earlier.factsId', '=', 'patchOperations.factsId')
            .where(sql<boolean>`earlier.overlay ->> 'bootId' = present.overlay ->> 'bootId'`)
            .where(sql<boolean>`earlier.overlay ->> 'machineIdHash' = present.overlay ->> 'machineIdHash'`),
        ),
      ]),
    )
    .execute();
}

/** Stores the verdict of an operation for good and, where it may, lets the operation speak for its node. */
export async function insertOperationVerdict(
  db: Database,
  operation: Pick<PatchOperation, 'accountId' | 'region' | 'operationId' | 'instanceId'>,
  verdict: Verdict,
  endedAt: Date,
  speaksForNode: boolean,
): Promise<void> {
  const { accountId, region, operationId, instanceId } = operation;
  await db
    .insertInto('operationVerdicts')
    .values({
      accountId,
      operationId,
      instanceId,
      evaluatedAt: new Date(verdict.evaluatedAt),
      verdict: JSON.stringify(verdict),
    })
    .execute();
  if (!speaksForNode) return;
  await db
    .insertInto('newestPatchOperations')
    .values({ accountId, region, instanceId, operationId, endedAt })
    .onConflict((conflict) => conflict.column('instanceId').doUpdateSet({ operationId, endedAt }))
    .execute();
}

export async function findOperationVerdict(db: Database, operationId: string): Promise<Verdict | undefined> {
  const row = await db
    .selectFrom('operationVerdicts')
    .select('verdict')
    .where('operationId', '=', operationId)
    .executeTakeFirst();
  return row?.verdict;
}

/** What the last operation that ended said of a subject. */
export async function findNewestVerdict(db: Database, instanceId: string): Promise<Verdict | undefined> {
  const row = await db
    .selectFrom('newestPatchOperations')
    .innerJoin('operationVerdicts', 'operationVerdicts.operationId', 'newestPatchOperations.operationId')
    .select('operationVerdicts.verdict')
    .where('newestPatchOperations.instanceId', '=', instanceId)
    .executeTakeFirst();
  return row?.verdict;
}

/** The verdicts that operations ended with, by their ids. */
export async function readOperationVerdicts(
  db: Database,
  operationIds: readonly string[],
): Promise<Map<string, Verdict>> {
  if (operationIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('operationVerdicts')
    .select(['operationId', 'verdict'])
    .where('operationId', 'in', operationIds)
    .execute();
  return new Map(rows.map(({ operationId, verdict }) => [operationId, verdict]));
}

export interface NewestOperationsQuery {
  readonly instanceIds: readonly string[];
  readonly reach?: Reach;
  readonly afterInstanceId: string;
  readonly limit: number;
}

/** The operations that speak for nodes, in the order of the nodes' ids. Nodes that were never scanned are not there. */
export async function listNewestOperations(
  db: Database,
  scope: Scope,
  query: NewestOperationsQuery,
): Promise<PatchOperation[]> {
  if (query.instanceIds.length === 0) return [];
  const withinReach = isNodeWithinReach(query.reach ?? [], scope, 'newestPatchOperations.instanceId');
  return await db
    .selectFrom('newestPatchOperations')
    .innerJoin('patchOperations', 'patchOperations.operationId', 'newestPatchOperations.operationId')
    .selectAll('patchOperations')
    .where('newestPatchOperations.accountId', '=', scope.accountId)
    .where('newestPatchOperations.region', '=', scope.region)
    .where('newestPatchOperations.instanceId', 'in', query.instanceIds)
    .where('newestPatchOperations.instanceId', '>', query.afterInstanceId)
    .$if(withinReach !== undefined, (select) => (withinReach ? select.where(withinReach) : select))
    .orderBy('newestPatchOperations.instanceId')
    .limit(query.limit)
    .execute();
}

/** When a node was last installed on with NoReboot, if ever. */
export async function findLastNoRebootInstall(db: Database, instanceId: string): Promise<Date | undefined> {
  const row = await db
    .selectFrom('patchOperations')
    .select('startedAt')
    .where('instanceId', '=', instanceId)
    .where('operation', '=', 'Install')
    .where('rebootOption', '=', 'NoReboot')
    .where('endedAt', 'is not', null)
    .orderBy('startedAt', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.startedAt;
}

/** One page of a node's operations, newest first. */
export async function pagePatchOperations(
  db: Database,
  scope: Scope,
  instanceId: string,
  after: { readonly startedAt: Date; readonly operationId: string } | undefined,
  limit: number,
): Promise<PatchOperation[]> {
  let select = db
    .selectFrom('patchOperations')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('instanceId', '=', instanceId);
  if (after) {
    select = select.where(sql<boolean>`(started_at, operation_id) < (${after.startedAt}, ${after.operationId}::uuid)`);
  }
  return await select.orderBy('startedAt', 'desc').orderBy('operationId', 'desc').limit(limit).execute();
}
