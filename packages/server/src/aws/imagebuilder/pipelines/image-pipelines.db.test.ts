import {
  DeleteContainerRecipeCommand,
  DeleteDistributionConfigurationCommand,
  DeleteImagePipelineCommand,
  DeleteInfrastructureConfigurationCommand,
  type ImagebuilderClient,
  ListTagsForResourceCommand,
  ResourceDependencyException,
  ResourceNotFoundException,
  TagResourceCommand,
  UpdateImagePipelineCommand,
  type UpdateImagePipelineCommandInput,
} from '@aws-sdk/client-imagebuilder';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultQuotas } from '../../../quotas.ts';
import { OTHER_REGION, TEST_START, withTestServer } from '../../../test-support/test-server.ts';
import { addContainerRecipe, addImageRecipe } from '../recipes/recipes.test-support.ts';
import {
  createPipelineOf as create,
  createParts,
  type PipelineInput,
  type PipelineParts,
  readPipeline as read,
} from './pipelines.test-support.ts';

const sundays = { scheduleExpression: 'cron(0 2 ? * SUN *)', timezone: 'Europe/Berlin' };
const whole = {
  description: 'Builds the shop',
  imageTestsConfiguration: { imageTestsEnabled: false, timeoutMinutes: 60 },
  enhancedImageMetadataEnabled: false,
  schedule: {
    ...sundays,
    pipelineExecutionStartCondition: 'EXPRESSION_MATCH_ONLY',
    autoDisablePolicy: { failureCount: 3 },
  },
  status: 'DISABLED',
  imageTags: { 'Cost Center': '7' },
  imageScanningConfiguration: {
    imageScanningEnabled: true,
    ecrConfiguration: { repositoryName: 'scans', containerTags: ['scanned'] },
  },
  workflows: [
    {
      workflowArn: 'arn:aws:imagebuilder:us-east-1:aws:workflow/build/build-container/x.x.x',
      parameters: [{ name: 'waitForActionAtEnd', value: ['false'] }],
      onFailure: 'ABORT',
    },
  ],
  executionRole: 'builder',
  loggingConfiguration: { imageLogGroupName: '/images', pipelineLogGroupName: '/pipelines' },
  tags: { stage: 'test' },
} satisfies Partial<PipelineInput>;

async function remove(client: ImagebuilderClient, imagePipelineArn: string) {
  return await client.send(new DeleteImagePipelineCommand({ imagePipelineArn }));
}

async function update(client: ImagebuilderClient, input: UpdateImagePipelineCommandInput) {
  return await client.send(new UpdateImagePipelineCommand(input));
}

