import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Database } from '../database/tables.ts';
import { runInTransaction } from '../database/transaction.ts';
import type { AccessKeys } from './access-keys.ts';
import {
  existsAdministrator,
  findNewestLiveKey,
  insertAccessKey,
  insertUser,
  lockIdentity,
  writeBinding,
} from './repository.ts';

/** What `patchbay env` prints: how the first administrator reaches this installation. */
export const AdministratorAccess = z.object({
  endpoint: z.string(),
  region: z.string(),
  accountId: z.string(),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  /** The certificate to trust, where the server has one of the built-in authority. */
  caFile: z.string().optional(),
});
export type AdministratorAccess = z.infer<typeof AdministratorAccess>;

interface SigningPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const firstAdministrator = 'administrator';

/**
 * The newest key of the first administrator, who is made at the first start. Undefined when that person was deleted or
 * has no key any more: then others administer, and nobody brings the first one back.
 */
export async function ensureAdministrator(
  database: Database,
  accountId: string,
  parts: { readonly accessKeys: AccessKeys; readonly now: Date },
): Promise<SigningPair | undefined> {
  const { accessKeys, now } = parts;
  return await runInTransaction(database, async (db) => {
    await lockIdentity(db);
    const found = await findNewestLiveKey(db, firstAdministrator, accountId);
    if (found) {
      const { accessKeyId, sealedSecret } = found;
      return { accessKeyId, secretAccessKey: accessKeys.openSecret(accessKeyId, sealedSecret) };
    }
    if (await existsAdministrator(db, accountId)) return undefined;
    const { accessKeyId, secretAccessKey, sealedSecret } = accessKeys.issue();
    const person = { userName: firstAdministrator, accountId, createdAt: now };
    await insertUser(db, { userName: firstAdministrator, createdAt: now, deletedAt: null });
    await writeBinding(db, { ...person, role: 'administrator', tagLimits: '[]' });
    await insertAccessKey(db, { ...person, accessKeyId, sealedSecret, lastUsedAt: null, revokedAt: null });
    return { accessKeyId, secretAccessKey };
  });
}

/** Where the access of the first administrator lies: beside the key file, which could unseal it anyway. */
export function administratorFile(dataDirectory: string): string {
  return join(dataDirectory, 'administrator.json');
}

/** Writes the access down for `patchbay env`, or takes it away where it would not work any more. */
export async function writeAdministratorFile(
  dataDirectory: string,
  access: AdministratorAccess | undefined,
): Promise<void> {
  const file = administratorFile(dataDirectory);
  if (!access) return await rm(file, { force: true });
  await writeFile(file, `${JSON.stringify(access, null, 2)}\n`, { mode: 0o600 });
  // The mode above counts only where the file is new.
  await chmod(file, 0o600);
}
