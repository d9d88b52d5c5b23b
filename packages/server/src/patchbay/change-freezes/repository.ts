import type { Insertable, Selectable } from 'kysely';
import type { Database } from '../../database/tables.ts';
import type { ChangeFreezeOverridesTable, ChangeFreezesTable, StartStopsTable } from './tables.ts';

export type StoredFreeze = Selectable<ChangeFreezesTable>;
export type StoredOverride = Selectable<ChangeFreezeOverridesTable>;
export type StartStop = Selectable<StartStopsTable>;

/** False when there is one of that name. */
export async function insertFreeze(db: Database, freeze: Insertable<ChangeFreezesTable>): Promise<boolean> {
  const result = await db
    .insertInto('changeFreezes')
    .values(freeze)
    .onConflict((conflict) => conflict.columns(['accountId', 'name']).where('deletedAt', 'is', null).doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** The freezes of an account, or of all, that were not deleted, by their names. */
export async function listFreezes(db: Database, accountId: string | null): Promise<StoredFreeze[]> {
  let select = db.selectFrom('changeFreezes').selectAll().where('deletedAt', 'is', null);
  if (accountId !== null) select = select.where('accountId', '=', accountId);
  return await select.orderBy('name').execute();
}

export async function markFreezeDeleted(
  db: Database,
  accountId: string,
  name: string,
  change: { readonly deletedBy: string; readonly deletedAt: Date },
): Promise<boolean> {
  const result = await db
    .updateTable('changeFreezes')
    .set(change)
    .where('accountId', '=', accountId)
    .where('name', '=', name)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function insertOverride(db: Database, override: Insertable<ChangeFreezeOverridesTable>): Promise<void> {
  await db.insertInto('changeFreezeOverrides').values(override).execute();
}

/** The overrides of an account's freezes that have not run out. */
export async function listOverrides(db: Database, accountId: string, now: Date): Promise<StoredOverride[]> {
  return await db
    .selectFrom('changeFreezeOverrides')
    .innerJoin('changeFreezes', 'changeFreezes.freezeId', 'changeFreezeOverrides.freezeId')
    .selectAll('changeFreezeOverrides')
    .where('changeFreezes.accountId', '=', accountId)
    .where('changeFreezes.deletedAt', 'is', null)
    .where('changeFreezeOverrides.until', '>', now)
    .orderBy('changeFreezeOverrides.createdAt')
    .execute();
}

/** The stop that is in force. */
export async function findStop(db: Database, accountId: string): Promise<StartStop | undefined> {
  return await db
    .selectFrom('startStops')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('resumedAt', 'is', null)
    .executeTakeFirst();
}

/** Does nothing while one is in force. */
export async function insertStop(db: Database, stop: Insertable<StartStopsTable>): Promise<void> {
  await db
    .insertInto('startStops')
    .values(stop)
    .onConflict((conflict) => conflict.column('accountId').where('resumedAt', 'is', null).doNothing())
    .execute();
}

export async function endStop(
  db: Database,
  accountId: string,
  change: Pick<StartStop, 'resumeReason' | 'resumedBy' | 'resumedAt'>,
): Promise<void> {
  await db
    .updateTable('startStops')
    .set(change)
    .where('accountId', '=', accountId)
    .where('resumedAt', 'is', null)
    .execute();
}
