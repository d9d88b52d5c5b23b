import { z } from 'zod';
import type { Database } from '../database/tables.ts';
import { defineJob, handleJob, type JobHandler } from '../jobs/index.ts';
import { applyRetention } from './apply-retention.ts';
import type { RetentionPolicy } from './retention-policy.ts';

/** Removes what has been kept for long enough, once a day. */
export const retentionJob = defineJob({
  name: 'retention',
  payload: z.object({}),
  retry: { limit: 1, delaySeconds: 600, maximumDelaySeconds: 600 },
  expireSeconds: 3600,
});

export function retentionHandler(db: Database, policy: RetentionPolicy, clock: () => Date): JobHandler {
  return handleJob(retentionJob, async (_payload, { signal }) => {
    await applyRetention(db, policy, clock(), signal);
  });
}
