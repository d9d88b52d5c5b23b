import { findFreezeEnd, isChange } from '@patchbay/patching';
import { type RawBuilder, sql } from 'kysely';
import { keepWithinReach } from '../../aws/ssm/instances/repository.ts';
import { isNodeWithinReach } from '../../aws/ssm/tags/reach-condition.ts';
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

/**
 * Holds for what, of `waiting`, may be handed to its node as far as freezes go; undefined when none is in force. A freeze that begins
 * while a command is under way keeps it from the nodes that have not got it.
 */
export async function notFrozen(
  { db, accountId, region, dependencies }: Pick<OperationContext, 'db' | 'accountId' | 'region' | 'dependencies'>,
  now: Date,
): Promise<RawBuilder<boolean> | undefined> {
  const scope = { accountId, region };
  // Each poll of each node asks; who makes or deletes a freeze announces it.
  const freezes = await dependencies.recentClaims.find(`freezes ${accountId}`, () => listFreezes(db, accountId));
  const inForce = findInForce(freezes ?? [], now);
  if (inForce.length === 0) return undefined;
  const conditions = inForce.map(({ freeze: { freezeId, tagLimits } }) => {
    const isConcerned =
      tagLimits.length === 0 ? sql`true` : (isNodeWithinReach([[tagLimits]], scope, 'waiting.instanceId') ?? sql`true`);
    return sql`(${isConcerned} and exists (
      select from commands where commands.command_id = waiting.command_id
        and commands.is_change and not commands.overridden_freezes ? ${freezeId}))`;
  });
  return sql<boolean>`not (${sql.join(conditions, sql` or `)})`;
}
