import { AppError } from '@patchbay/facts';
import { decideScheduledRun, type ScheduledRunDecision } from '@patchbay/patching';
import { z } from 'zod';
import type { Database } from '../../../database/tables.ts';
import { runInTransaction } from '../../../database/transaction.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { defineJob, handleJob, type JobHandler } from '../../../jobs/index.ts';
import { scheduledPipelineOf } from '../pipelines/definition.ts';
import type { ImagePipeline, PipelineKey } from '../pipelines/repository.ts';
import { listDuePipelines, recordRun, takeDuePipeline } from '../pipelines/runs.ts';
import { pipelineArn } from '../pipelines/service.ts';
import type { BuildContext } from './build-context.ts';
import { imageArn } from './find-image.ts';
import { gatherEvidence } from './pipeline-evidence.ts';
import { startPipeline } from './start-pipeline.ts';

export const startPipelinesJob = defineJob({
  name: 'start-image-pipelines',
  payload: z.object({}),
  retry: { limit: 0, delaySeconds: 1, maximumDelaySeconds: 1 },
  expireSeconds: 55,
});

/** Decides about every pipeline whose time has come, each in a transaction of its own; answers how many builds began. */
export async function startDuePipelines(db: Database, dependencies: Dependencies): Promise<number> {
  const now = dependencies.clock();
  let started = 0;
  for (const key of await listDuePipelines({ db, now })) {
    try {
      started += await runInTransaction(db, (transaction) =>
        decide(key, { ...key, db: transaction, now, dependencies }),
      );
    } catch (error) {
      // The others' times have come too.
      dependencies.logger.error({ error, pipeline: key.arnName }, 'a pipeline could not be decided on');
    }
  }
  return started;
}

async function decide(key: PipelineKey, context: BuildContext): Promise<number> {
  const pipeline = await takeDuePipeline(key, context);
  if (!pipeline) return 0;
  const decision = decideScheduledRun({
    pipeline: scheduledPipelineOf(pipeline),
    now: context.now,
    lastRunAt: pipeline.lastRunAt,
    ...(await gatherEvidence(pipeline, context)),
  });
  if (decision.kind !== 'start') {
    await recordRun(pipeline, decision, null, context);
    return 0;
  }
  const begun = await begin(pipeline, decision, context);
  await recordRun(pipeline, begun.decision, begun.imageArn, context);
  return begun.imageArn === null ? 0 : 1;
}

/** A build that cannot even begin (its recipe is gone, say) is told as what was decided. */
async function begin(
  pipeline: ImagePipeline,
  decision: Exclude<ScheduledRunDecision, { kind: 'not-due' }>,
  context: BuildContext,
): Promise<{ decision: ScheduledRunDecision; imageArn: string | null }> {
  try {
    const image = await startPipeline(pipeline, { tags: {}, buildType: 'SCHEDULED' }, context);
    return { decision, imageArn: imageArn(image) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const because = [
      `${pipelineArn(context, pipeline.arnName)} cannot be built: ${error.message}`,
      ...decision.because,
    ];
    return { decision: { ...decision, kind: 'skip', because }, imageArn: null };
  }
}

export function startPipelinesHandler(db: Database, dependencies: Dependencies): JobHandler {
  return handleJob(startPipelinesJob, async () => {
    await startDuePipelines(db, dependencies);
  });
}
