import type { Database } from '../../../database/tables.ts';
import { runInTransaction } from '../../../database/transaction.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { advanceExecution } from './advance.ts';
import { openDueWindow } from './open-window.ts';
import { listAdvanceableExecutions } from './repository.ts';

/** How late a window may open, and how long after the end of one command the next of its window may begin. */
const lookEveryMilliseconds = 500;

interface Parts {
  readonly db: Database;
  readonly dependencies: Dependencies;
}

/** Opens every window whose time has come and brings every open execution forward, each in a transaction of its own. */
export async function runDueWindows({ db, dependencies }: Parts): Promise<void> {
  for (;;) {
    const opened = await runInTransaction(db, (transaction) =>
      openDueWindow({ db: transaction, now: dependencies.clock(), dependencies }),
    );
    if (opened === null) break;
  }
  for (const windowExecutionId of await listAdvanceableExecutions(db, dependencies.clock())) {
    try {
      await runInTransaction(db, (transaction) =>
        advanceExecution(windowExecutionId, { db: transaction, now: dependencies.clock(), dependencies }),
      );
    } catch (error) {
      // The others go on; this one is looked at again.
      dependencies.logger.warn({ error, windowExecutionId }, 'a maintenance window could not go on');
    }
  }
}

/** Does so again and again; every replica does, and whoever comes first takes the work. */
export function startWindowRunner(parts: Parts): { stop(): Promise<void> } {
  let running: Promise<void> | null = null;
  const run = async () => {
    try {
      await runDueWindows(parts);
    } catch (error) {
      parts.dependencies.logger.warn({ error }, 'running maintenance windows failed; it is tried again');
    }
  };
  const timer = setInterval(() => {
    running ??= run().finally(() => {
      running = null;
    });
  }, lookEveryMilliseconds);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
