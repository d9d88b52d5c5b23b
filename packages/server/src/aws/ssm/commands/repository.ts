import { type Insertable, type Selectable, sql, type Updateable } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Reach } from '../../../operations/authorize.ts';
import type { Scope } from '../../../operations/scope.ts';
import { isNodeWithinReach } from '../tags/reach-condition.ts';
import type { CommandInvocationsTable, CommandPluginsTable, CommandsTable } from './tables.ts';

export type Command = Selectable<CommandsTable>;
export type Invocation = Selectable<CommandInvocationsTable>;
export type Plugin = Selectable<CommandPluginsTable>;

export async function insertCommand(
  db: Database,
  command: Insertable<CommandsTable>,
  invocations: readonly Insertable<CommandInvocationsTable>[],
  plugins: readonly Insertable<CommandPluginsTable>[],
): Promise<void> {
  await db.insertInto('commands').values(command).execute();
  const rowsAtOnce = 1000;
  for (let start = 0; start < invocations.length; start += rowsAtOnce) {
    await db
      .insertInto('commandInvocations')
      .values(invocations.slice(start, start + rowsAtOnce))
      .execute();
  }
  for (let start = 0; start < plugins.length; start += rowsAtOnce) {
    await db
      .insertInto('commandPlugins')
      .values(plugins.slice(start, start + rowsAtOnce))
      .execute();
  }
}

export async function findCommand(db: Database, scope: Scope, commandId: string): Promise<Command | undefined> {
  return await db
    .selectFrom('commands')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('commandId', '=', commandId)
    .executeTakeFirst();
}

/** The command with its row locked: whoever advances it does so alone. */
export async function lockCommand(db: Database, commandId: string): Promise<Command | undefined> {
  return await db.selectFrom('commands').selectAll().where('commandId', '=', commandId).forUpdate().executeTakeFirst();
}

export async function updateCommand(db: Database, commandId: string, change: Updateable<CommandsTable>): Promise<void> {
  await db.updateTable('commands').set(change).where('commandId', '=', commandId).execute();
}

export async function findInvocation(
  db: Database,
  scope: Scope,
  commandId: string,
  instanceId: string,
): Promise<Invocation | undefined> {
  return await db
    .selectFrom('commandInvocations')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('commandId', '=', commandId)
    .where('instanceId', '=', instanceId)
    .executeTakeFirst();
}

