import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { migrateToLatest, type NamedMigration } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { withTestDatabase } from './test-support/test-database.ts';

describe('migrateToLatest', () => {
  const testDatabase = withTestDatabase();
  const createsTable = (name: string, table: string): NamedMigration => ({
    name,
    up: async (database) => {
      await sql`create table ${sql.table(table)} (id int)`.execute(database);
    },
  });

  it('takes each step once, also when replicas start together', async () => {
    const { database } = testDatabase();
    const list = [...migrations, createsTable('9001-first', 'first_table')];
    const taken = await Promise.all([1, 2, 3].map(() => migrateToLatest(database, list)));
    expect(taken.flat()).toEqual(['9001-first']);
    expect(await migrateToLatest(database, list)).toEqual([]);
  });

  it('takes no step at all when a later one fails, and names that one', async () => {
    const { database } = testDatabase();
    const list = [
      ...migrations,
      createsTable('9001-first', 'first_table'),
      createsTable('9002-second', 'second_table'),
      createsTable('9003-clash', 'second_table'),
    ];
    await expect(migrateToLatest(database, list)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining('9003-clash'),
    });
    const { rows } = await sql`select to_regclass('second_table') as found`.execute(database);
    expect(rows).toEqual([{ found: null }]);
  });

  it('refuses a database that a newer release has changed', async () => {
    await expect(migrateToLatest(testDatabase().database, migrations)).rejects.toMatchObject({
      code: 'DATABASE_NEWER',
      message: expect.stringContaining('9001-first'),
    });
  });

  it('has names that sort in the order of the list', () => {
    const names = migrations.map(({ name }) => name);
    expect(names.toSorted()).toEqual(names);
    for (const name of names) expect(name).toMatch(/^\d{4}-[a-z0-9-]+$/);
  });
});
