import { z } from 'zod';
import type { Database } from '../../database/tables.ts';
import type { Dependencies } from '../../dependencies.ts';
import { defineJob, handleJob, type JobHandler } from '../../jobs/index.ts';
import { listDueWatches } from './repository.ts';
import { refreshWatch } from './service.ts';

/** Looks at the watched archives that nobody has looked at for a while. */
export const refreshArchivesJob = defineJob({
  name: 'refresh-archives',
  payload: z.object({}),
  retry: { limit: 1, delaySeconds: 60, maximumDelaySeconds: 60 },
  expireSeconds: 1800,
});

/** Well within the 48 hours for which an archive counts as watched, and no burden for it. */
const intervalMilliseconds = 55 * 60_000;
const mostAtOnce = 20;

/** Answers how many it looked at; what fails is in the watch, and what should not have failed in the log. */
async function refreshDueArchives(
  db: Database,
  dependencies: Pick<Dependencies, 'clock' | 'egress' | 'logger' | 'wake'>,
  signal?: AbortSignal,
): Promise<number> {
  const before = new Date(dependencies.clock().getTime() - intervalMilliseconds);
  const due = await listDueWatches(db, before, mostAtOnce);
  for (const { accountId, watchId } of due) {
    if (signal?.aborted === true) break;
    try {
      await refreshWatch(accountId, watchId, { db, dependencies });
    } catch (error) {
      dependencies.logger.error({ error, watchId }, 'refreshing a watched archive failed');
    }
  }
  return due.length;
}

export function refreshArchivesHandler(db: Database, dependencies: Dependencies): JobHandler {
  return handleJob(refreshArchivesJob, async (_payload, { signal }) => {
    await refreshDueArchives(db, dependencies, signal);
  });
}
