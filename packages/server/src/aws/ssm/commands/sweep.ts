import { z } from 'zod';
import type { Database } from '../../../database/tables.ts';
import { runInTransaction } from '../../../database/transaction.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { defineJob, handleJob, type JobHandler } from '../../../jobs/index.ts';
import { advanceCommand } from './advance.ts';
import { listOverdueCommands } from './repository.ts';

/** Ends what is past its time. Every minute is enough: a command's times are counted in minutes and hours. */
export const sweepCommandsJob = defineJob({
  name: 'sweep-commands',
  payload: z.object({}),
  retry: { limit: 2, delaySeconds: 5, maximumDelaySeconds: 30 },
  expireSeconds: 120,
});

const mostAtOnce = 500;

/** Advances every overdue command, each in a transaction of its own. */
export async function sweepCommands(db: Database, dependencies: Dependencies): Promise<number> {
  const now = dependencies.clock();
  const overdue = await listOverdueCommands(db, now, mostAtOnce);
  for (const commandId of overdue) {
    await runInTransaction(db, (transaction) => advanceCommand(commandId, { db: transaction, now, dependencies }));
  }
  return overdue.length;
}

export function sweepCommandsHandler(db: Database, dependencies: Dependencies): JobHandler {
  return handleJob(sweepCommandsJob, async () => {
    await sweepCommands(db, dependencies);
  });
}
