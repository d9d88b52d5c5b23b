import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { withTestDatabase } from '../database/test-support/test-database.ts';
import { runInTransaction } from '../database/transaction.ts';
import { defineJob, handleJob } from './job.ts';
import { type Jobs, startJobs } from './start-jobs.ts';

const retry = { limit: 2, delaySeconds: 1, maximumDelaySeconds: 1 };
const wake = defineJob({ name: 'wake', payload: z.object({ entity: z.string() }), retry, expireSeconds: 30 });
const flaky = defineJob({ name: 'flaky', payload: z.object({ number: z.number() }), retry, expireSeconds: 30 });

describe('jobs', () => {
  const testDatabase = withTestDatabase();
  const handled: string[] = [];
  const attempts: number[] = [];
  const waiting = new Set<() => void>();
  let jobs: Jobs;

  beforeAll(async () => {
    jobs = await startJobs({
      connection: testDatabase().connection,
      handlers: [
        handleJob(wake, async ({ entity }) => {
          handled.push(entity);
          tellWaiting();
        }),
        handleJob(flaky, async (_payload, { attempt }) => {
          attempts.push(attempt);
          tellWaiting();
          if (attempt === 1) throw new Error('first time');
        }),
      ],
      schedules: [
        { job: wake, key: 'nightly', cron: '0 3 * * *', timeZone: 'Europe/Berlin', payload: { entity: 'night' } },
      ],
      onError: () => undefined,
    });
  });
  afterAll(() => jobs.stop(5));

  it('runs a job when the transaction that enqueued it commits', async () => {
    await runInTransaction(testDatabase().database, (transaction) =>
      jobs.enqueue(transaction, wake, { entity: 'a' }, { key: 'a' }),
    );
    await until(() => handled.includes('a'));
    expect(handled.filter((entity) => entity === 'a')).toHaveLength(1);
  });

  it('forgets a job together with the transaction that enqueued it', async () => {
    const { database, pool } = testDatabase();
    await expect(
      runInTransaction(database, async (transaction) => {
        await jobs.enqueue(transaction, wake, { entity: 'lost' }, { key: 'lost' });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    const { rows } = await pool.query(`select count(*)::int as count from pgboss.job where data->>'entity' = 'lost'`);
    expect(rows).toEqual([{ count: 0 }]);
  });

  it('queues one job per key', async () => {
    const queued = await runInTransaction(testDatabase().database, async (transaction) => {
      const first = await jobs.enqueue(transaction, wake, { entity: 'b' }, { key: 'b' });
      const second = await jobs.enqueue(transaction, wake, { entity: 'b' }, { key: 'b' });
      const other = await jobs.enqueue(transaction, wake, { entity: 'c' }, { key: 'c' });
      return [first, second, other];
    });
    expect(queued).toEqual([true, false, true]);
    await until(() => handled.includes('b') && handled.includes('c'));
    expect(handled.filter((entity) => entity === 'b')).toHaveLength(1);
  });

  it('empties a backlog without waiting for a poll per job', async () => {
    const { database } = testDatabase();
    const startedAt = performance.now();
    await runInTransaction(database, async (transaction) => {
      for (let index = 0; index < 100; index += 1) {
        await jobs.enqueue(transaction, wake, { entity: `bulk-${index}` }, { key: `bulk-${index}` });
      }
    });
    await until(() => handled.filter((entity) => entity.startsWith('bulk-')).length === 100);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('tries a failed job again', async () => {
    await runInTransaction(testDatabase().database, (transaction) =>
      jobs.enqueue(transaction, flaky, { number: 1 }, { key: '1' }),
    );
    await until(() => attempts.length === 2);
    expect(attempts).toEqual([1, 2]);
  });

  it('refuses a payload that is not one, and a job without a handler', async () => {
    const stray = defineJob({ ...wake, name: 'stray' });
    await runInTransaction(testDatabase().database, async (transaction) => {
      const wrong = jobs.enqueue(transaction, wake, { entity: 1 } as unknown as { entity: string }, { key: 'x' });
      await expect(wrong).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
      const unknown = jobs.enqueue(transaction, stray, { entity: 'x' }, { key: 'x' });
      await expect(unknown).rejects.toMatchObject({ code: 'UNKNOWN_JOB' });
    });
  });

  it('keeps exactly the schedules of this release', async () => {
    const { connection, pool } = testDatabase();
    const schedules = async () => (await pool.query('select name, key, timezone from pgboss.schedule')).rows;
    expect(await schedules()).toEqual([{ name: 'wake', key: 'nightly', timezone: 'Europe/Berlin' }]);
    const next = await startJobs({ connection, handlers: [], onError: () => undefined });
    await next.stop(5);
    expect(await schedules()).toEqual([]);
  });

  it('refuses two handlers of one name', async () => {
    const handler = handleJob(wake, async () => undefined);
    const start = startJobs({
      connection: testDatabase().connection,
      handlers: [handler, handler],
      onError: () => undefined,
    });
    await expect(start).rejects.toMatchObject({ code: 'DUPLICATE_JOB' });
  });

  function tellWaiting(): void {
    for (const check of waiting) check();
  }

  function until(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = () => {
        if (!isTrue()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
    });
  }
});