/** Changes those that have not ended, and says how many these were: what has ended stays as it ended. */
export async function updateInvocations(
  db: Database,
  commandId: string,
  instanceIds: readonly string[],
  change: Updateable<CommandInvocationsTable>,
): Promise<number> {
  if (instanceIds.length === 0) return 0;
  const result = await db
    .updateTable('commandInvocations')
    .set(change)
    .where('commandId', '=', commandId)
    .where('instanceId', 'in', instanceIds)
    .where('finishedAt', 'is', null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

/** The invocation whose cancellation a message tells of. */
export async function findByCancelId(db: Database, cancelId: string): Promise<Invocation | undefined> {
  return await db.selectFrom('commandInvocations').selectAll().where('cancelId', '=', cancelId).executeTakeFirst();
}

/** The invocations of a command that have not ended, locked; all, or those of some nodes. */
export async function lockOpenInvocations(
  db: Database,
  commandId: string,
  instanceIds: readonly string[],
): Promise<Invocation[]> {
  let select = db
    .selectFrom('commandInvocations')
    .selectAll()
    .where('commandId', '=', commandId)
    .where('finishedAt', 'is', null);
  if (instanceIds.length > 0) select = select.where('instanceId', 'in', instanceIds);
  return await select.orderBy('instanceId').forUpdate().execute();
}

/** Which of the nodes the command was never meant for. */
export async function findStrangers(
  db: Database,
  commandId: string,
  instanceIds: readonly string[],
): Promise<string[]> {
  if (instanceIds.length === 0) return [];
  const rows = await db
    .selectFrom('commandInvocations')
    .select('instanceId')
    .where('commandId', '=', commandId)
    .where('instanceId', 'in', instanceIds)
    .execute();
  const known = new Set(rows.map((row) => row.instanceId));
  return instanceIds.filter((instanceId) => !known.has(instanceId));
}

/** Notes the node's last word about what had ended without it; false when there was one before. */
export async function recordLateAnswer(
  db: Database,
  { commandId, instanceId }: Pick<Invocation, 'commandId' | 'instanceId'>,
  answeredAt: Date,
  traceOutput: string,
): Promise<boolean> {
  const result = await db
    .updateTable('commandInvocations')
    .set({ answeredAt, traceOutput })
    .where('commandId', '=', commandId)
    .where('instanceId', '=', instanceId)
    .where('finishedAt', 'is not', null)
    .where('answeredAt', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function listPlugins(
  db: Database,
  invocations: readonly Pick<Invocation, 'commandId' | 'instanceId' | 'requestedAt'>[],
): Promise<Plugin[]> {
  if (invocations.length === 0) return [];
  return await db
    .selectFrom('commandPlugins')
    .selectAll()
    .where((where) =>
      where.or(
        invocations.map((invocation) =>
          where.and({
            requestedAt: invocation.requestedAt,
            commandId: invocation.commandId,
            instanceId: invocation.instanceId,
          }),
        ),
      ),
    )
    .orderBy('position')
    .execute();
}

export async function updatePlugin(
  db: Database,
  invocation: Pick<Invocation, 'commandId' | 'instanceId' | 'requestedAt'>,
  pluginName: string,
  change: Updateable<CommandPluginsTable>,
): Promise<void> {
  await db
    .updateTable('commandPlugins')
    .set(change)
    .where('requestedAt', '=', invocation.requestedAt)
    .where('commandId', '=', invocation.commandId)
    .where('instanceId', '=', invocation.instanceId)
    .where('pluginName', '=', pluginName)
    .execute();
}

export interface CommandQuery {
  readonly commandId?: string | undefined;
  readonly instanceId?: string | undefined;
  readonly invokedAfter?: Date | undefined;
  readonly invokedBefore?: Date | undefined;
  /** As status or as its details: `TimedOut` means both kinds, `DeliveryTimedOut` one. */
  readonly status?: string | undefined;
  readonly stageStatuses?: readonly string[] | undefined;
  readonly documentName?: string | undefined;
  /** Only what went to nodes within it. */
  readonly reach: Reach;
  /** The position of the last entry of the page before: time, command, node. */
  readonly after?: { readonly requestedAt: Date; readonly commandId: string; readonly instanceId: string } | undefined;
  readonly limit: number;
}

/** One page of commands, newest first. */
export async function listCommands(db: Database, scope: Scope, query: CommandQuery): Promise<Command[]> {
  const { commandId, instanceId, invokedAfter, invokedBefore, status, stageStatuses, documentName, after } = query;
  let select = db
    .selectFrom('commands')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region);
  if (commandId) select = select.where('commandId', '=', commandId);
  const withinReach = isNodeWithinReach(query.reach, scope, 'commandInvocations.instanceId');
  if (instanceId || withinReach) {
    select = select.where((where) => {
      let invocations = where
        .selectFrom('commandInvocations')
        .select('commandInvocations.instanceId')
        .whereRef('commandInvocations.commandId', '=', 'commands.commandId');
      if (instanceId) invocations = invocations.where('commandInvocations.instanceId', '=', instanceId);
      if (withinReach) invocations = invocations.where(withinReach);
      return where.exists(invocations);
    });
  }
  if (invokedAfter) select = select.where('requestedAt', '>=', invokedAfter);
  if (invokedBefore) select = select.where('requestedAt', '<', invokedBefore);
  if (status)
    select = select.where((where) => where.or([where('status', '=', status), where('statusDetails', '=', status)]));
  if (stageStatuses)
    select = select.where((where) => where('status', '=', where.fn.any(where.val([...stageStatuses]))));
  if (documentName) select = select.where('documentName', '=', documentName);
  if (after)
    select = select.where(sql<boolean>`(requested_at, command_id) < (${after.requestedAt}, ${after.commandId})`);
  return await select.orderBy('requestedAt', 'desc').orderBy('commandId', 'desc').limit(query.limit).execute();
}

/** One page of invocations, newest first, each with the comment and document of its command. */
export async function listInvocations(
  db: Database,
  scope: Scope,
  query: CommandQuery,
): Promise<(Invocation & Pick<Command, 'comment' | 'documentName' | 'documentVersion'>)[]> {
  const { commandId, instanceId, invokedAfter, invokedBefore, status, documentName, after } = query;
  let select = db
    .selectFrom('commandInvocations')
    .innerJoin('commands', 'commands.commandId', 'commandInvocations.commandId')
    .selectAll('commandInvocations')
    .select(['commands.comment', 'commands.documentName', 'commands.documentVersion'])
    .where('commandInvocations.accountId', '=', scope.accountId)
    .where('commandInvocations.region', '=', scope.region);
  const withinReach = isNodeWithinReach(query.reach, scope, 'commandInvocations.instanceId');
  if (withinReach) select = select.where(withinReach);
  if (commandId) select = select.where('commandInvocations.commandId', '=', commandId);
  if (instanceId) select = select.where('commandInvocations.instanceId', '=', instanceId);
  if (invokedAfter) select = select.where('commandInvocations.requestedAt', '>=', invokedAfter);
  if (invokedBefore) select = select.where('commandInvocations.requestedAt', '<', invokedBefore);
  if (status) {
    select = select.where((where) =>
      where.or([
        where('commandInvocations.status', '=', status),
        where('commandInvocations.statusDetails', '=', status),
      ]),
    );
  }
  if (documentName) select = select.where('commands.documentName', '=', documentName);
  if (after) {
    select = select.where(
      sql<boolean>`(command_invocations.requested_at, command_invocations.command_id, command_invocations.instance_id)
        < (${after.requestedAt}, ${after.commandId}, ${after.instanceId})`,
    );
  }
  return await select
    .orderBy('commandInvocations.requestedAt', 'desc')
    .orderBy('commandInvocations.commandId', 'desc')
    .orderBy('commandInvocations.instanceId', 'desc')
    .limit(query.limit)
    .execute();
}

/** Commands that wait for a node. */
export async function listCommandsWaitingFor(db: Database, instanceId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('commandInvocations')
    .select('commandId')
    .where('instanceId', '=', instanceId)
    .where('finishedAt', 'is', null)
    .orderBy('commandId')
    .execute();
  return rows.map((row) => row.commandId);
}

/** Commands with an invocation that is past its time: what the sweep looks at. */
export async function listOverdueCommands(db: Database, now: Date, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('commandInvocations')
    .innerJoin('commands', 'commands.commandId', 'commandInvocations.commandId')
    .select('commandInvocations.commandId')
    .distinct()
    .where('commandInvocations.finishedAt', 'is', null)
    .where((where) =>
      where.or([
        where('commands.expiresAfter', '<=', now),
        where.and([
          where('commandInvocations.deliveryExpiresAt', '<=', now),
          where('commandInvocations.acknowledgedAt', 'is', null),
        ]),
      ]),
    )
    .limit(limit)
    .execute();
  return rows.map((row) => row.commandId);
}

/** Commands whose invocations have come further than they say: whoever was to sum them up was stopped before. */
export async function listForgottenCommands(db: Database, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('commands')
    .select('commandId')
    .where('status', 'in', ['Pending', 'InProgress', 'Cancelling'])
    .where((where) =>
      where(
        where
          .selectFrom('commandInvocations')
          .select((select) => select.fn.countAll<number>().as('ended'))
          .whereRef('commandInvocations.commandId', '=', 'commands.commandId')
          .where('finishedAt', 'is not', null),
        '>',
        where.ref('completedCount'),
      ),
    )
    .limit(limit)
    .execute();
  return rows.map((row) => row.commandId);
}
