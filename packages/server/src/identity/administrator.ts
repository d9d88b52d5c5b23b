import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Database } from '../database/tables.ts';
import type { RandomBytes, SecretBox } from '../secrets/index.ts';
import { findFirstAdministratorKey, insertAccessKey } from './repository.ts';

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

/** The context under which secrets of access keys are sealed. */
export function accessKeyContext(accessKeyId: string): string {
  return `access-key.${accessKeyId}`;
}

/** The key of the first administrator; made at the first start. */
export async function ensureAdministrator(
  db: Database,
  accountId: string,
  parts: { readonly secrets: SecretBox; readonly randomBytes: RandomBytes; readonly now: Date },
): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const found = await findFirstAdministratorKey(db);
  if (found) {
    const { accessKeyId, sealedSecret } = found;
    return { accessKeyId, secretAccessKey: parts.secrets.open(sealedSecret, accessKeyContext(accessKeyId)) };
  }
  const accessKeyId = `AKIA${Buffer.from(parts.randomBytes(8)).toString('hex').toUpperCase()}`;
  const secretAccessKey = Buffer.from(parts.randomBytes(30)).toString('base64');
  await insertAccessKey(db, {
    accessKeyId,
    accountId,
    userName: 'administrator',
    role: 'administrator',
    sealedSecret: parts.secrets.seal(secretAccessKey, accessKeyContext(accessKeyId)),
    createdAt: parts.now,
    revokedAt: null,
  });
  return { accessKeyId, secretAccessKey };
}

/** Where the access of the first administrator lies: beside the key file, which could unseal it anyway. */
export function administratorFile(dataDirectory: string): string {
  return join(dataDirectory, 'administrator.json');
}

export async function writeAdministratorFile(dataDirectory: string, access: AdministratorAccess): Promise<void> {
  const file = administratorFile(dataDirectory);
  await writeFile(file, `${JSON.stringify(access, null, 2)}\n`, { mode: 0o600 });
  // The mode above counts only where the file is new.
  await chmod(file, 0o600);
}
