import { setTimeout as sleep } from 'node:timers/promises';
import { CreateMaintenanceWindowCommand, UpdateMaintenanceWindowCommand } from '@aws-sdk/client-ssm';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { runInTransaction } from './database/transaction.ts';
import { withTestServer } from './test-support/test-server.ts';

describe('a server that stops', () => {
  const server = withTestServer();

  it('waits for a call whose caller has hung up, so that it still has its database', async () => {
    const { WindowId } = await server().ssm.send(
      new CreateMaintenanceWindowCommand({
        Name: 'before',
        Schedule: 'rate(1 day)',
        Duration: 1,
        Cutoff: 0,
        AllowUnassociatedTargets: true,
      }),
    );
    const steps: string[] = [];
    const closed = await runInTransaction(server().database, async (db) => {
      await db.selectFrom('maintenanceWindows').selectAll().forUpdate().execute();
      const caller = new AbortController();
      const call = server().ssm.send(new UpdateMaintenanceWindowCommand({ WindowId, Name: 'after' }), {
        abortSignal: caller.signal,
      });
      await expect
        .poll(async () => {
          const { rows } = await sql`select 1 from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`.execute(server().database);
          return rows.length;
        })
        .toBe(1);
      caller.abort();
      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
      const closing = server()
        .closeApp()
        .then(() => steps.push('closed'));
      // Nothing but the call is left to wait for; without it the server would be closed long before.
      await Promise.race([closing, sleep(500)]);
      steps.push('released');
      return { closing };
    });
    await closed.closing;
    expect(steps).toEqual(['released', 'closed']);
    expect(server().errorLog).toEqual([]);
  });
});
