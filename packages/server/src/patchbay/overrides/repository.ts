import type { Insertable, Selectable } from 'kysely';
import type { Database } from '../../database/tables.ts';
import type { CommandOverridesTable } from './tables.ts';

export type CommandOverride = Selectable<CommandOverridesTable>;

export async function insertCommandOverride(db: Database, row: Insertable<CommandOverridesTable>): Promise<void> {
  await db.insertInto('commandOverrides').values(row).execute();
}

export async function findCommandOverride(db: Database, commandId: string): Promise<CommandOverride | undefined> {
  return await db.selectFrom('commandOverrides').selectAll().where('commandId', '=', commandId).executeTakeFirst();
}
