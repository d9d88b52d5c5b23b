import {
  CreateDistributionConfigurationCommand,
  type CreateDistributionConfigurationCommandInput,
  DeleteDistributionConfigurationCommand,
  GetDistributionConfigurationCommand,
  type ImagebuilderClient,
  ListDistributionConfigurationsCommand,
  type ListDistributionConfigurationsCommandInput,
  ListTagsForResourceCommand,
  paginateListDistributionConfigurations,
  ResourceNotFoundException,
  TagResourceCommand,
  UpdateDistributionConfigurationCommand,
} from '@aws-sdk/client-imagebuilder';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultQuotas } from '../../../quotas.ts';
import { createPerson } from '../../../test-support/test-people.ts';
import { OTHER_REGION, TEST_START, withTestServer } from '../../../test-support/test-server.ts';

type Input = CreateDistributionConfigurationCommandInput;
type Distribution = NonNullable<Input['distributions']>[number];

const toRegistry: Distribution = {
  region: 'us-east-1',
  containerDistributionConfiguration: {
    description: 'the registry of the shop',
    containerTags: ['latest', 'debian-12'],
    targetRepository: { service: 'ECR', repositoryName: 'registry.example:5000/shop/web' },
  },
};
/** Kept and answered, without effect. */
const asAmi: Distribution = {
  region: 'eu-west-1',
  amiDistributionConfiguration: {
    name: 'web {{ imagebuilder:buildDate }}',
    description: 'a machine image',
    targetAccountIds: ['123456789012'],
    amiTags: { 'Cost Center': '7' },
    kmsKeyId: 'key',
    launchPermission: { userIds: ['123456789012'], userGroups: ['all'] },
  },
  licenseConfigurationArns: [
    'arn:aws:license-manager:us-east-1:123456789012:license-configuration:lic-0123456789abcdef0123456789abcdef',
  ],
  launchTemplateConfigurations: [{ launchTemplateId: 'lt-0123456789abcdef0', setDefaultVersion: true }],
  s3ExportConfiguration: { roleName: 'exporter', diskImageFormat: 'RAW', s3Bucket: 'images' },
  fastLaunchConfigurations: [{ enabled: false }],
  ssmParameterConfigurations: [{ parameterName: '/images/web', dataType: 'text' }],
};
const whole = {
  name: 'Every Member_1',
  description: 'Where images go',
  distributions: [toRegistry, asAmi],
  tags: { stage: 'test' },
} satisfies Input;

async function create(client: ImagebuilderClient, input: Partial<Input> & { name: string }): Promise<string> {
  const command = new CreateDistributionConfigurationCommand({ distributions: [toRegistry], ...input });
  return (await client.send(command)).distributionConfigurationArn ?? '';
}

async function read(client: ImagebuilderClient, distributionConfigurationArn: string) {
  const command = new GetDistributionConfigurationCommand({ distributionConfigurationArn });
  return (await client.send(command)).distributionConfiguration;
}

async function list(client: ImagebuilderClient, input: ListDistributionConfigurationsCommandInput = {}) {
  const found = await client.send(new ListDistributionConfigurationsCommand(input));
  return found.distributionConfigurationSummaryList ?? [];
}

async function remove(client: ImagebuilderClient, distributionConfigurationArn: string) {
  return await client.send(new DeleteDistributionConfigurationCommand({ distributionConfigurationArn }));
}

