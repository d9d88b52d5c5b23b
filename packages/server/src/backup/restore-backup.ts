import { mkdir, mkdtemp, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { sql } from 'kysely';
import { endRestoredCommands } from '../aws/ssm/commands/restored.ts';
import { endRestoredExecutions } from '../aws/ssm/maintenance-window-executions/restored.ts';
import { openDataDirectory } from '../data-directory/index.ts';
import {
  type ConnectionTarget,
  createDatabase,
  createPool,
  ensurePartitions,
  keyCheckOf,
  migrateToLatest,
  migrations,
  notify,
  runInTransaction,
  startEmbeddedPostgres,
} from '../database/index.ts';
import { recordAuditEvent } from '../operations/audit.ts';
import { createSecretBox, type RandomBytes } from '../secrets/index.ts';
import { BackupError } from './backup-error.ts';
import { emptyDatabase, isEmptyDatabase, loadTables } from './load-tables.ts';
import { unpackFiles } from './tar.ts';
import { type VerifiedBackup, verifyBackup } from './verify-backup.ts';

export interface RestoreRequest {
  readonly file: string;
  /** A data directory that does not exist yet, or is empty. */
  readonly data: string;
  /** An empty database; without it an embedded one is made in the data directory. */
  readonly databaseUrl: string | undefined;
  readonly passphrase: string;
  readonly now: Date;
  readonly randomBytes: RandomBytes;
  readonly randomId: () => string;
}

export interface Restored {
  readonly accountId: string;
  readonly backupAt: string;
  readonly tables: number;
  readonly rows: number;
  /** Commands that had not ended when the backup was made, and never will be sent again. */
  readonly endedCommands: number;
}

/**
 * Makes an installation from a backup, in an empty place only. Everything is checked before anything is written; the
 * data directory gets its name when all is done. Commands of the backup that had not ended are ended.
 */
export async function restoreBackup(request: RestoreRequest): Promise<Restored> {
  const target = resolve(request.data);
  await requireEmptyDirectory(target);
  await mkdir(dirname(target), { recursive: true });
  const staging = await mkdtemp(join(dirname(target), `.${basename(target)}.restoring-`));
  try {
    const unpacked = join(staging, 'backup');
    await mkdir(unpacked);
    await unpackFiles(resolve(request.file), unpacked);
    const names = migrations.map(({ name }) => name);
    const backup = await verifyBackup(unpacked, request.passphrase, names);
    const data = join(staging, 'data');
    const restored = await restoreInto(data, unpacked, backup, request);
    await rename(data, target);
    await syncDirectory(dirname(target));
    return restored;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function restoreInto(
  data: string,
  unpacked: string,
  backup: VerifiedBackup,
  request: RestoreRequest,
): Promise<Restored> {
  const directory = await openDataDirectory(data);
  try {
    const restored =
      request.databaseUrl === undefined
        ? await withEmbeddedPostgres(directory, (connection) => fill(connection, unpacked, backup, request))
        : await fillOwnDatabase({ kind: 'url', url: request.databaseUrl }, unpacked, backup, request);
    await writeFile(directory.key, backup.key, { mode: 0o600, flush: true });
    return restored;
  } finally {
    await directory.close();
  }
}

async function withEmbeddedPostgres<Result>(
  dataDirectory: Awaited<ReturnType<typeof openDataDirectory>>,
  work: (connection: ConnectionTarget) => Promise<Result>,
): Promise<Result> {
  const postgres = await startEmbeddedPostgres({ dataDirectory });
  try {
    return await work(postgres.connection);
  } finally {
    await postgres.stop();
  }
}

async function fillOwnDatabase(
  connection: ConnectionTarget,
  unpacked: string,
  backup: VerifiedBackup,
  request: RestoreRequest,
): Promise<Restored> {
  if (!(await isEmptyDatabase(connection))) {
    throw new BackupError(
      'TARGET_NOT_EMPTY',
      'The database behind --database-url is not empty. Restore into a new one.',
    );
  }
  try {
    return await fill(connection, unpacked, backup, request);
  } catch (error) {
    await emptyDatabase(connection);
    throw error;
  }
}

async function fill(
  connection: ConnectionTarget,
  unpacked: string,
  { manifest, key }: VerifiedBackup,
  { now, randomBytes, randomId }: RestoreRequest,
): Promise<Restored> {
  const db = createDatabase(createPool(connection, { applicationName: 'patchbay-restore' }));
  try {
    const ofBackup = new Set(manifest.migrations);
    await migrateToLatest(
      db,
      migrations.filter(({ name }) => ofBackup.has(name)),
    );
    await loadTables(connection, unpacked, manifest);
    await migrateToLatest(db, migrations);
    await ensurePartitions(db, now);
    const keyCheck = keyCheckOf(createSecretBox(key, randomBytes));
    const endedCommands = await runInTransaction(db, async (transaction) => {
      const restored = { backupAt: manifest.createdAt, now };
      await endRestoredExecutions(transaction, restored);
      const count = await endRestoredCommands(transaction, { ...restored, wake: silentWake });
      await recordAuditEvent(transaction, {
        accountId: manifest.accountId,
        region: '*',
        eventId: randomId(),
        happenedAt: now,
        principal: 'patchbay restore',
        action: 'patchbay:Restore',
        resource: '*',
        sourceAddress: '',
        requestId: randomId(),
        result: 'success',
        input: { backupAt: manifest.createdAt, patchbayVersion: manifest.patchbayVersion, endedCommands: count },
      });
      // From here on the database may be served.
      await sql`update installation set key_check = ${keyCheck}`.execute(transaction);
      return count;
    });
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
    const { accountId, createdAt: backupAt } = manifest;
    return { accountId, backupAt, tables: manifest.tables.length, rows, endedCommands };
  } finally {
    await db.destroy();
  }
}

/** Nobody polls a database that is being restored. */
const silentWake = { notify, subscribe: () => () => {} };

async function requireEmptyDirectory(path: string): Promise<void> {
  const names = await readdir(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  if (names.length === 0) return;
  throw new BackupError('TARGET_NOT_EMPTY', `${path} is not empty. Restore into a new directory, named with --data.`);
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
