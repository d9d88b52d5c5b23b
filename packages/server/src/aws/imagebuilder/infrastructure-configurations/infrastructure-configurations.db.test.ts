import {
  CreateInfrastructureConfigurationCommand,
  type CreateInfrastructureConfigurationCommandInput,
  DeleteInfrastructureConfigurationCommand,
  GetInfrastructureConfigurationCommand,
  type ImagebuilderClient,
  InvalidParameterValueException,
  ListInfrastructureConfigurationsCommand,
  type ListInfrastructureConfigurationsCommandInput,
  paginateListInfrastructureConfigurations,
  ResourceNotFoundException,
  UpdateInfrastructureConfigurationCommand,
} from '@aws-sdk/client-imagebuilder';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultQuotas } from '../../../quotas.ts';
import { OTHER_REGION, TEST_START, withTestServer } from '../../../test-support/test-server.ts';

type Input = CreateInfrastructureConfigurationCommandInput;

const whole = {
  name: 'Every Member_1',
  description: 'Where images are built',
  instanceTypes: ['builder'],
  instanceProfileName: 'builders',
  securityGroupIds: ['sg-0123456789abcdef0'],
  subnetId: 'subnet-0123456789abcdef0',
  logging: { s3Logs: { s3BucketName: 'logs', s3KeyPrefix: 'images/' } },
  keyPair: 'key',
  terminateInstanceOnFailure: false,
  snsTopicArn: 'arn:aws:sns:us-east-1:123456789012:images',
  resourceTags: { built_by: 'patchbay', 'Cost Center': '7' },
  instanceMetadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 2 },
  placement: { availabilityZone: 'us-east-1a', tenancy: 'dedicated' },
  tags: { stage: 'test' },
} satisfies Input;

const absent = (accountId: string) =>
  `arn:aws:imagebuilder:us-east-1:${accountId}:infrastructure-configuration/none-such`;

async function create(client: ImagebuilderClient, input: Partial<Input> & { name: string }): Promise<string> {
  const command = new CreateInfrastructureConfigurationCommand({ instanceProfileName: 'builders', ...input });
  return (await client.send(command)).infrastructureConfigurationArn ?? '';
}

async function read(client: ImagebuilderClient, infrastructureConfigurationArn: string) {
  const command = new GetInfrastructureConfigurationCommand({ infrastructureConfigurationArn });
  return (await client.send(command)).infrastructureConfiguration;
}

async function names(client: ImagebuilderClient, input: ListInfrastructureConfigurationsCommandInput = {}) {
  const found = await client.send(new ListInfrastructureConfigurationsCommand(input));
  return found.infrastructureConfigurationSummaryList?.map(({ name }) => name);
}

async function remove(client: ImagebuilderClient, infrastructureConfigurationArn: string) {
  return await client.send(new DeleteInfrastructureConfigurationCommand({ infrastructureConfigurationArn }));
}

