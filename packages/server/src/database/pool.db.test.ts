import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { createDatabase, createPool } from './pool.ts';
import { withTestDatabase } from './test-support/test-database.ts';
import { runInTransaction } from './transaction.ts';

const test = withTestDatabase();

describe('statements that were prepared once', () => {
  it('survive that the tables change under them, as when another replica migrates', async () => {
    const { connection, pool } = test();
    await pool.query('create table shelf (id int)');
    await pool.query('insert into shelf values (1)');
    const database = createDatabase(createPool(connection, { maximumConnections: 1 }));
    try {
      const read = () =>
        runInTransaction(database, async (transaction) => (await sql`select * from shelf`.execute(transaction)).rows);
      expect(await read()).toEqual([{ id: 1 }]);
      await pool.query(`alter table shelf add column label text default 'new'`);
      expect(await read()).toEqual([{ id: 1, label: 'new' }]);
    } finally {
      await database.destroy();
    }
  });
});
