import {
  DeleteImagePipelineCommand,
  type ImagebuilderClient,
  UpdateImagePipelineCommand,
} from '@aws-sdk/client-imagebuilder';
import { decideScheduledRun, type ScheduledRunDecision } from '@patchbay/patching';
import { beforeEach, describe, expect, it } from 'vitest';
import { runInTransaction } from '../../../database/transaction.ts';
import { countRows } from '../../../test-support/count-rows.ts';
import { TEST_REGION, TEST_START, withTestServer } from '../../../test-support/test-server.ts';
import { scheduledPipelineOf } from './definition.ts';
import { createParts, createPipelineOf, type PipelineParts, readPipeline } from './pipelines.test-support.ts';
import type { PipelineKey } from './repository.ts';
import { listDuePipelines, recordBuildEnd, recordRun, takeDuePipeline } from './runs.ts';
import { listRuns } from './runs-repository.ts';

const hourly = { scheduleExpression: 'cron(0 * * * ? *)', autoDisablePolicy: { failureCount: 2 } };

describe('scheduled runs of pipelines', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  let parts: PipelineParts;
  let key: PipelineKey;
  let arn: string;
  let count = 0;

  beforeEach(async () => {
    server().setNow(TEST_START);
    client = server().createImageBuilderClient();
    count += 1;
    const name = `runs-${count}`;
    parts = await createParts(client, name);
    arn = await createPipelineOf(client, { ...parts, name, schedule: hourly });
    key = { accountId: server().accountId, region: TEST_REGION, arnName: name };
  });

  async function listDue(): Promise<string[]> {
    const due = await listDuePipelines({ db: server().database, now: server().now() });
    return due.map(({ arnName }) => arnName).filter((arnName) => arnName === key.arnName);
  }

  /** Does what a scheduler does, for a pipeline that has no image. */
  async function decide(lastBuild: string | null = null): Promise<ScheduledRunDecision | undefined> {
    const now = server().now();
    return await runInTransaction(server().database, async (db) => {
      const pipeline = await takeDuePipeline(key, { db, now });
      if (pipeline === undefined) return undefined;
      const decision = decideScheduledRun({
        pipeline: scheduledPipelineOf(pipeline),
        now,
        lastRunAt: pipeline.lastRunAt,
        lastBuild: lastBuild === null ? null : { imageArn: lastBuild, dependencies: [], lackedWhenBuilt: [] },
        resolved: [],
        missingPatches: { kind: 'known', missing: [] },
        buildUnderWay: null,
      });
      await recordRun(pipeline, decision, decision.kind === 'start' ? `${arn}-image` : null, { db, now });
      return decision;
    });
  }

  const readRuns = () => listRuns(server().database, key, { before: null, limit: 10 });

  it('are due from the minute on that the schedule says, until they are decided on', async () => {
    expect(await listDue()).toEqual([]);
    expect(await decide()).toBeUndefined();
    server().setNow(new Date('2026-11-20T13:00:00.000Z'));
    expect(await listDue()).toEqual([key.arnName]);
    expect(await decide()).toMatchObject({ kind: 'start', scheduledAt: server().now() });
    expect(await listDue()).toEqual([]);
    expect(await decide()).toBeUndefined();
    expect((await readPipeline(client, arn))?.dateNextRun).toBe('2026-11-20T14:00:00.000Z');
  });

  it('are kept with their reasons, whether something is built or not', async () => {
    server().advance({ hours: 1 });
    await decide();
    server().advance({ hours: 3 });
    await decide('an image');
    expect(await readRuns()).toMatchObject([
      {
        decision: 'skip',
        scheduledAt: new Date('2026-11-20T16:00:00.000Z'),
        because: [
          'an image was built from the recipe, parent image and components that a build would take now.',
          'It lacks no approved patch.',
          '2 earlier times of the schedule passed undecided, the first at 2026-11-20T14:00:00.000Z: one run stands for all of them.',
        ],
        imageArn: null,
      },
      { decision: 'start', decidedAt: new Date('2026-11-20T13:00:00.000Z'), imageArn: `${arn}-image` },
    ]);
  });

  it('are decided on by one of several replicas', async () => {
    server().advance({ hours: 1 });
    const decisions = await Promise.all([decide(), decide(), decide()]);
    expect(decisions.filter((decision) => decision !== undefined)).toHaveLength(1);
    expect(await readRuns()).toHaveLength(1);
  });

  it('do not come back when a pipeline is disabled and enabled again', async () => {
    const update = async (status: 'ENABLED' | 'DISABLED') =>
      await client.send(new UpdateImagePipelineCommand({ ...parts, imagePipelineArn: arn, schedule: hourly, status }));
    await update('DISABLED');
    server().advance({ hours: 3, minutes: 30 });
    expect(await listDue()).toEqual([]);
    await update('ENABLED');
    expect(await listDue()).toEqual([]);
    server().advance({ minutes: 30 });
    const decision = await decide();
    expect(decision).toMatchObject({
      kind: 'start',
      because: ['No image of this pipeline was ever built successfully.'],
    });
  });

  it('stay due when the pipeline is updated and its schedule is the same, and not when it is another', async () => {
    server().advance({ hours: 1 });
    const change = { ...parts, imagePipelineArn: arn, description: 'changed' };
    const sameSchedule = {
      ...hourly,
      timezone: 'UTC',
      pipelineExecutionStartCondition: 'EXPRESSION_MATCH_ONLY' as const,
    };
    await client.send(new UpdateImagePipelineCommand({ ...change, schedule: sameSchedule }));
    expect(await listDue()).toEqual([key.arnName]);
    const daily = { scheduleExpression: 'cron(0 2 * * ? *)' };
    await client.send(new UpdateImagePipelineCommand({ ...change, schedule: daily }));
    expect(await listDue()).toEqual([]);
    await client.send(new UpdateImagePipelineCommand(change));
    expect(await readPipeline(client, arn)).not.toHaveProperty('dateNextRun');
  });

  const end = (startedBy: 'schedule' | 'person', outcome: 'AVAILABLE' | 'FAILED') =>
    runInTransaction(server().database, async (db) => await recordBuildEnd(key, { startedBy, outcome }, { db }));

  it('disable a pipeline that fails again and again, until it is updated', async () => {
    expect(await end('schedule', 'FAILED')).toBeNull();
    expect(await end('person', 'FAILED')).toBeNull();
    expect(await readPipeline(client, arn)).toMatchObject({ status: 'ENABLED', consecutiveFailures: 1 });
    expect(await end('schedule', 'FAILED')).toContain('2 scheduled builds in succession failed');
    const disabled = await readPipeline(client, arn);
    expect(disabled).toMatchObject({ status: 'DISABLED', consecutiveFailures: 2 });
    expect(disabled).not.toHaveProperty('dateNextRun');
    server().advance({ hours: 1 });
    expect(await listDue()).toEqual([]);
    await client.send(new UpdateImagePipelineCommand({ ...parts, imagePipelineArn: arn, schedule: hourly }));
    expect(await readPipeline(client, arn)).toMatchObject({ status: 'ENABLED', consecutiveFailures: 0 });
    server().advance({ hours: 1 });
    expect(await listDue()).toEqual([key.arnName]);
  });

  it('are counted anew after a success', async () => {
    await end('schedule', 'FAILED');
    await end('person', 'AVAILABLE');
    await end('schedule', 'FAILED');
    expect(await readPipeline(client, arn)).toMatchObject({ status: 'ENABLED', consecutiveFailures: 1 });
  });

  it('go with their pipeline, whose builds then count nothing', async () => {
    server().advance({ hours: 1 });
    await decide();
    await client.send(new DeleteImagePipelineCommand({ imagePipelineArn: arn }));
    expect(await readRuns()).toEqual([]);
    const before = await countRows(server().database);
    expect(await end('schedule', 'FAILED')).toBeNull();
    expect(await countRows(server().database)).toEqual(before);
  });
});
