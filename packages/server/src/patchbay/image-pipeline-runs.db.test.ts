import { UpdateImagePipelineCommand } from '@aws-sdk/client-imagebuilder';
import { ListImagePipelineRuns } from '@patchbay/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createParts,
  createPipelineOf,
  type PipelineParts,
} from '../aws/imagebuilder/pipelines/pipelines.test-support.ts';
import { recordBuildEnd, recordRun, takeDuePipeline } from '../aws/imagebuilder/pipelines/runs.ts';
import { runInTransaction } from '../database/transaction.ts';
import { readError } from '../test-support/send-request.ts';
import { callPatchbay } from '../test-support/test-people.ts';
import { TEST_REGION, withTestServer } from '../test-support/test-server.ts';

describe('runs of image pipelines', () => {
  const server = withTestServer();
  const schedule = {
    scheduleExpression: 'cron(0 2 ? * L *)',
    timezone: 'Europe/Berlin',
    autoDisablePolicy: { failureCount: 1 },
  };
  let parts: PipelineParts;
  let arn: string;
  const list = (input: { maxResults?: number; nextToken?: string } = {}) =>
    callPatchbay(server(), ListImagePipelineRuns, { imagePipelineArn: arn, ...input });

  /** What the scheduler does at the next time of the schedule. */
  async function decide(kind: 'start' | 'skip', because: string[], imageArn: string | null): Promise<void> {
    const { nextRunAt } = await list();
    const now = new Date(nextRunAt ?? 0);
    server().setNow(now);
    await runInTransaction(server().database, async (db) => {
      const key = { accountId: server().accountId, region: TEST_REGION, arnName: 'shop' };
      const pipeline = await takeDuePipeline(key, { db, now });
      if (pipeline === undefined) throw new Error('the pipeline is not due');
      await recordRun(pipeline, { kind, scheduledAt: now, next: null, because }, imageArn, { db, now });
    });
  }

  beforeAll(async () => {
    const client = server().createImageBuilderClient();
    parts = await createParts(client, 'shop');
    arn = await createPipelineOf(client, { ...parts, name: 'shop', schedule });
  });

  it('are none at first, and the next is told', async () => {
    expect(await list()).toEqual({
      status: 'ENABLED',
      disabledBecause: null,
      schedule: 'At 02:00 on Sundays, Europe/Berlin',
      nextRunAt: '2026-11-22T01:00:00.000Z',
      runs: [],
    });
  });

  it('say why something was built and why not, the newest first, in pages', async () => {
    await decide('start', ['No image of this pipeline was ever built successfully.'], `${arn}-image`);
    await decide('skip', ['Nothing has changed.', 'It lacks no approved patch.'], null);
    const first = await list({ maxResults: 1 });
    expect(first.runs).toEqual([
      {
        scheduledAt: '2026-11-29T01:00:00.000Z',
        decidedAt: '2026-11-29T01:00:00.000Z',
        decision: 'skip',
        because: ['Nothing has changed.', 'It lacks no approved patch.'],
        imageBuildVersionArn: null,
      },
    ]);
    const { nextToken = '' } = first;
    const second = await list({ maxResults: 1, nextToken });
    expect(second.runs).toMatchObject([
      { scheduledAt: '2026-11-22T01:00:00.000Z', decision: 'start', imageBuildVersionArn: `${arn}-image` },
    ]);
    expect(second.nextToken).toBeUndefined();
    expect((await list()).runs).toHaveLength(2);
  });

  it('end when the policy disables the pipeline, which says so until somebody updates it', async () => {
    const key = { accountId: server().accountId, region: TEST_REGION, arnName: 'shop' };
    const failed = { startedBy: 'schedule', outcome: 'FAILED' } as const;
    await runInTransaction(server().database, async (db) => await recordBuildEnd(key, failed, { db }));
    expect(await list()).toMatchObject({
      status: 'DISABLED',
      disabledBecause: expect.stringContaining('A scheduled build failed'),
      nextRunAt: null,
    });
    const client = server().createImageBuilderClient();
    await client.send(new UpdateImagePipelineCommand({ ...parts, imagePipelineArn: arn }));
    expect(await list()).toMatchObject({
      status: 'ENABLED',
      disabledBecause: null,
      schedule: null,
      nextRunAt: null,
      runs: [{ decision: 'skip' }, { decision: 'start' }],
    });
  });

  it('of a pipeline that there is not are not found', async () => {
    const answer = await server().call(
      'Patchbay.ListImagePipelineRuns',
      { imagePipelineArn: `${arn}-none` },
      { service: 'patchbay' },
    );
    expect(readError(answer)).toMatchObject({
      code: 'ResourceNotFoundException',
      message: `The resource ${arn}-none does not exist.`,
    });
  });
});
