import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { BackupError } from './backup-error.ts';
import { Manifest, manifestFile, sealedKeyFile } from './manifest.ts';
import { openSealedKey, SealedKey } from './sealed-key.ts';
import { digestFile } from './tar.ts';

export interface VerifiedBackup {
  readonly manifest: Manifest;
  readonly key: Buffer;
}

/**
 * Checks all of an unpacked backup: the passphrase vouches for manifest and key, the manifest for every table.
 *
 * @throws BackupError NOT_A_BACKUP, BACKUP_NEWER, BACKUP_DAMAGED, WRONG_PASSPHRASE
 */
export async function verifyBackup(
  folder: string,
  passphrase: string,
  knownMigrations: readonly string[],
): Promise<VerifiedBackup> {
  const names = await readdir(folder);
  for (const name of names) {
    // A link could lead out of the folder.
    if (!(await lstat(join(folder, name))).isFile()) throw notABackup(`${name} is no ordinary file`);
  }
  if (!names.includes(manifestFile) || !names.includes(sealedKeyFile)) {
    throw notABackup(`it has no ${manifestFile} or no ${sealedKeyFile}`);
  }
  const manifestBytes = await readFile(join(folder, manifestFile));
  refuseNewerFormat(manifestBytes);
  const manifest = parse(Manifest, manifestBytes, manifestFile);
  const sealed = parse(SealedKey, await readFile(join(folder, sealedKeyFile)), sealedKeyFile);
  const unknown = manifest.migrations.filter((name) => !knownMigrations.includes(name));
  if (unknown.length > 0) {
    throw new BackupError(
      'BACKUP_NEWER',
      `Patchbay ${manifest.patchbayVersion} made this backup, and its database is newer than this release (${unknown.join(', ')}). Restore it with that release or a later one.`,
    );
  }
  const key = await openSealedKey(sealed, passphrase, manifestBytes);
  const expected = new Set([manifestFile, sealedKeyFile, ...manifest.tables.map(({ file }) => file)]);
  const surplus = names.filter((name) => !expected.has(name));
  if (surplus.length > 0) throw damaged(`it holds ${surplus.join(', ')}, which its manifest does not name`);
  for (const { file, sha256 } of manifest.tables) {
    if (!names.includes(file)) throw damaged(`${file} is missing`);
    if ((await digestFile(join(folder, file))) !== sha256) throw damaged(`${file} is not what was backed up`);
  }
  return { manifest, key };
}

function refuseNewerFormat(bytes: Buffer): void {
  const version = (parseJson(bytes) as { formatVersion?: unknown } | null)?.formatVersion;
  if (typeof version !== 'number' || version <= 1) return;
  throw new BackupError(
    'BACKUP_NEWER',
    'A newer release of Patchbay made this backup. Restore it with that release or a later one.',
  );
}

function parse<Schema extends z.ZodType>(schema: Schema, bytes: Buffer, file: string): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  throw notABackup(`its ${file} cannot be read`);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // No JSON is no manifest, which the schema says.
    return null;
  }
}

function notABackup(reason: string): BackupError {
  return new BackupError('NOT_A_BACKUP', `This is no backup of Patchbay: ${reason}.`);
}

function damaged(reason: string): BackupError {
  return new BackupError('BACKUP_DAMAGED', `The backup is damaged: ${reason}. Nothing was restored.`);
}
