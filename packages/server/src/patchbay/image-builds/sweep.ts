import { z } from 'zod';
import { listLostBuilds } from '../../aws/imagebuilder/images/repository.ts';
import type { Database } from '../../database/tables.ts';
import { runInTransaction } from '../../database/transaction.ts';
import type { Dependencies } from '../../dependencies.ts';
import { defineJob, handleJob, type JobHandler } from '../../jobs/index.ts';
import { endImage, endOfLostBuild } from './end-image.ts';
import { buildTopic, buildTopicKey } from './wake.ts';

export const sweepImageBuildsJob = defineJob({
  name: 'sweep-image-builds',
  payload: z.object({}),
  retry: { limit: 0, delaySeconds: 1, maximumDelaySeconds: 1 },
  expireSeconds: 55,
});

/** Ends the builds that nobody will end any more, and wakes builders for those that are to be taken again. */
export async function sweepImageBuilds(
  db: Database,
  { clock, wake }: Pick<Dependencies, 'clock' | 'wake'>,
): Promise<void> {
  const now = clock();
  await runInTransaction(db, async (transaction) => {
    const lost = await listLostBuilds(transaction, now);
    for (const image of lost) {
      const end = endOfLostBuild(image);
      if (end) await endImage(image, end, { db: transaction, now });
    }
    const waiting = lost.filter((image) => endOfLostBuild(image) === null).map(buildTopicKey);
    if (waiting.length > 0) await wake.notify(transaction, buildTopic, [...new Set(waiting)]);
  });
}

export function sweepImageBuildsHandler(db: Database, dependencies: Pick<Dependencies, 'clock' | 'wake'>): JobHandler {
  return handleJob(sweepImageBuildsJob, () => sweepImageBuilds(db, dependencies));
}
