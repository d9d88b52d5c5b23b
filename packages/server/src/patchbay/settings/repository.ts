import type { PatchSettings } from '@patchbay/contracts';
import type { Selectable } from 'kysely';
import type { Database } from '../../database/tables.ts';
import type { PatchSettingsTable } from './tables.ts';

export type StoredSettings = Selectable<PatchSettingsTable>;

export async function findNewestSettings(db: Database, accountId: string): Promise<StoredSettings | undefined> {
  return await db
    .selectFrom('patchSettings')
    .selectAll()
    .where('accountId', '=', accountId)
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** False when that revision exists already. */
export async function insertSettings(
  db: Database,
  row: {
    readonly accountId: string;
    readonly revision: number;
    readonly content: Partial<PatchSettings>;
    readonly changedAt: Date;
  },
): Promise<boolean> {
  const inserted = await db
    .insertInto('patchSettings')
    .values({ ...row, content: JSON.stringify(row.content) })
    .onConflict((conflict) => conflict.doNothing())
    .returning('revision')
    .executeTakeFirst();
  return inserted !== undefined;
}
