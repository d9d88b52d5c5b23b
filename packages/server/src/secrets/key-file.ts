import { link, open, readFile, rm, stat } from 'node:fs/promises';
import { fileExists } from '../data-directory/index.ts';
import type { RandomBytes } from './random-bytes.ts';
import { SecretsError } from './secrets-error.ts';

const KEY_BYTES = 32;

/**
 * Reads the installation's key (32 bytes), creating it when there is none. Replicas share a copy of the file. A file
 * that others can read is refused: what it sealed must count as known to them.
 */
export async function readOrCreateKeyFile(path: string, randomBytes: RandomBytes): Promise<Uint8Array> {
  await createKeyFileIfAbsent(path, randomBytes);
  const mode = (await stat(path)).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new SecretsError(
      'KEY_FILE_TOO_LOOSE',
      `The key file ${path} is open to other users (mode 0${mode.toString(8)}): close it with "chmod 600 ${path}".`,
    );
  }
  const key = await readFile(path);
  if (key.length !== KEY_BYTES) {
    throw new SecretsError(
      'KEY_FILE_DAMAGED',
      `The key file ${path} holds ${key.length} bytes instead of ${KEY_BYTES}: restore it from a backup.`,
    );
  }
  return key;
}

async function createKeyFileIfAbsent(path: string, randomBytes: RandomBytes): Promise<void> {
  if (await fileExists(path)) return;
  // Whole and on the disk before it gets its name, so that a crash never leaves half a key behind.
  const draftPath = `${path}.${process.pid}.draft`;
  await rm(draftPath, { force: true });
  const draft = await open(draftPath, 'wx', 0o600);
  try {
    await draft.writeFile(randomBytes(KEY_BYTES));
    await draft.sync();
  } finally {
    await draft.close();
  }
  try {
    await link(draftPath, path);
  } catch (error) {
    if (!(await fileExists(path))) throw error;
  } finally {
    await rm(draftPath, { force: true });
  }
}
