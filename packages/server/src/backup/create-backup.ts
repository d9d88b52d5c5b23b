import { createWriteStream } from 'node:fs';
import { mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Client, escapeIdentifier } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { fileExists } from '../data-directory/index.ts';
import { type ConnectionTarget, clientConfig } from '../database/connection.ts';
import { BackupError } from './backup-error.ts';
import { type BackedUpTable, type Manifest, manifestFile, sealedKeyFile } from './manifest.ts';
import { requireGoodPassphrase, sealKey } from './sealed-key.ts';
import { listSequences, listTables, type StoredTable } from './table-list.ts';
import { digestFile, packFiles } from './tar.ts';

export interface BackupRequest {
  readonly connection: ConnectionTarget;
  readonly keyFile: string;
  readonly passphrase: string;
  /** Must not exist yet. */
  readonly output: string;
  readonly patchbayVersion: string;
  readonly now: Date;
}

/**
 * Writes one file with all of an installation as it is at one moment, while it goes on working: the rows in one
 * REPEATABLE READ transaction, the key under the passphrase. The file appears whole or not at all, with mode 0600.
 */
export async function createBackup(request: BackupRequest): Promise<Manifest> {
  const output = resolve(request.output);
  const passphrase = requireGoodPassphrase(request.passphrase);
  await requireAbsent(output);
  const key = await readFile(request.keyFile);
  // Beside the output: on the file system that has to have room for it anyway.
  const staging = await mkdtemp(join(dirname(output), `.${basename(output)}.`));
  try {
    const manifest = await copyDatabase(request, staging);
    const manifestText = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
    await writeFile(join(staging, manifestFile), manifestText);
    await writeFile(
      join(staging, sealedKeyFile),
      `${JSON.stringify(await sealKey(key, passphrase, manifestText), null, 2)}\n`,
    );
    await pack(staging, manifest, output);
    return manifest;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function pack(staging: string, { tables }: Manifest, output: string): Promise<void> {
  const draft = join(staging, 'backup.tar');
  // Before tar writes to it, so that it is never open to others.
  await writeFile(draft, '', { mode: 0o600 });
  await packFiles(staging, [manifestFile, sealedKeyFile, ...tables.map(({ file }) => file)], draft);
  await syncToDisk(draft);
  await requireAbsent(output);
  await rename(draft, output);
  await syncToDisk(dirname(output));
}

async function requireAbsent(path: string): Promise<void> {
  if (!(await fileExists(path))) return;
  throw new BackupError('OUTPUT_EXISTS', `${path} exists already. Give another name with --output.`);
}

async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function copyDatabase(request: BackupRequest, staging: string): Promise<Manifest> {
  const client = new Client({ ...clientConfig(request.connection), application_name: 'patchbay-backup' });
  await client.connect();
  try {
    await client.query('begin transaction isolation level repeatable read, read only');
    const accountId = await readAccountId(client);
    const { rows: versions } = await client.query<{ major: number }>(
      `select current_setting('server_version_num')::int / 10000 as major`,
    );
    const { rows: migrations } = await client.query<{ name: string }>(
      'select name from schema_migration order by name',
    );
    const sequences = await listSequences(client);
    const tables: BackedUpTable[] = [];
    for (const table of await listTables(client)) tables.push(await copyTable(client, table, staging));
    await client.query('commit');
    return {
      format: 'patchbay-backup',
      formatVersion: 1,
      patchbayVersion: request.patchbayVersion,
      postgresMajor: versions[0]?.major ?? 0,
      createdAt: request.now.toISOString(),
      accountId,
      migrations: migrations.map(({ name }) => name),
      tables,
      sequences,
    };
  } finally {
    await client.end();
  }
}

async function readAccountId(client: Client): Promise<string> {
  const { rows: found } = await client.query<{ present: boolean }>(
    `select to_regclass('public.installation') is not null as present`,
  );
  const { rows } = found[0]?.present
    ? await client.query<{ accountId: string }>('select account_id as "accountId" from installation')
    : { rows: [] };
  const [installation] = rows;
  if (installation) return installation.accountId;
  throw new BackupError(
    'NO_INSTALLATION',
    'This database holds no installation of Patchbay: there is nothing to back up.',
  );
}

async function copyTable(client: Client, { name, columns }: StoredTable, staging: string): Promise<BackedUpTable> {
  const file = `${name}.copy.gz`;
  const path = join(staging, file);
  // A query, because COPY of a partitioned table by its name copies nothing in older majors.
  const source = client.query(
    copyTo(`copy (select ${columns.map(escapeIdentifier).join(', ')} from ${escapeIdentifier(name)}) to stdout`),
  );
  await pipeline(source, createGzip({ level: 4 }), createWriteStream(path, { mode: 0o600 }));
  return { name, columns: [...columns], rows: source.rowCount, file, sha256: await digestFile(path) };
}
