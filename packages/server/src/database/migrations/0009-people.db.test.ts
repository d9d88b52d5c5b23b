import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { findLiveKey } from '../../identity/repository.ts';
import { migrateToLatest } from '../migrate.ts';
import { withTestDatabase } from '../test-support/test-database.ts';
import { migrations } from './index.ts';

describe('an installation from before there were roles', () => {
  const testDatabase = withTestDatabase();

  it('keeps its administrator, whose keys go on working, and leaves revoked ones revoked', async () => {
    const { database } = testDatabase();
    await sql`drop schema public cascade`.execute(database);
    await sql`create schema public`.execute(database);
    await migrateToLatest(
      database,
      migrations.filter(({ name }) => name < '0009'),
    );
    await sql`
      insert into access_keys (access_key_id, account_id, user_name, role, sealed_secret, created_at, revoked_at) values
        ('AKIA1', '123456789012', 'administrator', 'administrator', 's', '2026-01-01', null),
        ('AKIA2', '123456789012', 'administrator', 'administrator', 's', '2026-01-02', '2026-01-03'),
        ('AKIA3', '123456789012', 'somebody', 'unheard-of', 's', '2026-01-02', null)`.execute(database);
    await migrateToLatest(database, migrations);
    expect(await findLiveKey(database, 'AKIA1')).toMatchObject({
      key: { userName: 'administrator', lastUsedAt: null },
      bindings: [{ role: 'administrator', tagLimits: [] }],
    });
    expect(await findLiveKey(database, 'AKIA2')).toBeUndefined();
    expect(await findLiveKey(database, 'AKIA3')).toMatchObject({ bindings: [] });
  });
});
