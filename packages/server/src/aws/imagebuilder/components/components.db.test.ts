import {
  CreateComponentCommand,
  type CreateComponentCommandInput,
  DeleteComponentCommand,
  DryRunOperationException,
  GetComponentCommand,
  GetComponentPolicyCommand,
  type ImagebuilderClient,
  ImportComponentCommand,
  type ImportComponentCommandInput,
  ListTagsForResourceCommand,
  PutComponentPolicyCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-imagebuilder';
import { managedComponents } from '@patchbay/patching';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultQuotas } from '../../../quotas.ts';
import { OTHER_REGION, TEST_START, withTestServer } from '../../../test-support/test-server.ts';
import { addComponent, componentData } from './components.test-support.ts';

type Input = CreateComponentCommandInput;

const withParameters = `schemaVersion: 1.0
parameters:
  - Source: { type: string, default: 'here', description: 'Where from' }
  - Target: { type: string }
phases:
  - name: test
    steps:
      - name: Look
        action: ExecuteBash
        inputs: { commands: ['ls "{{ Source }}" "{{ Target }}"'] }
`;

async function read(client: ImagebuilderClient, componentBuildVersionArn: string) {
  return await client.send(new GetComponentCommand({ componentBuildVersionArn }));
}

async function remove(client: ImagebuilderClient, componentBuildVersionArn: string) {
  return await client.send(new DeleteComponentCommand({ componentBuildVersionArn }));
}

