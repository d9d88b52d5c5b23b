import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  type ConnectionTarget,
  createDatabase,
  createPool,
  listAppliedMigrations,
  migrateToLatest,
  migrations,
  openInstallation,
  restoreUnfinished,
  withDatabase,
} from '../database/index.ts';
import { createSecretBox } from '../secrets/index.ts';
import { createBackup } from './create-backup.ts';
import { restoreBackup } from './restore-backup.ts';

const passphrase = 'correct horse battery';
const now = new Date('2026-11-22T10:00:00.000Z');

describe('a backup of an older release', () => {
  const suffix = randomBytes(4).toString('hex');
  const names = { old: `old_${suffix}`, restored: `restored_${suffix}` };
  let folder = '';

  const administer = async (statement: string) => {
    const pool = createPool(inject('testPostgres'), { maximumConnections: 1 });
    await pool.query(statement);
    await pool.end();
  };
  const urlOf = (database: string) => {
    const target = inject('testPostgres');
    if (target.kind === 'url') throw new Error('The test server is reached by its socket');
    return `postgres://${target.user}@localhost/${database}?host=${encodeURIComponent(target.directory)}`;
  };
  const withTables = async <Result>(name: string, work: (db: ReturnType<typeof createDatabase>) => Promise<Result>) => {
    const db = createDatabase(createPool(withDatabase(inject('testPostgres'), name)));
    try {
      return await work(db);
    } finally {
      await db.destroy();
    }
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchbay-backup-'));
    for (const name of Object.values(names)) await administer(`create database ${name}`);
  });
  afterAll(async () => {
    for (const name of Object.values(names)) await administer(`drop database ${name} with (force)`);
    await rm(folder, { recursive: true });
  });

  it('is brought to this release, and is marked until it is whole', async () => {
    const key = randomBytes(32);
    const secrets = createSecretBox(key, randomBytes);
    await writeFile(join(folder, 'key'), key);
    const older = migrations.slice(0, -1);
    const first = await withTables(names.old, async (db) => {
      await migrateToLatest(db, older);
      return await openInstallation(db, { secrets, now, randomBytes });
    });
    const connection: ConnectionTarget = withDatabase(inject('testPostgres'), names.old);
    const file = join(folder, 'old.backup');
    const keyFile = join(folder, 'key');
    const made = await createBackup({ connection, keyFile, passphrase, output: file, patchbayVersion: '0.0.1', now });
    expect(made.migrations).toEqual(older.map(({ name }) => name));

    const databaseUrl = urlOf(names.restored);
    const data = join(folder, 'data');
    const request = { file, data, databaseUrl, passphrase, now, randomBytes, randomId: randomUUID };
    await expect(restoreBackup({ ...request, passphrase: `${passphrase}?` })).rejects.toMatchObject({
      code: 'WRONG_PASSPHRASE',
    });
    expect(await restoreBackup(request)).toMatchObject({ accountId: first.accountId, endedCommands: 0 });
    await withTables(names.restored, async (db) => {
      expect(await listAppliedMigrations(db)).toEqual(migrations.map(({ name }) => name));
      const opened = await openInstallation(db, { secrets, now, randomBytes });
      expect(opened.signingKey.publicKey).toBe(first.signingKey.publicKey);
      const { rows } = await sql<{ action: string }>`select action from audit_events`.execute(db);
      expect(rows).toEqual([{ action: 'patchbay:Restore' }]);

      await sql`update installation set key_check = ${restoreUnfinished}`.execute(db);
      await expect(openInstallation(db, { secrets, now, randomBytes })).rejects.toMatchObject({
        code: 'RESTORE_UNFINISHED',
      });
    });
  });
});