describe('distribution configurations', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  const arnOf = (name: string) =>
    `arn:aws:imagebuilder:us-east-1:${server().accountId}:distribution-configuration/${name}`;

  beforeAll(() => {
    client = server().createImageBuilderClient();
  });

  it('are created, read and deleted, with every member', async () => {
    const answer = await client.send(new CreateDistributionConfigurationCommand({ ...whole, clientToken: 'whole' }));
    const arn = arnOf('every-member_1');
    expect(answer).toMatchObject({
      distributionConfigurationArn: arn,
      clientToken: 'whole',
      requestId: answer.$metadata.requestId,
    });
    expect(await read(client, arn)).toEqual({
      ...whole,
      arn,
      timeoutMinutes: 360,
      dateCreated: TEST_START.toISOString(),
    });
    expect(await remove(client, arn)).toMatchObject({ distributionConfigurationArn: arn });
    for (const call of [read, remove]) {
      await expect(call(client, arn)).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
        message: `The resource ${arn} does not exist.`,
        $metadata: { httpStatusCode: 404 },
      });
    }
  });

  it('are found by the same name in another region only there', async () => {
    await create(client, { name: 'one of a kind' });
    await expect(create(client, { name: 'One-Of-A-Kind' })).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
    });
    const arn = await create(server().createImageBuilderClient(undefined, OTHER_REGION), { name: 'one of a kind' });
    expect(arn).toContain(OTHER_REGION);
    await expect(read(client, arn)).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('are made once for a token', async () => {
    const clientToken = 'one-distribution';
    const arn = await create(client, { name: 'by token', clientToken });
    expect(await create(client, { name: 'by token', clientToken })).toBe(arn);
    await expect(create(client, { name: 'another', clientToken })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
  });

  it('are replaced as a whole but for name, tags and the time of creation', async () => {
    const arn = await create(client, { ...whole, name: 'replaced' });
    server().advance({ minutes: 5 });
    const update = { distributionConfigurationArn: arn, distributions: [toRegistry], clientToken: 'replace' };
    const answer = await client.send(new UpdateDistributionConfigurationCommand(update));
    expect(answer).toMatchObject({ distributionConfigurationArn: arn, clientToken: 'replace' });
    expect(await read(client, arn)).toEqual({
      arn,
      name: 'replaced',
      distributions: [toRegistry],
      timeoutMinutes: 360,
      tags: whole.tags,
      dateCreated: TEST_START.toISOString(),
      dateUpdated: server().now().toISOString(),
    });
    const none = { ...update, distributionConfigurationArn: arnOf('none'), clientToken: 'replace-none' };
    await expect(client.send(new UpdateDistributionConfigurationCommand(none))).rejects.toBeInstanceOf(
      ResourceNotFoundException,
    );
    const empty = { ...update, distributions: [], clientToken: 'replace-empty' };
    await expect(client.send(new UpdateDistributionConfigurationCommand(empty))).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
  });

  const withTags = (containerTags: string[], repositoryName = 'shop/web'): Partial<Input> => ({
    distributions: [
      {
        region: 'us-east-1',
        containerDistributionConfiguration: {
          targetRepository: { service: 'ECR', repositoryName },
          containerTags,
        },
      },
    ],
  });
  it.each<[string, Partial<Input>, string, string]>([
    ['a name of two letters', { name: 'ab' }, 'ValidationException', "at 'name'"],
    ['no distribution', { distributions: [] }, 'InvalidParameterValueException', 'at least one'],
    [
      'a distribution that nothing comes out of',
      { distributions: [toRegistry, { region: 'eu-west-1' }] },
      'InvalidParameterValueException',
      "The value supplied for parameter 'distributions[1]' is not valid. One or more outputs",
    ],
    [
      'a region that stands there twice',
      { distributions: [toRegistry, asAmi, toRegistry] },
      'InvalidParameterValueException',
      "'distributions[2].region' is not valid. The region us-east-1",
    ],
    ['a tag that no registry takes', withTags(['latest', 'a/b']), 'InvalidParameterValueException', 'containerTags[1]'],
    ['a tag that begins with a dash', withTags(['-f']), 'InvalidParameterValueException', 'containerTags[0]'],
    [
      'a repository that has a tag',
      withTags([], 'registry.example/shop:1'),
      'InvalidParameterValueException',
      'targetRepository.repositoryName',
    ],
    [
      'a repository in capitals',
      withTags([], 'registry.example/Shop'),
      'InvalidParameterValueException',
      "'distributions[0].containerDistributionConfiguration.targetRepository.repositoryName' is not valid",
    ],
    [
      'a repository of another service',
      {
        distributions: [
          {
            region: 'us-east-1',
            containerDistributionConfiguration: {
              targetRepository: { service: 'GHCR' as 'ECR', repositoryName: 'a' },
            },
          },
        ],
      },
      'ValidationException',
      "targetRepository.service'",
    ],
    ['a reserved tag', { tags: { 'AWS:x': '' } }, 'InvalidParameterException', 'reserved'],
  ])('are not made with %s', async (_title, input, name, message) => {
    const before = await list(client);
    await expect(create(client, { ...input, name: input.name ?? 'refused' })).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
      $metadata: { httpStatusCode: 400 },
    });
    expect(await list(client)).toEqual(before);
  });

  it('of another account are denied', async () => {
    await expect(read(client, arnOf('none').replace(server().accountId, '000000000000'))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  it('are tagged', async () => {
    const resourceArn = await create(client, { name: 'tagged', tags: { a: 'b' } });
    await client.send(new TagResourceCommand({ resourceArn, tags: { stage: 'test' } }));
    const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual({ a: 'b', stage: 'test' });
    expect(await read(client, resourceArn)).toMatchObject({ tags });
  });

  it('are audited, with the ARN that they are about', async () => {
    const arn = await create(client, { name: 'audited' });
    await expect(create(client, { name: 'audited' })).rejects.toThrow();
    const events = await server().auditEvents('imagebuilder:CreateDistributionConfiguration');
    const results = events.filter(({ resource }) => resource === arn).map(({ result }) => result);
    expect(results).toEqual(['success', 'ResourceAlreadyExistsException']);
  });
});

describe('the list of distribution configurations', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;

  beforeAll(async () => {
    client = server().createImageBuilderClient();
    for (const name of ['gamma', 'alpha', 'Delta', 'beta']) {
      await create(client, { ...whole, name, tags: { team: name === 'beta' ? 'web' : 'db' } });
    }
  });

  it('shows a part of each, and the regions', async () => {
    expect(await list(client, { filters: [{ name: 'name', values: ['alpha'] }] })).toEqual([
      {
        arn: `arn:aws:imagebuilder:us-east-1:${server().accountId}:distribution-configuration/alpha`,
        name: 'alpha',
        description: whole.description,
        dateCreated: TEST_START.toISOString(),
        tags: { team: 'db' },
        regions: ['us-east-1', 'eu-west-1'],
      },
    ]);
  });

  it('comes in pages', async () => {
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateListDistributionConfigurations({ client, pageSize: 3 }, {})) {
      pages.push((page.distributionConfigurationSummaryList ?? []).map(({ name }) => name));
    }
    expect(pages).toEqual([['alpha', 'beta', 'Delta'], ['gamma']]);
  });

  it('refuses other filters and tokens', async () => {
    await expect(list(client, { filters: [{ name: 'region', values: ['x'] }] })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    await expect(list(client, { nextToken: 'made-up' })).rejects.toMatchObject({
      name: 'InvalidPaginationTokenException',
    });
  });

  it('shows to who is limited by tags what carries them', async () => {
    const limits = [{ key: 'team', values: ['web'] }];
    const limited = server().createImageBuilderClient(await createPerson(server(), 'limited', 'auditor', limits));
    expect((await list(limited)).map(({ name }) => name)).toEqual(['beta']);
  });
});

describe('a quota of distribution configurations', () => {
  const server = withTestServer({ quotas: { ...defaultQuotas, 'distribution-configurations': 1 } });

  it('is kept', async () => {
    const client = server().createImageBuilderClient();
    await create(client, { name: 'first' });
    await expect(create(client, { name: 'second' })).rejects.toMatchObject({
      name: 'ServiceQuotaExceededException',
      message: 'An account can have at most 1 distribution configurations in a region.',
      $metadata: { httpStatusCode: 402 },
    });
  });
});
