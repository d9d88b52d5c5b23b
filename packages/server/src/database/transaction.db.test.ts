import { sql } from 'kysely';
import { DatabaseError } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { withTestDatabase } from './test-support/test-database.ts';
import { runInTransaction, runUntilConnected } from './transaction.ts';

describe('runInTransaction', () => {
  const testDatabase = withTestDatabase();

  beforeAll(async () => {
    await testDatabase().pool.query('create table counter (id int primary key, value int not null)');
    await testDatabase().pool.query('insert into counter values (1, 0), (2, 0)');
  });

  it('loses no update among serializable transactions', async () => {
    const { database } = testDatabase();
    await Promise.all(
      Array.from({ length: 4 }, () =>
        runInTransaction(
          database,
          async (transaction) => {
            const { rows } = await sql<{ value: number }>`select value from counter where id = 1`.execute(transaction);
            await sql`update counter set value = ${(rows[0]?.value ?? 0) + 1} where id = 1`.execute(transaction);
          },
          { isolationLevel: 'serializable' },
        ),
      ),
    );
    expect(await counterValue(1)).toBe(4);
  });

  it('starts again when its connection is cut, and takes effect once', async () => {
    const { database, pool } = testDatabase();
    let runs = 0;
    await runInTransaction(database, async (transaction) => {
      runs += 1;
      await sql`update counter set value = value + 1 where id = 2`.execute(transaction);
      if (runs === 1) {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(transaction);
        await pool.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
      }
      await sql`select 1`.execute(transaction);
    });
    expect(runs).toBe(2);
    expect(await counterValue(2)).toBe(1);
  });

  it('does not try again, and says so, when the connection breaks during COMMIT', async () => {
    const { database, pool } = testDatabase();
    let runs = 0;
    const attempt = runInTransaction(database, async (transaction) => {
      runs += 1;
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(transaction);
      await pool.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
    });
    await expect(attempt).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(runs).toBe(1);
  });

  it('rolls back and passes on the error of the work', async () => {
    const { database } = testDatabase();
    const before = await counterValue(1);
    const failure = new Error('no');
    await expect(
      runInTransaction(database, async (transaction) => {
        await sql`update counter set value = 99 where id = 1`.execute(transaction);
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(await counterValue(1)).toBe(before);
  });

  it('does not try a wrong statement again', async () => {
    let runs = 0;
    await expect(
      runInTransaction(testDatabase().database, async (transaction) => {
        runs += 1;
        await sql`select missing`.execute(transaction);
      }),
    ).rejects.toBeInstanceOf(DatabaseError);
    expect(runs).toBe(1);
  });

  async function counterValue(id: number): Promise<unknown> {
    return (await testDatabase().pool.query('select value from counter where id = $1', [id])).rows[0].value;
  }
});

describe('runUntilConnected', () => {
  const testDatabase = withTestDatabase();

  it('reads again when PostgreSQL ends the connection under the read', async () => {
    const { database } = testDatabase();
    let runs = 0;
    const read = await runUntilConnected(async () => {
      runs += 1;
      if (runs === 1) await sql`select pg_terminate_backend(pg_backend_pid())`.execute(database);
      return (await sql<{ answer: number }>`select 42 as answer`.execute(database)).rows;
    });
    expect({ runs, read }).toEqual({ runs: 2, read: [{ answer: 42 }] });
  });

  it('passes on a wrong statement at once', async () => {
    let runs = 0;
    const wrong = runUntilConnected(async () => {
      runs += 1;
      await sql`select no_such_column`.execute(testDatabase().database);
    });
    await expect(wrong).rejects.toMatchObject({ code: '42703' });
    expect(runs).toBe(1);
  });
});