describe('infrastructure configurations', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;

  beforeAll(() => {
    client = server().createImageBuilderClient();
  });

  it('are created, read and deleted', async () => {
    const answer = await client.send(new CreateInfrastructureConfigurationCommand({ ...whole, clientToken: 'whole' }));
    const arn = `arn:aws:imagebuilder:us-east-1:${server().accountId}:infrastructure-configuration/every-member_1`;
    expect(answer).toMatchObject({
      infrastructureConfigurationArn: arn,
      clientToken: 'whole',
      requestId: answer.$metadata.requestId,
    });
    expect(await read(client, arn)).toEqual({ ...whole, arn, dateCreated: TEST_START.toISOString() });
    expect(await remove(client, arn)).toMatchObject({ infrastructureConfigurationArn: arn });
    for (const call of [read, remove]) {
      const error = await call(client, arn).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ResourceNotFoundException);
      expect(error).toMatchObject({
        message: `The resource ${arn} does not exist.`,
        $metadata: { httpStatusCode: 404, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      });
    }
  });

  it('lose the tags of one of the same name that was deleted', async () => {
    await remove(client, await create(client, { name: 'again', tags: { old: 'yes' } }));
    expect(await read(client, await create(client, { name: 'again' }))).toMatchObject({ tags: {} });
  });

  it('terminate what failed unless told otherwise, as AWS says', async () => {
    expect(await read(client, await create(client, { name: 'defaults' }))).toMatchObject({
      terminateInstanceOnFailure: true,
    });
  });

  it('have a name that is theirs alone, in an account and region, also where only its ARN would be the same', async () => {
    await create(client, { name: 'one of a kind' });
    for (const name of ['one of a kind', 'One-Of-A-Kind']) {
      await expect(create(client, { name })).rejects.toMatchObject({
        name: 'ResourceAlreadyExistsException',
        message: expect.stringContaining('infrastructure-configuration/one-of-a-kind'),
        $metadata: { httpStatusCode: 400 },
      });
    }
    const elsewhere = server().createImageBuilderClient(undefined, OTHER_REGION);
    const arn = await create(elsewhere, { name: 'one of a kind' });
    expect(arn).toContain(OTHER_REGION);
    await expect(read(client, arn)).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('are made by one of two callers at the same moment', async () => {
    const both = await Promise.allSettled([create(client, { name: 'race' }), create(client, { name: 'race' })]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('are made and changed once for a token', async () => {
    const clientToken = 'one-configuration';
    const arn = await create(client, { name: 'by token', clientToken });
    expect(await create(client, { name: 'by token', clientToken })).toBe(arn);
    await expect(create(client, { name: 'another', clientToken })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
    expect(await names(client, { filters: [{ name: 'name', values: ['another'] }] })).toEqual([]);
    const update = { infrastructureConfigurationArn: arn, instanceProfileName: 'b', clientToken: 'one-update' };
    const first = await client.send(new UpdateInfrastructureConfigurationCommand(update));
    const second = await client.send(new UpdateInfrastructureConfigurationCommand(update));
    expect(second.requestId).toBe(first.requestId);
  });

  it('are replaced as a whole but for name, tags and the time of creation', async () => {
    const arn = await create(client, { ...whole, name: 'replaced' });
    server().advance({ minutes: 5 });
    const answer = await client.send(
      new UpdateInfrastructureConfigurationCommand({
        infrastructureConfigurationArn: arn,
        instanceProfileName: 'others',
        clientToken: 'replace',
      }),
    );
    expect(answer).toMatchObject({ infrastructureConfigurationArn: arn, clientToken: 'replace' });
    expect(await read(client, arn)).toEqual({
      arn,
      name: 'replaced',
      instanceProfileName: 'others',
      terminateInstanceOnFailure: true,
      tags: whole.tags,
      dateCreated: TEST_START.toISOString(),
      dateUpdated: server().now().toISOString(),
    });
    await expect(
      client.send(
        new UpdateInfrastructureConfigurationCommand({
          infrastructureConfigurationArn: absent(server().accountId),
          instanceProfileName: 'x',
        }),
      ),
    ).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it.each<[string, Partial<Input>, string, string]>([
    ['a name of two letters', { name: 'ab' }, 'ValidationException', "at 'name'"],
    ['a name with a slash', { name: 'a/b/c' }, 'ValidationException', "at 'name'"],
    ['a wildcard for a name', { name: 'abc*' }, 'ValidationException', "at 'name'"],
    ['a profile with a space', { instanceProfileName: 'a b' }, 'ValidationException', "at 'instanceProfileName'"],
    ['a tag that AWS keeps', { tags: { 'aws:x': '' } }, 'ValidationException', "at 'tags'"],
    ['a tag that AWS keeps, in capitals', { tags: { 'AWS:x': '' } }, 'InvalidParameterException', 'reserved'],
    [
      'a tenancy that there is not',
      { placement: { tenancy: 'shared' as 'host' } },
      'ValidationException',
      "at 'placement.tenancy'",
    ],
    [
      'two hosts to be on',
      { placement: { hostId: 'h-0', hostResourceGroupArn: 'arn:aws:resource-groups:x' } },
      'InvalidParameterCombinationException',
      'give one of them',
    ],
    ['a character that no database stores', { description: 'a\u0000b' }, 'ValidationException', "at 'description'"],
  ])('are not made with %s', async (_title, input, name, message) => {
    const before = await names(client, { maxResults: 25 });
    await expect(create(client, { ...input, name: input.name ?? 'refused' })).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
      $metadata: { httpStatusCode: 400 },
    });
    expect(await names(client, { maxResults: 25 })).toEqual(before);
  });

  it.each([
    ['another partition', (account: string) => absent(account).replace('arn:aws:', 'arn:aws-cn:')],
    ['another region', (account: string) => absent(account).replace('us-east-1', OTHER_REGION)],
    ["AWS's own", (account: string) => absent(account).replace(account, 'aws')],
  ])('of %s are not found', async (_title, arnIn) => {
    await expect(read(client, arnIn(server().accountId))).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('of another account are denied', async () => {
    const arn = absent('000000000000');
    await expect(read(client, arn)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(arn),
      $metadata: { httpStatusCode: 403 },
    });
  });

  it('are audited, with the ARN that they are about', async () => {
    const arn = await create(client, { name: 'audited', description: 'seen' });
    await expect(create(client, { name: 'audited' })).rejects.toThrow();
    const events = await server().auditEvents('imagebuilder:CreateInfrastructureConfiguration');
    const mine = events.filter(({ resource }) => resource === arn);
    expect(mine.map(({ result }) => result)).toEqual(['success', 'ResourceAlreadyExistsException']);
    expect(mine[0]).toMatchObject({
      principal: `arn:aws:iam::${server().accountId}:user/administrator`,
      input: { name: 'audited', description: 'seen', instanceProfileName: 'builders' },
    });
  });
});

describe('the list of infrastructure configurations', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;

  beforeAll(async () => {
    client = server().createImageBuilderClient();
    for (const name of ['gamma', 'alpha', 'Delta', 'beta']) await create(client, { ...whole, name });
  });

  it('shows a part of each', async () => {
    const found = await client.send(
      new ListInfrastructureConfigurationsCommand({ filters: [{ name: 'name', values: ['alpha'] }] }),
    );
    const { description, instanceProfileName, instanceTypes, placement, resourceTags, tags } = whole;
    expect(found.infrastructureConfigurationSummaryList).toEqual([
      {
        arn: `arn:aws:imagebuilder:us-east-1:${server().accountId}:infrastructure-configuration/alpha`,
        name: 'alpha',
        dateCreated: TEST_START.toISOString(),
        description,
        instanceProfileName,
        instanceTypes,
        placement,
        resourceTags,
        tags,
      },
    ]);
    expect(found.nextToken).toBeUndefined();
  });

  it('takes names exactly as they are', async () => {
    const named = (...values: string[]) => names(client, { filters: [{ name: 'name', values }] });
    expect(await named('beta', 'Delta')).toEqual(['beta', 'Delta']);
    expect(await named('delta')).toEqual([]);
    expect(await named('alph')).toEqual([]);
    const both = { filters: [['alpha'], ['beta']].map((values) => ({ name: 'name', values })) };
    expect(await names(client, both)).toEqual([]);
  });

  it('comes in pages', async () => {
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateListInfrastructureConfigurations({ client, pageSize: 3 }, {})) {
      pages.push((page.infrastructureConfigurationSummaryList ?? []).map(({ name }) => name));
    }
    expect(pages).toEqual([['alpha', 'beta', 'Delta'], ['gamma']]);
  });

  it('refuses other filters, sizes and tokens', async () => {
    const error = await names(client, { filters: [{ name: 'arn', values: ['x'] }] }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidParameterValueException);
    expect(error).toMatchObject({
      message: "The value supplied for parameter 'filters[0].name' is not valid. Valid names are: name.",
    });
    await expect(names(client, { filters: [{ name: 'name' }] })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    for (const maxResults of [0, 26]) {
      await expect(names(client, { maxResults })).rejects.toMatchObject({
        name: 'ValidationException',
        message: expect.stringContaining("at 'maxResults'"),
      });
    }
    await expect(names(client, { nextToken: 'made-up' })).rejects.toMatchObject({
      name: 'InvalidPaginationTokenException',
    });
  });
});

describe('a quota of infrastructure configurations', () => {
  const server = withTestServer({ quotas: { ...defaultQuotas, 'infrastructure-configurations': 1 } });

  it('is kept, with the status that AWS gives it', async () => {
    const client = server().createImageBuilderClient();
    await create(client, { name: 'first' });
    await expect(create(client, { name: 'second' })).rejects.toMatchObject({
      name: 'ServiceQuotaExceededException',
      $metadata: { httpStatusCode: 402 },
    });
    await create(server().createImageBuilderClient(undefined, OTHER_REGION), { name: 'second' });
  });
});
