import { z } from 'zod';
import type { Database } from '../../../database/tables.ts';
import { defineJob, handleJob, type JobHandler } from '../../../jobs/index.ts';
import { archiveSilentNodes } from './repository.ts';

export const archiveNodesJob = defineJob({
  name: 'archive-silent-nodes',
  payload: z.object({}),
  retry: { limit: 2, delaySeconds: 60, maximumDelaySeconds: 600 },
  expireSeconds: 300,
});

/** Takes nodes that were silent for so many days out of the lists and answers their ids. */
export async function archiveNodes(db: Database, afterDays: number, now: Date): Promise<string[]> {
  return await archiveSilentNodes(db, new Date(now.getTime() - afterDays * 24 * 3_600_000), now);
}

export function archiveNodesHandler(db: Database, afterDays: number, clock: () => Date): JobHandler {
  return handleJob(archiveNodesJob, async () => {
    await archiveNodes(db, afterDays, clock());
  });
}
