import type { Role } from '@patchbay/contracts';
import { type Insertable, type Selectable, sql } from 'kysely';
import type { Database } from '../database/tables.ts';
import type { Binding } from '../operations/principal.ts';
import type { AccessKeysTable, RoleBindingsTable, UsersTable } from './tables.ts';

export type AccessKey = Selectable<AccessKeysTable>;
export type User = Selectable<UsersTable>;
export type RoleBinding = Selectable<RoleBindingsTable>;

/** Lets nobody else change people, roles or keys until the transaction ends. */
export async function lockIdentity(db: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('patchbay:identity'))`.execute(db);
}

/** The installation's own account: its administrators manage the people of all accounts. */
export async function readHomeAccountId(db: Database): Promise<string> {
  return (await db.selectFrom('installation').select('accountId').executeTakeFirstOrThrow()).accountId;
}

/** Adds a person; false when the name is taken, also by somebody who was deleted. */
export async function insertUser(db: Database, user: Insertable<UsersTable>): Promise<boolean> {
  const result = await db
    .insertInto('users')
    .values(user)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** A person, deleted ones too. */
export async function findUser(db: Database, userName: string): Promise<User | undefined> {
  return await db.selectFrom('users').selectAll().where('userName', '=', userName).executeTakeFirst();
}

export async function markUserDeleted(db: Database, userName: string, now: Date): Promise<void> {
  await db.updateTable('users').set({ deletedAt: now }).where('userName', '=', userName).execute();
}

/** One page of the people who were not deleted, in the order of their names. */
export async function pageUsers(db: Database, afterUserName: string, limit: number): Promise<User[]> {
  return await db
    .selectFrom('users')
    .selectAll()
    .where('deletedAt', 'is', null)
    .where('userName', '>', afterUserName)
    .orderBy('userName')
    .limit(limit)
    .execute();
}

/** Gives a role in an account, or other limits to one that is there. */
export async function writeBinding(db: Database, binding: Insertable<RoleBindingsTable>): Promise<void> {
  await db
    .insertInto('roleBindings')
    .values(binding)
    .onConflict((conflict) =>
      conflict
        .columns(['userName', 'accountId', 'role'])
        .doUpdateSet((row) => ({ tagLimits: row.ref('excluded.tagLimits') })),
    )
    .execute();
}

/** Takes one role in an account away, or all roles everywhere; answers how many these were. */
export async function deleteBindings(
  db: Database,
  userName: string,
  only?: { readonly accountId: string; readonly role: Role },
): Promise<number> {
  let remove = db.deleteFrom('roleBindings').where('userName', '=', userName);
  if (only) remove = remove.where('accountId', '=', only.accountId).where('role', '=', only.role);
  return Number((await remove.executeTakeFirst()).numDeletedRows);
}

export async function listBindings(db: Database, userNames: readonly string[]): Promise<RoleBinding[]> {
  return await db
    .selectFrom('roleBindings')
    .selectAll()
    .where((where) => where('userName', '=', where.fn.any(where.val([...userNames]))))
    .orderBy('userName')
    .orderBy('accountId')
    .orderBy('role')
    .execute();
}

export async function insertAccessKey(db: Database, key: Insertable<AccessKeysTable>): Promise<void> {
  await db.insertInto('accessKeys').values(key).execute();
}

/** A key whatever its state. */
export async function findAccessKey(db: Database, accessKeyId: string): Promise<AccessKey | undefined> {
  return await db.selectFrom('accessKeys').selectAll().where('accessKeyId', '=', accessKeyId).executeTakeFirst();
}

/** A key that works, with the roles that its owner has in its account. */
export async function findLiveKey(
  db: Database,
  accessKeyId: string,
): Promise<{ readonly key: AccessKey; readonly bindings: readonly Binding[] } | undefined> {
  const rows = await db
    .selectFrom('accessKeys')
    .innerJoin('users', 'users.userName', 'accessKeys.userName')
    .leftJoin('roleBindings', (join) =>
      join
        .onRef('roleBindings.userName', '=', 'accessKeys.userName')
        .onRef('roleBindings.accountId', '=', 'accessKeys.accountId'),
    )
    .selectAll('accessKeys')
    .select(['roleBindings.role', 'roleBindings.tagLimits'])
    .where('accessKeyId', '=', accessKeyId)
    .where('revokedAt', 'is', null)
    .where('users.deletedAt', 'is', null)
    .execute();
  const [key] = rows;
  if (!key) return undefined;
  const bindings = rows.flatMap(({ role, tagLimits }) => (role && tagLimits ? [{ role, tagLimits }] : []));
  return { key, bindings };
}

/** One page of somebody's keys, those that were revoked too, oldest first. */
export async function pageAccessKeys(
  db: Database,
  userName: string,
  after: { readonly createdAt: Date; readonly accessKeyId: string } | undefined,
  limit: number,
): Promise<AccessKey[]> {
  let select = db.selectFrom('accessKeys').selectAll().where('userName', '=', userName);
  if (after)
    select = select.where(sql<boolean>`(created_at, access_key_id) > (${after.createdAt}, ${after.accessKeyId})`);
  return await select.orderBy('createdAt').orderBy('accessKeyId').limit(limit).execute();
}

/** Ends a key, or all keys of a person. One that ended before keeps its time. */
export async function revokeKeys(
  db: Database,
  which: { readonly accessKeyId: string } | { readonly userName: string },
  now: Date,
): Promise<void> {
  await db
    .updateTable('accessKeys')
    .set({ revokedAt: now })
    .where((where) => where.and(which))
    .where('revokedAt', 'is', null)
    .execute();
}

export async function noteKeyUse(db: Database, accessKeyId: string, now: Date): Promise<void> {
  await db.updateTable('accessKeys').set({ lastUsedAt: now }).where('accessKeyId', '=', accessKeyId).execute();
}

/** Whether somebody can still sign who is administrator of the whole account. */
export async function existsAdministrator(db: Database, accountId: string): Promise<boolean> {
  const found = await db
    .selectFrom('roleBindings')
    .innerJoin('users', 'users.userName', 'roleBindings.userName')
    .innerJoin('accessKeys', (join) =>
      join
        .onRef('accessKeys.userName', '=', 'roleBindings.userName')
        .onRef('accessKeys.accountId', '=', 'roleBindings.accountId'),
    )
    .select('accessKeys.accessKeyId')
    .where('roleBindings.accountId', '=', accountId)
    .where('role', '=', 'administrator')
    .where(sql<boolean>`tag_limits = '[]'::jsonb`)
    .where('users.deletedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/** The newest key of somebody that works in an account. */
export async function findNewestLiveKey(
  db: Database,
  userName: string,
  accountId: string,
): Promise<AccessKey | undefined> {
  return await db
    .selectFrom('accessKeys')
    .selectAll()
    .where('userName', '=', userName)
    .where('accountId', '=', accountId)
    .where('revokedAt', 'is', null)
    .orderBy('createdAt', 'desc')
    .limit(1)
    .executeTakeFirst();
}