describe('components', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  const arnOf = (id: string, owner = server().accountId) => `arn:aws:imagebuilder:us-east-1:${owner}:component/${id}`;

  beforeAll(() => {
    client = server().createImageBuilderClient();
  });

  it('are created, read and deleted', async () => {
    const input = {
      name: 'Every Member_1',
      semanticVersion: '1.2.3',
      description: 'What it does',
      changeDescription: 'What is new',
      platform: 'Linux',
      supportedOsVersions: ['Debian 12', 'Debian 13'],
      data: withParameters,
      tags: { stage: 'test' },
    } satisfies Input;
    const answer = await client.send(new CreateComponentCommand({ ...input, clientToken: 'whole' }));
    const arn = arnOf('every-member_1/1.2.3/1');
    const latestVersionReferences = {
      latestVersionArn: arnOf('every-member_1/x.x.x'),
      latestMajorVersionArn: arnOf('every-member_1/1.x.x'),
      latestMinorVersionArn: arnOf('every-member_1/1.2.x'),
      latestPatchVersionArn: arnOf('every-member_1/1.2.3'),
    };
    expect(answer).toMatchObject({
      componentBuildVersionArn: arn,
      clientToken: 'whole',
      requestId: answer.$metadata.requestId,
      latestVersionReferences,
    });
    const { component, latestVersionReferences: references } = await read(client, arn);
    expect(references).toEqual(latestVersionReferences);
    const { semanticVersion, ...rest } = input;
    expect(component).toEqual({
      ...rest,
      arn,
      version: semanticVersion,
      type: 'TEST',
      state: { status: 'ACTIVE' },
      owner: server().accountId,
      encrypted: false,
      parameters: [
        { name: 'Source', type: 'string', defaultValue: ['here'], description: 'Where from' },
        { name: 'Target', type: 'string' },
      ],
      dateCreated: TEST_START.toISOString(),
    });
    expect(await remove(client, arn)).toMatchObject({ componentBuildVersionArn: arn });
    for (const call of [read, remove]) {
      const error = await call(client, arn).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ResourceNotFoundException);
      expect(error).toMatchObject({ message: `The resource ${arn} does not exist.` });
    }
  });

  it('get a build number when their content changes, and are the same component when it does not', async () => {
    const first = await addComponent(client, { name: 'Rebuilt' });
    expect(first).toBe(arnOf('rebuilt/1.0.0/1'));
    await expect(addComponent(client, { name: 'Rebuilt' })).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      message: `The resource ${first} already exists.`,
      $metadata: { httpStatusCode: 400 },
    });
    const data = componentData('changed');
    expect(await addComponent(client, { name: 'rebuilt', data })).toBe(arnOf('rebuilt/1.0.0/2'));
    expect(await addComponent(client, { name: 'rebuilt', data, description: 'new' })).toBe(arnOf('rebuilt/1.0.0/3'));
    expect(await addComponent(client, { name: 'rebuilt', semanticVersion: '1.0.1' })).toBe(arnOf('rebuilt/1.0.1/1'));
  });

  it('never get the number of a build that was deleted', async () => {
    const first = await addComponent(client, { name: 'numbered' });
    await remove(client, first);
    expect(await addComponent(client, { name: 'numbered' })).toBe(arnOf('numbered/1.0.0/2'));
    await expect(read(client, first)).rejects.toBeInstanceOf(ResourceNotFoundException);
    await expect(addComponent(client, { name: 'numbered', dryRun: true, data: componentData('x') })).rejects.toThrow();
    const data = componentData('y');
    expect(await addComponent(client, { name: 'numbered', data })).toBe(arnOf('numbered/1.0.0/3'));
  });

  it('are made one after the other by callers at the same moment', async () => {
    const arns = await Promise.all(
      ['a', 'b', 'c'].map((text) => addComponent(client, { name: 'race', data: componentData(text) })),
    );
    expect(arns.sort()).toEqual([1, 2, 3].map((build) => arnOf(`race/1.0.0/${build}`)));
  });

  it('are made once for a token', async () => {
    const input = { name: 'by token', clientToken: 'one-component' };
    const arn = await addComponent(client, input);
    expect(await addComponent(client, input)).toBe(arn);
    await expect(addComponent(client, { ...input, name: 'another' })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
  });

  it('are the newest of what an ARN matches', async () => {
    for (const [semanticVersion, data] of [
      ['2.2.4', 'a'],
      ['1.7.8', 'b'],
      ['1.7.8', 'c'],
      ['1.6.8', 'd'],
    ] as const) {
      await addComponent(client, { name: 'chosen', semanticVersion, data: componentData(data) });
    }
    const chosen = async (id: string) => (await read(client, arnOf(`chosen/${id}`))).component?.arn;
    expect(await chosen('x.x.x')).toBe(arnOf('chosen/2.2.4/1'));
    expect(await chosen('1.x.x')).toBe(arnOf('chosen/1.7.8/2'));
    expect(await chosen('1.6.x')).toBe(arnOf('chosen/1.6.8/1'));
    expect(await chosen('1.7.8')).toBe(arnOf('chosen/1.7.8/2'));
    expect(await chosen('1.7.8/1')).toBe(arnOf('chosen/1.7.8/1'));
    await expect(chosen('3.x.x')).rejects.toBeInstanceOf(ResourceNotFoundException);
    await expect(chosen('1.7.8/3')).rejects.toBeInstanceOf(ResourceNotFoundException);
    await expect(chosen('x.7.x')).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  });

  it.each<[string, Partial<Input>, string, string]>([
    ['a name of two letters', { name: 'ab' }, 'ValidationException', "at 'name'"],
    ['a version with x', { semanticVersion: '1.0.x' }, 'ValidationException', "at 'semanticVersion'"],
    ['a version above the highest', { semanticVersion: '1.0.1073741824' }, 'InvalidVersionNumberException', 'above'],
    ['neither data nor uri', { data: undefined }, 'InvalidParameterCombinationException', 'Neither'],
    ['both data and uri', { uri: 's3://a/b' }, 'InvalidParameterCombinationException', 'Both'],
    ['a uri', { data: undefined, uri: 's3://a/b' }, 'InvalidParameterValueException', 'reads nothing from S3'],
    ['Windows', { platform: 'Windows' }, 'InvalidParameterValueException', "'platform' is not valid"],
    ['a key of KMS', { kmsKeyId: 'alias/key' }, 'InvalidParameterValueException', "'kmsKeyId' is not valid"],
    ['a tag that AWS keeps, in capitals', { tags: { 'AWS:x': '' } }, 'InvalidParameterException', 'reserved'],
    [
      'a document with mistakes',
      { data: 'schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - { name: A, action: Dance }\n' },
      'InvalidParameterValueException',
      "'data' is not valid. phases[0].steps[0].action (line 5, column 28): there is no action Dance",
    ],
    ['a text that is no document', { data: 'hello' }, 'InvalidParameterValueException', "'data' is not valid"],
  ])('are not made of %s', async (_title, input, name, message) => {
    await expect(addComponent(client, { ...input, name: input.name ?? 'refused' })).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
      $metadata: { httpStatusCode: 400 },
    });
    await expect(read(client, arnOf('refused/x.x.x'))).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('are not made in a dry run, which says whether they could be', async () => {
    const input = { name: 'dry', dryRun: true, tags: { stage: 'test' } };
    const error = await addComponent(client, input).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DryRunOperationException);
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 412 } });
    await expect(addComponent(client, { ...input, data: 'hello' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    await expect(read(client, arnOf('dry/x.x.x'))).rejects.toBeInstanceOf(ResourceNotFoundException);
    const arn = await addComponent(client, { name: 'dry' });
    await expect(addComponent(client, input)).rejects.toMatchObject({ name: 'ResourceAlreadyExistsException' });
    expect((await client.send(new ListTagsForResourceCommand({ resourceArn: arn }))).tags).toEqual({});
  });

  it('are imported from a script', async () => {
    const input = {
      name: 'imported',
      semanticVersion: '1.0.0',
      type: 'TEST',
      format: 'SHELL',
      platform: 'Linux',
      data: 'echo "{{ this }}"',
      tags: { stage: 'test' },
    } satisfies Partial<ImportComponentCommandInput>;
    const imported = async (change: { readonly [member: string]: string }) =>
      (await client.send(new ImportComponentCommand({ ...input, ...change }))).componentBuildVersionArn ?? '';
    const arn = await imported({});
    expect(arn).toBe(arnOf('imported/1.0.0/1'));
    const { component } = await read(client, arn);
    expect(component).toMatchObject({ type: 'TEST', tags: { stage: 'test' } });
    expect(component?.data).toContain('echo "{{ this }}"');
    await expect(imported({ name: 'elsewhere', uri: 's3://a/b' })).rejects.toMatchObject({
      name: 'InvalidParameterCombinationException',
    });
    await expect(imported({ name: 'elsewhere', platform: 'macOS' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
  });

  it('keep a policy, which goes with them', async () => {
    const componentArn = await addComponent(client, { name: 'with policy' });
    const policy = '{"Version":"2012-10-17","Statement":[]}';
    const readPolicy = async () => (await client.send(new GetComponentPolicyCommand({ componentArn }))).policy;
    await expect(readPolicy()).rejects.toBeInstanceOf(ResourceNotFoundException);
    for (const text of ['{}', policy]) {
      const answer = await client.send(new PutComponentPolicyCommand({ componentArn, policy: text }));
      expect(answer.componentArn).toBe(componentArn);
    }
    expect(await readPolicy()).toBe(policy);
    await expect(client.send(new PutComponentPolicyCommand({ componentArn, policy: '[' }))).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    await remove(client, componentArn);
    await expect(readPolicy()).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it.each(managedComponents)('come with Patchbay: $name', async ({ name, data, description, dateCreated }) => {
    const { component } = await read(client, arnOf(`${name}/x.x.x`, 'aws'));
    const arn = arnOf(`${name}/1.0.0/1`, 'aws');
    expect(component).toMatchObject({
      arn,
      name,
      data,
      description,
      dateCreated,
      owner: 'Amazon',
      platform: 'Linux',
      state: { status: 'ACTIVE' },
      tags: {},
    });
    await expect(remove(client, arn)).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining('cannot be deleted'),
    });
    const put = new PutComponentPolicyCommand({ componentArn: arn, policy: '{}' });
    await expect(client.send(put)).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it.each([
    ['another partition', (arn: string) => arn.replace('arn:aws:', 'arn:aws-cn:')],
    ['another region', (arn: string) => arn.replace('us-east-1', OTHER_REGION)],
    ["AWS's own", (arn: string) => arn.replace(/\d{12}/, 'aws')],
    ["the marketplace's", (arn: string) => arn.replace(/\d{12}/, 'aws-marketplace')],
  ])('of %s are not found', async (_title, change) => {
    const arn = change(arnOf('by-token/1.0.0/1'));
    await expect(read(client, arn)).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('of another account are denied', async () => {
    await expect(read(client, arnOf('none/1.0.0/1', '000000000000'))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});

describe('a quota of components', () => {
  const server = withTestServer({ quotas: { ...defaultQuotas, 'component-builds': 1 } });

  it('is kept', async () => {
    const client = server().createImageBuilderClient();
    await addComponent(client, { name: 'first' });
    await expect(addComponent(client, { name: 'second' })).rejects.toMatchObject({
      name: 'ServiceQuotaExceededException',
      $metadata: { httpStatusCode: 402 },
    });
    await addComponent(server().createImageBuilderClient(undefined, OTHER_REGION), { name: 'second' });
  });
});
