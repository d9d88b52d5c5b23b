import {
  CreateImagePipelineCommand,
  GetImagePipelineCommand,
  type ImagebuilderClient,
  ListImagePipelineImagesCommand,
  StartImagePipelineExecutionCommand,
} from '@aws-sdk/client-imagebuilder';
import { CreatePatchBaselineCommand, RegisterPatchBaselineForPatchGroupCommand } from '@aws-sdk/client-ssm';
import { BeginPatchOperation, CompletePatchOperation, ListImagePipelineRuns } from '@patchbay/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { lookAtBoth, stanzaOf } from '../../../patchbay/image-freshness/image-freshness.test-support.ts';
import { installedPackage, sampleFacts, securityOffer } from '../../../test-support/sample-facts.ts';
import type { TestNode } from '../../../test-support/test-node.ts';
import { callPatchbay } from '../../../test-support/test-people.ts';
import { withTestServer } from '../../../test-support/test-server.ts';
import { addComponent, componentData } from '../components/components.test-support.ts';
import { createParts } from '../pipelines/pipelines.test-support.ts';
import { addContainerRecipe } from '../recipes/recipes.test-support.ts';
import {
  availableOf,
  buildNext,
  completeAs,
  enrolBuilder,
  leaseOf,
  readImage,
  submitImageFacts,
  takeBuildOf,
  takeOrder,
} from './images.test-support.ts';
import { startDuePipelines } from './start-due.ts';

