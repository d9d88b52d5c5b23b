import { findFreezeEnd, isChange } from '@patchbay/patching';
import { type RawBuilder, sql } from 'kysely';
import { keepWithinReach } from '../../aws/ssm/instances/repository.ts';
import type { Database } from '../../database/tables.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { principalArn } from '../../operations/principal.ts';
import { FreezeError } from './errors.ts';
import { findStop, listFreezes, listOverrides, type StartStop, type StoredFreeze } from './repository.ts';

/** A freeze that holds now. */
export interface FreezeInForce {
  readonly freeze: StoredFreeze;
  readonly until: Date;
}

/** Those that hold at a moment. */
function findInForce(freezes: readonly StoredFreeze[], now: Date): FreezeInForce[] {
  return freezes.flatMap((freeze) => {
    const until = findFreezeEnd(freeze.time, freeze.createdAt, now);
    return until === null ? [] : [{ freeze, until }];
  });
}

export function explainStop({ reason, stoppedBy, stoppedAt }: StartStop): string {
  return `All starts are stopped since ${stoppedAt.toISOString()} by ${stoppedBy}: ${reason}. Resume them with: patchbay starts resume --reason TEXT`;
}

function explainFreeze({ freeze, until }: FreezeInForce, nodes: readonly string[]): string {
  const { name, reason } = freeze;
  const whose =
    nodes.length === 0
      ? 'Changes are frozen'
      : `${nodes.slice(0, 5).join(', ')}${nodes.length > 5 ? ' and others' : ''} may not be changed`;
  return `${whose} until ${until.toISOString()} by the freeze ${name}: ${reason}. Whoever may override it does so with: patchbay freeze override ${name} --reason TEXT`;
}

type Context = Pick<OperationContext, 'db' | 'now' | 'accountId' | 'region' | 'principal'>;

/** How a command that was let through stands to freezes: what delivery goes by as long as it is open. */
export interface Leave {
  readonly isChange: boolean;
  readonly overriddenFreezes: readonly string[];
}

/**
 * Lets a command start, or refuses it: while all starts are stopped, and while a freeze keeps one of its nodes from being
 * changed that the sender has no leave to override.
 */
export async function requireStart(
  command: {
    readonly documentName: string;
    readonly parameters: Readonly<Record<string, readonly string[]>>;
    readonly instanceIds: readonly string[];
  },
  context: Context,
): Promise<Leave> {
  const { db, now, accountId, principal } = context;
  const stop = await findStop(db, accountId);
  if (stop) throw new FreezeError('STARTS_STOPPED', explainStop(stop));
  if (!isChange(command.documentName, command.parameters)) return { isChange: false, overriddenFreezes: [] };
  const overridden: string[] = [];
  const inForce = findInForce(await listFreezes(db, accountId), now);
  const overrides = inForce.length === 0 ? [] : await listOverrides(db, accountId, now);
  const sender = principalArn(principal);
  for (const held of inForce) {
    const { freezeId, tagLimits } = held.freeze;
    if (overrides.some((override) => override.freezeId === freezeId && override.principal === sender)) {
      overridden.push(freezeId);
      continue;
    }
    const isWhole = tagLimits.length === 0;
    const frozen = isWhole ? [] : await keepWithinReach(db, context, command.instanceIds, [[tagLimits]]);
    if (isWhole || frozen.length > 0) throw new FreezeError('CHANGES_FROZEN', explainFreeze(held, frozen));
  }
  return { isChange: true, overriddenFreezes: overridden };
}

/** Of `waiting`: what a freeze keeps from its node. */
function isFrozenBy({ freeze: { freezeId, accountId, tagLimits } }: FreezeInForce): RawBuilder<boolean> {
  const carriesTags = tagLimits.map(
    ({ key, values }) => sql`exists (
      select from resource_tags as tag
      where tag.account_id = waiting.account_id and tag.region = waiting.region and tag.resource_type = 'ManagedInstance'
        and tag.resource_id = waiting.instance_id and tag.key = ${key} and tag.value = any(${[...values]}::text[]))`,
  );
  const isChangeWithoutLeave = sql`exists (
    select from commands where commands.command_id = waiting.command_id
      and commands.is_change and not commands.overridden_freezes ? ${freezeId})`;
  const conditions = [sql`waiting.account_id = ${accountId}`, ...carriesTags, isChangeWithoutLeave];
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

function notFrozenBy(freezes: readonly StoredFreeze[], now: Date): RawBuilder<boolean> | undefined {
  const inForce = findInForce(freezes, now);
  return inForce.length === 0 ? undefined : sql<boolean>`not (${sql.join(inForce.map(isFrozenBy), sql` or `)})`;
}

/**
 * Holds for what, of `waiting`, may be handed to its node as far as the freezes of an account go; undefined when none is in
 * force. A freeze that begins while a command is under way keeps it from the nodes that have not got it.
 */
export async function notFrozen(
  { db, accountId, dependencies }: Pick<OperationContext, 'db' | 'accountId' | 'dependencies'>,
  now: Date,
): Promise<RawBuilder<boolean> | undefined> {
  // Each poll of each node asks; who makes or deletes a freeze announces it.
  const freezes = await dependencies.recentClaims.find(`freezes ${accountId}`, () => listFreezes(db, accountId));
  return notFrozenBy(freezes ?? [], now);
}

/** The same for all accounts. */
export async function notFrozenAnywhere(db: Database, now: Date): Promise<RawBuilder<boolean> | undefined> {
  return notFrozenBy(await listFreezes(db, null), now);
}
