import { z } from 'zod';
import type { Database } from '../../database/tables.ts';
import type { Dependencies } from '../../dependencies.ts';
import { defineJob, handleJob, type JobHandler } from '../../jobs/index.ts';
import { refreshImageFreshness } from './refresh.ts';

/** Judges images anew where anything that they are judged by has changed, or their time has come. */
export const imageFreshnessJob = defineJob({
  name: 'image-freshness',
  payload: z.object({}),
  retry: { limit: 0, delaySeconds: 1, maximumDelaySeconds: 1 },
  expireSeconds: 300,
});

export function imageFreshnessHandler(db: Database, { clock }: Pick<Dependencies, 'clock'>): JobHandler {
  return handleJob(imageFreshnessJob, async () => {
    await refreshImageFreshness(db, clock);
  });
}
