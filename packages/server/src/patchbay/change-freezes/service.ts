import type { ChangeFreeze, StartState, TagLimit } from '@patchbay/contracts';
import { checkFreezeTime, type FreezeTime, findFreezeEnd } from '@patchbay/patching';
import { existsWindow } from '../../aws/ssm/maintenance-windows/repository.ts';
import { announceAccessChange } from '../../identity/recent-claims.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { principalArn } from '../../operations/principal.ts';
import { FreezeError } from './errors.ts';
import {
  endStop,
  findStop,
  insertFreeze,
  insertOverride,
  insertStop,
  listFreezes,
  listOverrides,
  markFreezeDeleted,
  type StoredFreeze,
} from './repository.ts';

/** Each is evaluated whenever something starts. */
const mostFreezes = 100;

function notFound(name: string): FreezeError {
  return new FreezeError('FREEZE_NOT_FOUND', `There is no freeze ${name}.`);
}

async function findFreeze(name: string, { db, accountId }: OperationContext): Promise<StoredFreeze> {
  const freeze = (await listFreezes(db, accountId)).find((one) => one.name === name);
  if (!freeze) throw notFound(name);
  return freeze;
}

/** The freezes of the account with what holds now and who may override them. */
export async function describeFreezes(context: OperationContext): Promise<ChangeFreeze[]> {
  const { db, accountId, now } = context;
  const freezes = await listFreezes(db, accountId);
  const overrides = await listOverrides(db, accountId, now);
  return freezes.map(({ freezeId, name, reason, time, tagLimits, createdBy, createdAt }) => ({
    name,
    reason,
    time,
    tagLimits,
    createdBy,
    createdAt: createdAt.toISOString(),
    holdsUntil: findFreezeEnd(time, createdAt, now)?.toISOString() ?? null,
    overrides: overrides
      .filter((override) => override.freezeId === freezeId)
      .map((override) => ({
        principal: override.principal,
        reason: override.reason,
        createdBy: override.createdBy,
        createdAt: override.createdAt.toISOString(),
        until: override.until.toISOString(),
      })),
  }));
}

async function describeFreeze(name: string, context: OperationContext): Promise<ChangeFreeze> {
  const freeze = (await describeFreezes(context)).find((one) => one.name === name);
  if (!freeze) throw notFound(name);
  return freeze;
}

export interface NewFreeze {
  readonly name: string;
  readonly reason: string;
  readonly time: FreezeTime;
  readonly tagLimits: readonly TagLimit[];
}

export async function createFreeze(wanted: NewFreeze, context: OperationContext): Promise<ChangeFreeze> {
  const { db, accountId, now, principal, dependencies } = context;
  checkFreezeTime(wanted.time, now);
  if ((await listFreezes(db, accountId)).length >= mostFreezes) {
    throw new FreezeError(
      'FREEZE_LIMIT',
      `An account can have at most ${mostFreezes} freezes: delete those of the past.`,
    );
  }
  const isNew = await insertFreeze(db, {
    accountId,
    freezeId: dependencies.randomId(),
    name: wanted.name,
    reason: wanted.reason,
    time: JSON.stringify(wanted.time),
    tagLimits: JSON.stringify(wanted.tagLimits),
    createdBy: principalArn(principal),
    createdAt: now,
    deletedBy: null,
    deletedAt: null,
  });
  if (!isNew) throw new FreezeError('FREEZE_EXISTS', `There is a freeze ${wanted.name} already: delete it first.`);
  await announceAccessChange(context);
  return await describeFreeze(wanted.name, context);
}

export async function deleteFreeze(name: string, context: OperationContext): Promise<void> {
  const { db, accountId, now, principal } = context;
  const change = { deletedBy: principalArn(principal), deletedAt: now };
  if (!(await markFreezeDeleted(db, accountId, name, change))) throw notFound(name);
  await announceAccessChange(context);
}

/** Gives the caller, or a window, leave to change things in spite of a freeze. */
export async function overrideFreeze(
  wanted: {
    readonly name: string;
    readonly reason: string;
    readonly hours: number;
    readonly windowId?: string | undefined;
  },
  context: OperationContext,
): Promise<ChangeFreeze> {
  const { db, accountId, region, now, principal } = context;
  const { freezeId } = await findFreeze(wanted.name, context);
  const { windowId } = wanted;
  if (windowId !== undefined && !(await existsWindow(db, context, windowId))) {
    throw new FreezeError('FREEZE_WINDOW', `There is no maintenance window ${windowId} in ${region}.`);
  }
  await insertOverride(db, {
    freezeId,
    principal: principalArn(windowId === undefined ? principal : { kind: 'window', accountId, region, windowId }),
    reason: wanted.reason,
    createdBy: principalArn(principal),
    createdAt: now,
    until: new Date(now.getTime() + wanted.hours * 3_600_000),
  });
  return await describeFreeze(wanted.name, context);
}

export async function readStartState({ db, accountId }: OperationContext): Promise<StartState> {
  const stop = await findStop(db, accountId);
  if (!stop) return { stopped: null };
  const { reason, stoppedBy, stoppedAt } = stop;
  return { stopped: { reason, stoppedBy, stoppedAt: stoppedAt.toISOString() } };
}

/** From the end of this call on no command reaches a node. Saying it twice changes nothing. */
export async function stopStarts(reason: string, context: OperationContext): Promise<StartState> {
  const { db, accountId, now, principal, dependencies } = context;
  await insertStop(db, {
    accountId,
    stopId: dependencies.randomId(),
    reason,
    stoppedBy: principalArn(principal),
    stoppedAt: now,
    resumeReason: null,
    resumedBy: null,
    resumedAt: null,
  });
  return await readStartState(context);
}

/** What was held goes on, as far as its time is not over. */
export async function resumeStarts(reason: string, context: OperationContext): Promise<StartState> {
  const { db, accountId, now, principal } = context;
  await endStop(db, accountId, { resumeReason: reason, resumedBy: principalArn(principal), resumedAt: now });
  return await readStartState(context);
}
