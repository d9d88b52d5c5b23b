import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Client, escapeIdentifier } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { type ConnectionTarget, clientConfig } from '../database/connection.ts';
import { restoreUnfinished } from '../database/index.ts';
import { BackupError } from './backup-error.ts';
import type { Manifest } from './manifest.ts';

/** Whether a database holds nothing that a restore could harm. */
export async function isEmptyDatabase(connection: ConnectionTarget): Promise<boolean> {
  return await withClient(connection, async (client) => {
    const { rows } = await client.query<{ count: string }>(
      `select count(*) from pg_class class join pg_namespace namespace on namespace.oid = class.relnamespace
        where namespace.nspname not like 'pg\\_%' and namespace.nspname <> 'information_schema'`,
    );
    return Number(rows[0]?.count ?? 1) === 0;
  });
}

/** Fills the tables of a schema that is exactly the backup's, all in one transaction, and marks them as unfinished. */
export async function loadTables(connection: ConnectionTarget, folder: string, manifest: Manifest): Promise<void> {
  await withClient(connection, async (client) => {
    await client.query('begin');
    // The migrations have put rows of their own into some of them.
    await client.query(`truncate ${manifest.tables.map(({ name }) => escapeIdentifier(name)).join(', ')}`);
    for (const { name, columns, rows, file } of manifest.tables) {
      const target = client.query(
        copyFrom(`copy ${escapeIdentifier(name)} (${columns.map(escapeIdentifier).join(', ')}) from stdin`),
      );
      await pipeline(createReadStream(join(folder, file)), createGunzip(), target);
      if (target.rowCount !== rows) {
        throw new BackupError(
          'BACKUP_DAMAGED',
          `The backup is damaged: ${file} has ${target.rowCount} rows instead of ${rows}.`,
        );
      }
    }
    for (const { name, lastValue } of manifest.sequences) {
      await client.query('select setval($1::regclass, $2)', [escapeIdentifier(name), lastValue]);
    }
    await client.query('update installation set key_check = $1', [restoreUnfinished]);
    await client.query('commit');
    // The planner knows nothing about the new rows yet.
    await client.query('analyze');
  });
}

/** Takes away what a restore that failed has made in a database that was empty before. */
export async function emptyDatabase(connection: ConnectionTarget): Promise<void> {
  await withClient(connection, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`,
    );
    if (rows.length > 0) {
      await client.query(`drop table ${rows.map(({ name }) => escapeIdentifier(name)).join(', ')} cascade`);
    }
  });
}

async function withClient<Result>(
  connection: ConnectionTarget,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ ...clientConfig(connection), application_name: 'patchbay-restore' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