describe('images of pipelines', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  let builder: TestNode;
  const hourly = 'cron(0 * * * ? *)';

  beforeAll(async () => {
    client = server().createImageBuilderClient();
    builder = await enrolBuilder(server());
    const { BaselineId = '' } = await server().ssm.send(
      new CreatePatchBaselineCommand({
        Name: 'golden',
        OperatingSystem: 'DEBIAN',
        ApprovalRules: { PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 0 }] },
      }),
    );
    await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: 'golden' }));
  });

  async function createPipeline(name: string, schedule?: object): Promise<string> {
    const { infrastructureConfigurationArn, distributionConfigurationArn } = await createParts(client, name);
    const componentArn = (await addComponent(client, { name })).replace('1.0.0/1', 'x.x.x');
    const containerRecipeArn = await addContainerRecipe(client, {
      name: `${name}-recipe`,
      components: [{ componentArn }],
      tags: { PatchGroup: 'golden' },
    });
    const { imagePipelineArn = '' } = await client.send(
      new CreateImagePipelineCommand({
        name,
        containerRecipeArn,
        infrastructureConfigurationArn,
        distributionConfigurationArn,
        imageTags: { of: name, stage: 'test' },
        schedule: schedule && { scheduleExpression: hourly, ...schedule },
      }),
    );
    return imagePipelineArn;
  }

  const start = async (imagePipelineArn: string, tags?: Record<string, string>) =>
    (await client.send(new StartImagePipelineExecutionCommand({ imagePipelineArn, tags }))).imageBuildVersionArn ?? '';
  const pipelineOf = async (imagePipelineArn: string) =>
    (await client.send(new GetImagePipelineCommand({ imagePipelineArn }))).imagePipeline;
  const imagesOf = async (imagePipelineArn: string) =>
    (await client.send(new ListImagePipelineImagesCommand({ imagePipelineArn }))).imageSummaryList ?? [];
  /** An hour later: how many builds the schedules began. */
  const passHour = async () => {
    server().advance({ hours: 1 });
    await builder.renew();
    return await startDuePipelines(server().database, server().dependencies);
  };
  const lastRun = async (imagePipelineArn: string) =>
    (await callPatchbay(server(), ListImagePipelineRuns, { imagePipelineArn, maxResults: 1 })).runs[0];

  it('carry its name and tags, are listed, and say how its last run is', async () => {
    const arn = await createPipeline('by-hand');
    expect(await imagesOf(arn)).toEqual([]);
    expect(await pipelineOf(arn)).not.toHaveProperty('lastRunStatus');
    const first = await start(arn, { stage: 'live' });
    expect(await readImage(client, first)).toMatchObject({
      sourcePipelineArn: arn,
      sourcePipelineName: 'by-hand',
      buildType: 'USER_INITIATED',
      tags: { of: 'by-hand', stage: 'live' },
    });
    expect((await pipelineOf(arn))?.lastRunStatus).toBe('PENDING');
    await buildNext(builder);
    server().advance({ seconds: 1 });
    await start(arn);
    await buildNext(builder, 'failed');
    expect((await pipelineOf(arn))?.lastRunStatus).toBe('FAILED');
    expect((await imagesOf(arn)).map(({ version, state }) => [version, state?.status])).toEqual([
      ['1.0.0/2', 'FAILED'],
      ['1.0.0/1', 'AVAILABLE'],
    ]);
  });

  it('disable it when those of its schedule fail too often in a row', async () => {
    const arn = await createPipeline('failing', { autoDisablePolicy: { failureCount: 2 } });
    for (const failures of [1, 2]) {
      expect(await passHour()).toBe(1);
      await buildNext(builder, 'failed');
      expect((await pipelineOf(arn))?.consecutiveFailures).toBe(failures);
    }
    expect((await pipelineOf(arn))?.status).toBe('DISABLED');
    expect(await passHour()).toBe(0);
    await start(arn);
    await buildNext(builder);
    expect((await pipelineOf(arn))?.consecutiveFailures).toBe(0);
  });

  it('are built on schedule when there is a reason, which is told either way', async () => {
    const condition = { pipelineExecutionStartCondition: 'EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE' };
    const arn = await createPipeline('scheduled', condition);
    const facts = sampleFacts({
      installed: [installedPackage('openssl', '3.0.1')],
      offers: [securityOffer('openssl', '3.0.1')],
    });
    await lookAtBoth(server(), [stanzaOf('openssl', '3.0.1')], [stanzaOf('openssl', '3.0.1')]);
    /** As a builder does: the facts are judged before the end. */
    const build = async () => {
      const order = await takeBuildOf(builder);
      const factsId = await submitImageFacts(builder, order, facts);
      const { operationId } = await builder.patchbay(BeginPatchOperation, {
        factsId,
        operation: 'Scan',
        commandId: null,
        rebootOption: 'NoReboot',
        snapshotId: '',
        imageBuild: leaseOf(order),
      });
      await builder.patchbay(CompletePatchOperation, {
        operationId,
        factsId,
        simulation: null,
        outcomes: [],
        imageBuild: leaseOf(order),
      });
      await completeAs(builder, order, availableOf(factsId));
    };
    expect(await passHour()).toBe(1);
    expect(await lastRun(arn)).toMatchObject({ decision: 'start', because: [expect.stringContaining('ever built')] });
    expect(await passHour()).toBe(0);
    expect(await lastRun(arn)).toMatchObject({ decision: 'skip', because: [expect.stringContaining('being built')] });
    await build();
    expect((await imagesOf(arn))[0]).toMatchObject({ buildType: 'SCHEDULED', state: { status: 'AVAILABLE' } });

    expect(await passHour()).toBe(0);
    expect(await lastRun(arn)).toMatchObject({
      decision: 'skip',
      imageBuildVersionArn: null,
      because: [expect.stringContaining('would take now'), 'It lacks no approved patch.'],
    });

    await addComponent(client, { name: 'scheduled', semanticVersion: '1.0.1', data: componentData('newer') });
    expect(await passHour()).toBe(1);
    expect(await lastRun(arn)).toMatchObject({ decision: 'start', because: [expect.stringContaining('1.0.1/1')] });
    await build();
    expect(await passHour()).toBe(0);

    await lookAtBoth(
      server(),
      [stanzaOf('openssl', '3.0.1')],
      [stanzaOf('openssl', '3.0.1'), stanzaOf('openssl', '3.0.2')],
    );
    expect(await passHour()).toBe(1);
    expect(await lastRun(arn)).toMatchObject({ decision: 'start', because: [expect.stringContaining('openssl')] });
    expect(await takeOrder(builder)).not.toBeNull();
  });
});
