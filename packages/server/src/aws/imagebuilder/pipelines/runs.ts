import { countFailure, countSuccess, type EndedBuild, nextRun, type ScheduledRunDecision } from '@patchbay/patching';
import type { Database } from '../../../database/tables.ts';
import { lockDefinitions } from '../definitions-lock.ts';
import { scheduledPipelineOf } from './definition.ts';
import { type ImagePipeline, lockPipeline, type PipelineKey, updatePipelineRow } from './repository.ts';
import { insertRun, listDuePipelineKeys, lockDuePipelineRow } from './runs-repository.ts';

interface RunContext {
  /** A transaction, where a pipeline is locked. */
  readonly db: Database;
  readonly now: Date;
}

/** Pipelines with a time of their schedule that is not decided on: one look into an index, whoever has how many. */
export async function listDuePipelines({ db, now }: RunContext, limit = 100): Promise<PipelineKey[]> {
  return await listDuePipelineKeys(db, now, limit);
}

/**
 * Takes one of them for the length of the transaction; undefined where another replica has decided. Definitions are locked before
 * the pipeline, as by whoever changes one: what it refers to stays as it is until the decision is kept.
 */
export async function takeDuePipeline(key: PipelineKey, { db, now }: RunContext): Promise<ImagePipeline | undefined> {
  await lockDefinitions(db, key);
  return await lockDuePipelineRow(db, key, now);
}

/** Keeps what was decided about a pipeline that was taken, and when it is due next. */
export async function recordRun(
  pipeline: ImagePipeline,
  decision: ScheduledRunDecision,
  imageArn: string | null,
  { db, now }: RunContext,
): Promise<void> {
  const { accountId, region, arnName } = pipeline;
  // With nothing due the time to look at it next was wrong: it is put right.
  const nextRunAt = nextRun(scheduledPipelineOf(pipeline), now);
  if (decision.kind === 'not-due') {
    await updatePipelineRow(db, pipeline, { nextRunAt });
    return;
  }
  const { kind, scheduledAt, because } = decision;
  await insertRun(db, {
    accountId,
    region,
    arnName,
    scheduledAt,
    decidedAt: now,
    decision: kind,
    because: [...because],
    imageArn,
  });
  await updatePipelineRow(db, pipeline, { nextRunAt, lastRunAt: scheduledAt });
}

/**
 * Counts how a build of a pipeline ended, and disables the pipeline where its policy says so; answers why it did. A pipeline
 * that was deleted meanwhile counts nothing. A transaction that locks definitions, too, does so before.
 */
export async function recordBuildEnd(
  key: PipelineKey,
  build: EndedBuild & { readonly outcome: 'AVAILABLE' | 'FAILED' },
  { db }: Pick<RunContext, 'db'>,
): Promise<string | null> {
  const pipeline = await lockPipeline(db, key);
  if (pipeline === undefined) return null;
  const { definition } = pipeline;
  const failureCount = definition.schedule?.autoDisablePolicy?.failureCount;
  const counted =
    build.outcome === 'AVAILABLE'
      ? { ...countSuccess(pipeline), disabledBecause: null }
      : countFailure(pipeline, build, failureCount === undefined ? null : { failureCount });
  const { status, consecutiveFailures, disabledBecause } = counted;
  const nextRunAt = status === 'DISABLED' ? null : pipeline.nextRunAt;
  await updatePipelineRow(db, pipeline, {
    status,
    consecutiveFailures,
    nextRunAt,
    ...(disabledBecause !== null && { disabledBecause }),
  });
  return disabledBecause;
}
