import { z } from 'zod';
import type { Database } from '../../../database/tables.ts';
import { runInTransaction } from '../../../database/transaction.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { defineJob, handleJob, type JobHandler } from '../../../jobs/index.ts';
import { advanceCommand } from './advance.ts';
import { listCrowdedOut } from './progress-repository.ts';
import { listForgottenCommands, listOverdueCommands } from './repository.ts';

/**
 * Ends what is past its time, and sums up what nobody did. Every minute is enough: a command's times are counted in minutes
 * and hours.
 */
export const sweepCommandsJob = defineJob({
  name: 'sweep-commands',
  payload: z.object({}),
  retry: { limit: 2, delaySeconds: 5, maximumDelaySeconds: 30 },
  expireSeconds: 120,
});

const mostAtOnce = 500;

/** Advances every overdue, forgotten or crowded-out command, each in a transaction of its own. */
export async function sweepCommands(db: Database, dependencies: Dependencies): Promise<number> {
  const now = dependencies.clock();
  const forgotten = await listForgottenCommands(db, mostAtOnce);
  const overdue = await listOverdueCommands(db, now, mostAtOnce);
  const due = new Set([...overdue, ...forgotten, ...(await listCrowdedOut(db, mostAtOnce))]);
  for (const commandId of due) {
    await runInTransaction(db, (transaction) => advanceCommand(commandId, { db: transaction, now, dependencies }));
  }
  return due.size;
}

export function sweepCommandsHandler(db: Database, dependencies: Dependencies): JobHandler {
  return handleJob(sweepCommandsJob, async () => {
    await sweepCommands(db, dependencies);
  });
}
