import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Notifications, notify, startNotifications, type WakeReason } from './notifications.ts';
import { withTestDatabase } from './test-support/test-database.ts';
import { runInTransaction } from './transaction.ts';

describe('notifications', () => {
  const testDatabase = withTestDatabase();
  let notifications: Notifications;

  beforeAll(async () => {
    notifications = await startNotifications(testDatabase().connection, () => undefined);
  });
  afterAll(() => notifications.stop());

  it('wakes the subscriber of the key when the transaction commits, and no other', async () => {
    const woken: string[] = [];
    const unsubscribe = notifications.subscribe('messages', 'mi-2', () => woken.push('mi-2'));
    const wake = nextWake('messages', 'mi-1');
    await runInTransaction(testDatabase().database, (transaction) => notify(transaction, 'messages', ['mi-1']));
    expect(await wake).toBe('notified');
    expect(woken).toEqual([]);
    unsubscribe();
  });

  it('wakes nobody for a transaction that rolls back', async () => {
    const { database } = testDatabase();
    const woken: string[] = [];
    const unsubscribe = notifications.subscribe('messages', 'lost', () => woken.push('lost'));
    await expect(
      runInTransaction(database, async (transaction) => {
        await notify(transaction, 'messages', ['lost']);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    // Notifications keep their order, so the next one proves that the first never comes.
    const wake = nextWake('messages', 'kept');
    await notify(database, 'messages', ['kept']);
    await wake;
    expect(woken).toEqual([]);
    unsubscribe();
  });

  it('wakes everyone to look again after its connection was cut', async () => {
    const { database, pool } = testDatabase();
    const wake = nextWake('messages', 'mi-3');
    await pool.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
       where application_name = 'patchbay-notifications' and datname = current_database()`,
    );
    expect(await wake).toBe('reconnected');
    expect(notifications.isConnected()).toBe(true);
    const next = nextWake('messages', 'mi-3');
    await notify(database, 'messages', ['mi-3']);
    expect(await next).toBe('notified');
  });

  it('ignores what others send on the channel', async () => {
    const { database, pool } = testDatabase();
    await pool.query(`notify patchbay_wake, 'not json'`);
    const wake = nextWake('messages', 'after');
    await notify(database, 'messages', ['after']);
    expect(await wake).toBe('notified');
  });

  function nextWake(topic: string, key: string): Promise<WakeReason> {
    return new Promise((resolve) => {
      const unsubscribe = notifications.subscribe(topic, key, (reason) => {
        unsubscribe();
        resolve(reason);
      });
    });
  }
});