describe('image pipelines', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  let parts: PipelineParts;
  let least: Pick<PipelineInput, 'infrastructureConfigurationArn' | 'containerRecipeArn'>;
  const arnOf = (name: string) => `arn:aws:imagebuilder:us-east-1:${server().accountId}:image-pipeline/${name}`;

  beforeAll(async () => {
    client = server().createImageBuilderClient();
    parts = await createParts(client, 'parts');
    const { infrastructureConfigurationArn, containerRecipeArn } = parts;
    least = { infrastructureConfigurationArn, containerRecipeArn };
  });

  it('are created, read and deleted, with every member', async () => {
    const name = 'Every Member_1';
    const arn = arnOf('every-member_1');
    expect(await create(client, { ...whole, ...parts, name })).toBe(arn);
    expect(await read(client, arn)).toEqual({
      ...whole,
      ...parts,
      name,
      arn,
      platform: 'Linux',
      consecutiveFailures: 0,
      dateCreated: server().now().toISOString(),
    });
    expect(await remove(client, arn)).toMatchObject({ imagePipelineArn: arn, requestId: expect.any(String) });
    for (const call of [read, remove]) {
      await expect(call(client, arn)).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
        message: `The resource ${arn} does not exist.`,
      });
    }
  });

  it('have the defaults that AWS documents', async () => {
    const arn = await create(client, { ...least, name: 'least' });
    expect(await read(client, arn)).toEqual({
      ...least,
      arn,
      name: 'least',
      status: 'ENABLED',
      enhancedImageMetadataEnabled: true,
      imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: 720 },
      platform: 'Linux',
      consecutiveFailures: 0,
      dateCreated: server().now().toISOString(),
      tags: {},
    });
    const scheduled = await create(client, {
      ...least,
      name: 'scheduled',
      schedule: { scheduleExpression: 'cron(0 2 ? * SUN *)' },
      imageTestsConfiguration: { imageTestsEnabled: false },
    });
    expect(await read(client, scheduled)).toMatchObject({
      schedule: {
        scheduleExpression: 'cron(0 2 ? * SUN *)',
        timezone: 'UTC',
        pipelineExecutionStartCondition: 'EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE',
      },
      imageTestsConfiguration: { imageTestsEnabled: false, timeoutMinutes: 720 },
      dateNextRun: '2026-11-22T02:00:00.000Z',
    });
  });

  it('say when they are looked at next, on the clock of their zone, unless they are disabled', async () => {
    const arn = await create(client, { ...least, name: 'berlin', schedule: sundays });
    expect((await read(client, arn))?.dateNextRun).toBe('2026-11-22T01:00:00.000Z');
    await update(client, { ...least, imagePipelineArn: arn, schedule: sundays, status: 'DISABLED' });
    expect(await read(client, arn)).not.toHaveProperty('dateNextRun');
  });

  it('are replaced as a whole but for name, tags and the time of creation', async () => {
    const arn = await create(client, { ...whole, ...parts, name: 'replaced' });
    const dateCreated = server().now().toISOString();
    server().advance({ minutes: 5 });
    const change = { ...least, imagePipelineArn: arn, description: 'other', clientToken: 'replace-pipeline' };
    expect(await update(client, change)).toMatchObject({ imagePipelineArn: arn, clientToken: 'replace-pipeline' });
    expect(await read(client, arn)).toEqual({
      ...least,
      arn,
      name: 'replaced',
      description: 'other',
      status: 'ENABLED',
      enhancedImageMetadataEnabled: true,
      imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: 720 },
      platform: 'Linux',
      consecutiveFailures: 0,
      tags: whole.tags,
      dateCreated,
      dateUpdated: server().now().toISOString(),
    });
    await expect(update(client, { ...least, imagePipelineArn: arnOf('none') })).rejects.toBeInstanceOf(
      ResourceNotFoundException,
    );
    server().setNow(TEST_START);
  });

  it('are made once for a token, and once for a name', async () => {
    const input = { ...least, name: 'by token', clientToken: 'one-pipeline' };
    const arn = await create(client, input);
    expect(await create(client, input)).toBe(arn);
    await expect(create(client, { ...input, name: 'another' })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
    await expect(create(client, { ...least, name: 'By-Token' })).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      message: `The resource ${arn} already exists.`,
    });
  });

  const schedule = (scheduleExpression: string, timezone?: string): Partial<PipelineInput> => ({
    schedule: { scheduleExpression, ...(timezone !== undefined && { timezone }) },
  });
  const invalid = 'InvalidParameterValueException';
  it.each<[string, Partial<PipelineInput>, string, string]>([
    ['a rate', schedule('rate(1 day)'), invalid, "'schedule.scheduleExpression' is not valid. The schedule"],
    ['five fields', schedule('cron(0 2 * * *)'), invalid, 'has 5 fields'],
    ['seconds', schedule('cron(0 0 2 ? * SUN *)'), invalid, 'has 7 fields'],
    ['two days', schedule('cron(0 2 1 * SUN *)'), invalid, '"?"'],
    ['no such time zone', schedule('cron(0 2 ? * SUN *)', 'Europe/Nowhere'), invalid, "'schedule.timezone'"],
    ['a time zone alone', { schedule: { timezone: 'UTC' } }, invalid, 'no scheduleExpression'],
    [
      'eleven failures to be disabled after',
      { schedule: { ...sundays, autoDisablePolicy: { failureCount: 11 } } },
      'ValidationException',
      'failureCount',
    ],
    [
      'a test time below an hour',
      { imageTestsConfiguration: { timeoutMinutes: 59 } },
      'ValidationException',
      'timeoutMinutes',
    ],
    [
      'workflows without a role',
      { workflows: whole.workflows },
      'InvalidParameterCombinationException',
      'executionRole is not',
    ],
    [
      'a workflow of its own',
      {
        executionRole: 'builder',
        workflows: [{ workflowArn: 'arn:aws:imagebuilder:us-east-1:123456789012:workflow/test/mine/1.0.0/1' }],
      },
      invalid,
      "'workflows[0].workflowArn'",
    ],
    ['a reserved tag of images', { imageTags: { 'AWS:x': '' } }, 'InvalidParameterException', 'reserved'],
  ])('are not made with %s', async (_title, input, name, message) => {
    await expect(create(client, { ...least, name: 'refused', ...input })).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
      $metadata: { httpStatusCode: 400 },
    });
    await expect(read(client, arnOf('refused'))).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('have exactly one recipe', async () => {
    const { infrastructureConfigurationArn, containerRecipeArn } = parts;
    const imageRecipeArn = containerRecipeArn.replace('container-recipe', 'image-recipe');
    for (const [recipes, message] of [
      [{}, 'Neither imageRecipeArn nor containerRecipeArn is given'],
      [{ imageRecipeArn, containerRecipeArn }, 'Both imageRecipeArn and containerRecipeArn are given'],
    ] as const) {
      await expect(
        create(client, { name: 'recipes', infrastructureConfigurationArn, ...recipes }),
      ).rejects.toMatchObject({
        name: 'InvalidParameterCombinationException',
        message: expect.stringContaining(message),
      });
    }
  });

  it('refer to what exists in their account and region', async () => {
    const members = ['infrastructureConfigurationArn', 'distributionConfigurationArn', 'containerRecipeArn'] as const;
    const existing = await create(client, { ...parts, name: 'existing' });
    for (const member of members) {
      const arn = parts[member];
      for (const wrong of [
        arn.replace('/parts', '/none'),
        arn.replace('us-east-1', OTHER_REGION),
        arn.replace(server().accountId, '000000000000'),
        arn.replace(server().accountId, 'aws'),
      ]) {
        const refused = {
          name: 'InvalidParameterValueException',
          message: `The value supplied for parameter '${member}' is not valid. The resource ${wrong} does not exist.`,
        };
        const input = { ...parts, [member]: wrong };
        await expect(create(client, { ...input, name: 'dangling' })).rejects.toMatchObject(refused);
        await expect(update(client, { ...input, imagePipelineArn: existing })).rejects.toMatchObject(refused);
      }
    }
  });

  it('keep what they refer to from being deleted', async () => {
    const needed = await createParts(client, 'needed');
    const { infrastructureConfigurationArn, distributionConfigurationArn, containerRecipeArn } = needed;
    const arn = await create(client, { ...needed, name: 'needs' });
    const deleteInfrastructure = () =>
      client.send(new DeleteInfrastructureConfigurationCommand({ infrastructureConfigurationArn }));
    const deleteDistribution = () =>
      client.send(new DeleteDistributionConfigurationCommand({ distributionConfigurationArn }));
    for (const call of [deleteInfrastructure, deleteDistribution]) {
      const error = await call().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ResourceDependencyException);
      expect(error).toMatchObject({
        message: expect.stringContaining(`is needed by ${arn}.`),
        $metadata: { httpStatusCode: 400 },
      });
    }
    await update(client, { imagePipelineArn: arn, infrastructureConfigurationArn, containerRecipeArn });
    await deleteDistribution();
    await expect(deleteInfrastructure()).rejects.toBeInstanceOf(ResourceDependencyException);
    await remove(client, arn);
    await deleteInfrastructure();
  });

  it('keep the recipe that they need, and of several that an x matches the last', async () => {
    const name = 'kept';
    const needed = await createParts(client, name);
    const { containerRecipeArn, infrastructureConfigurationArn } = needed;
    const newer = await addContainerRecipe(client, { name, semanticVersion: '1.0.x' });
    const removeRecipe = (arn: string) => client.send(new DeleteContainerRecipeCommand({ containerRecipeArn: arn }));
    const pinned = await create(client, { ...needed, name: 'pinned' });
    const anyMinor = { infrastructureConfigurationArn, containerRecipeArn: newer.replace('1.0.1', '1.x.x') };
    const wildcard = await create(client, { ...anyMinor, name: 'wildcard' });
    expect(await read(client, wildcard)).toMatchObject(anyMinor);
    const error = await removeRecipe(containerRecipeArn).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ResourceDependencyException);
    expect(error).toMatchObject({ message: expect.stringContaining(pinned) });
    await removeRecipe(newer);
    await remove(client, pinned);
    await expect(removeRecipe(containerRecipeArn)).rejects.toMatchObject({
      name: 'ResourceDependencyException',
      message: expect.stringContaining(wildcard),
    });
    const dangling = { ...anyMinor, containerRecipeArn: newer.replace('1.0.1', '2.x.x'), name: 'dangling' };
    await expect(create(client, dangling)).rejects.toMatchObject({
      message: expect.stringContaining(
        `'containerRecipeArn' is not valid. The resource ${dangling.containerRecipeArn}`,
      ),
    });
    await remove(client, wildcard);
    await removeRecipe(containerRecipeArn);
  });

  it('are made of an image recipe as well', async () => {
    const imageRecipeArn = await addImageRecipe(client, { name: 'disk' });
    const { infrastructureConfigurationArn } = parts;
    const arn = await create(client, { name: 'disk', imageRecipeArn, infrastructureConfigurationArn });
    expect(await read(client, arn)).toMatchObject({ imageRecipeArn, platform: 'Linux' });
  });

  it('are never made of what is deleted at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const name = `race-${round}`;
      const racing = await createParts(client, name);
      const { infrastructureConfigurationArn } = racing;
      const [made, deleted] = await Promise.allSettled([
        create(client, { ...racing, name }),
        client.send(new DeleteInfrastructureConfigurationCommand({ infrastructureConfigurationArn })),
      ]);
      expect([made.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('are tagged and audited', async () => {
    const resourceArn = await create(client, { ...least, name: 'tagged', tags: { a: 'b' } });
    await client.send(new TagResourceCommand({ resourceArn, tags: { stage: 'test' } }));
    const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual({ a: 'b', stage: 'test' });
    expect(await read(client, resourceArn)).toMatchObject({ tags });
    await remove(client, resourceArn);
    expect(await read(client, await create(client, { ...least, name: 'tagged' }))).toMatchObject({ tags: {} });
    const events = await server().auditEvents('imagebuilder:CreateImagePipeline');
    expect(events.filter(({ resource }) => resource === resourceArn)).toHaveLength(2);
  });
});

describe('a quota of image pipelines', () => {
  const server = withTestServer({ quotas: { ...defaultQuotas, 'image-pipelines': 1 } });

  it('is kept', async () => {
    const client = server().createImageBuilderClient();
    const parts = await createParts(client, 'parts');
    await create(client, { ...parts, name: 'first' });
    await expect(create(client, { ...parts, name: 'second' })).rejects.toMatchObject({
      name: 'ServiceQuotaExceededException',
      $metadata: { httpStatusCode: 402 },
    });
  });
});
