import type { Insertable, Selectable } from 'kysely';
import type { Database } from '../database/tables.ts';
import type { AccessKeysTable } from './tables.ts';

export type AccessKey = Selectable<AccessKeysTable>;

export async function insertAccessKey(db: Database, key: Insertable<AccessKeysTable>): Promise<void> {
  await db.insertInto('accessKeys').values(key).execute();
}

export async function findAccessKey(db: Database, accessKeyId: string): Promise<AccessKey | undefined> {
  return await db
    .selectFrom('accessKeys')
    .selectAll()
    .where('accessKeyId', '=', accessKeyId)
    .where('revokedAt', 'is', null)
    .executeTakeFirst();
}

/** The oldest key of the first administrator. */
export async function findFirstAdministratorKey(db: Database): Promise<AccessKey | undefined> {
  return await db
    .selectFrom('accessKeys')
    .selectAll()
    .where('role', '=', 'administrator')
    .where('revokedAt', 'is', null)
    .orderBy('createdAt')
    .limit(1)
    .executeTakeFirst();
}
