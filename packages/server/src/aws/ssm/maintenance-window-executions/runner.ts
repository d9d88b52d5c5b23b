import type { Database } from '../../../database/tables.ts';
import { runInTransaction } from '../../../database/transaction.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { advanceExecution } from './advance.ts';
import { openDueWindow } from './open-window.ts';
import { listAdvanceableExecutions, listDueWindows } from './repository.ts';
import type { RunContext } from './run-command.ts';

/** How late a window may open, and how long after the end of one command the next of its window may begin. */
const lookEveryMilliseconds = 500;

interface Parts {
  readonly db: Database;
  readonly dependencies: Dependencies;
}

/** Opens every window whose time has come and brings every open execution forward, each in a transaction of its own. */
export async function runDueWindows({ db, dependencies }: Parts): Promise<void> {
  const runEach = async (ids: readonly string[], run: (id: string, context: RunContext) => Promise<void>) => {
    for (const id of ids) {
      try {
        await runInTransaction(db, (transaction) =>
          run(id, { db: transaction, now: dependencies.clock(), dependencies }),
        );
      } catch (error) {
        // The others go on; this one is looked at again.
        dependencies.logger.error({ error, id }, 'a maintenance window could not go on');
      }
    }
  };
  await runEach(await listDueWindows(db, dependencies.clock()), openDueWindow);
  await runEach(await listAdvanceableExecutions(db, dependencies.clock()), advanceExecution);
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
