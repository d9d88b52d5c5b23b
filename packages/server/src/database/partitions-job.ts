import { z } from 'zod';
import { defineJob, handleJob, type JobHandler } from '../jobs/index.ts';
import { ensurePartitions } from './partitions.ts';
import type { Database } from './tables.ts';

/** Keeps partitions of growing tables ready for the months to come. */
export const ensurePartitionsJob = defineJob({
  name: 'ensure-partitions',
  payload: z.object({}),
  retry: { limit: 3, delaySeconds: 60, maximumDelaySeconds: 600 },
  expireSeconds: 300,
});

export function ensurePartitionsHandler(db: Database, clock: () => Date): JobHandler {
  return handleJob(ensurePartitionsJob, async () => {
    await ensurePartitions(db, clock());
  });
}
