import {
  DescribeParametersCommand,
  type DescribeParametersCommandInput,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  type GetParametersByPathCommandInput,
  LabelParameterVersionCommand,
  paginateDescribeParameters,
  paginateGetParametersByPath,
  UnlabelParameterVersionCommand,
} from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { putParameter as put } from '../../../test-support/test-parameters.ts';
import { TEST_REGION, withTestServer } from '../../../test-support/test-server.ts';

describe('lists of parameters', () => {
  const server = withTestServer();
  const describeNames = async (input: DescribeParametersCommandInput) =>
    (await server().ssm.send(new DescribeParametersCommand(input))).Parameters?.map(({ Name }) => Name);
  const filtered = async (Key: string, Values: string[] | undefined, Option?: string) =>
    await describeNames({ ParameterFilters: [{ Key, Values, Option }] });
  const below = async (Path: string, input: Partial<GetParametersByPathCommandInput> = {}) =>
    (await server().ssm.send(new GetParametersByPathCommand({ Path, ...input }))).Parameters?.map(({ Name }) => Name);

  beforeAll(async () => {
    await put(server(), { Name: '/app/db/host', Tags: [{ Key: 'Owner', Value: 'database' }] });
    await put(server(), { Name: '/app/db/password', Type: 'SecureString', Value: 'hunter2' });
    await put(server(), { Name: '/app/port', Type: 'StringList', Value: '80,443', Tier: 'Advanced' });
    await put(server(), { Name: '/application/port', Tags: [{ Key: 'Owner', Value: 'web' }] });
    await put(server(), { Name: 'App' });
  });

  it('show everything but values, in the order of the names', async () => {
    const { Parameters } = await server().ssm.send(new DescribeParametersCommand({}));
    expect(Parameters?.map(({ Name }) => Name)).toEqual([
      '/app/db/host',
      '/app/db/password',
      '/app/port',
      '/application/port',
      'App',
    ]);
    expect(Parameters?.[1]).toEqual({
      Name: '/app/db/password',
      ARN: `arn:aws:ssm:${TEST_REGION}:${server().accountId}:parameter/app/db/password`,
      Type: 'SecureString',
      KeyId: 'alias/aws/ssm',
      LastModifiedDate: server().now(),
      LastModifiedUser: `arn:aws:iam::${server().accountId}:user/administrator`,
      Version: 1,
      Tier: 'Standard',
      Policies: [],
      DataType: 'text',
    });
    expect(await describeNames({ Shared: true })).toEqual([]);
  });

  it.each([
    ['Name', ['App', '/app/port'], undefined, ['/app/port', 'App']],
    ['Name', ['/app/'], 'BeginsWith', ['/app/db/host', '/app/db/password', '/app/port']],
    ['Name', ['port', 'ho%t', '_'], 'Contains', ['/app/port', '/application/port']],
    ['Type', ['SecureString', 'StringList'], 'Equals', ['/app/db/password', '/app/port']],
    ['Type', ['StringL'], 'BeginsWith', ['/app/port']],
    ['KeyId', ['alias/aws/ssm'], undefined, ['/app/db/password']],
    ['Tier', ['Advanced'], undefined, ['/app/port']],
    ['DataType', ['text'], undefined, ['/app/db/host', '/app/db/password', '/app/port', '/application/port', 'App']],
    ['Path', ['/app'], undefined, ['/app/port']],
    ['Path', ['/app/', '/application'], 'OneLevel', ['/app/port', '/application/port']],
    ['Path', ['/app'], 'Recursive', ['/app/db/host', '/app/db/password', '/app/port']],
    ['Path', ['/'], 'OneLevel', ['App']],
    ['tag:Owner', undefined, undefined, ['/app/db/host', '/application/port']],
    ['tag:Owner', ['web', 'other'], 'Equals', ['/application/port']],
    ['tag:Owner', ['data'], 'BeginsWith', ['/app/db/host']],
  ])('are filtered by %s %j %s', async (key, values, option, names) => {
    expect(await filtered(key, values, option)).toEqual(names);
  });

  it.each([
    ['Label', ['a'], undefined, 'InvalidFilterKey'],
    ['Name', ['a'], 'Like', 'InvalidFilterOption'],
    ['Type', ['String'], 'Contains', 'InvalidFilterOption'],
    ['Path', ['/'], 'Equals', 'InvalidFilterOption'],
    ['Type', ['Number'], undefined, 'InvalidFilterValue'],
    ['Name', undefined, undefined, 'InvalidFilterValue'],
    ['Path', ['app'], undefined, 'ValidationException'],
    ['Version', ['1'], undefined, 'ValidationException'],
  ])('refuse the filter %s %j %s', async (key, values, option, name) => {
    await expect(filtered(key, values, option)).rejects.toMatchObject({ name });
  });

  it('know the old filters, but not both kinds and no key twice', async () => {
    const old = async (Key: 'Name' | 'Type' | 'KeyId', Values: string[]) =>
      await describeNames({ Filters: [{ Key, Values }] });
    expect(await old('Name', ['/app/db'])).toEqual(['/app/db/host', '/app/db/password']);
    expect(await old('Type', ['StringList'])).toEqual(['/app/port']);
    const type = { Key: 'Type', Values: ['String'] } as const;
    const filters = { ...type, Values: [...type.Values] };
    await expect(describeNames({ Filters: [filters], ParameterFilters: [filters] })).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await expect(describeNames({ ParameterFilters: [filters, filters] })).rejects.toMatchObject({
      name: 'InvalidFilterKey',
    });
  });

  it('come in pages', async () => {
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateDescribeParameters({ client: server().ssm, pageSize: 2 }, {})) {
      pages.push((page.Parameters ?? []).map(({ Name }) => Name));
    }
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
    let count = 0;
    for await (const page of paginateGetParametersByPath(
      { client: server().ssm, pageSize: 1 },
      { Path: '/app', Recursive: true },
    )) {
      count += page.Parameters?.length ?? 0;
    }
    expect(count).toBe(3);
    await expect(describeNames({ NextToken: 'stray' })).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });

  it('by path hold what lies directly in it, or all below', async () => {
    expect(await below('/app')).toEqual(['/app/port']);
    expect(await below('/app/')).toEqual(['/app/port']);
    expect(await below('/app', { Recursive: true })).toEqual(['/app/db/host', '/app/db/password', '/app/port']);
    expect(await below('/app/port', { Recursive: true })).toEqual([]);
    expect(await below('/', { Recursive: true })).toHaveLength(5);
    for (const path of ['app', '/a b', '//', `/${'a/'.repeat(16)}`]) {
      await expect(below(path)).rejects.toMatchObject({ name: 'ValidationException' });
    }
  });

  it('by path are decrypted on request and filtered by type, key and label', async () => {
    const one = { Path: '/app/db', ParameterFilters: [{ Key: 'Type', Values: ['SecureString'] }] };
    const read = async (WithDecryption: boolean) =>
      (await server().ssm.send(new GetParametersByPathCommand({ ...one, WithDecryption }))).Parameters?.[0]?.Value;
    expect(await read(true)).toBe('hunter2');
    expect(await read(false)).not.toContain('hunter2');
    expect(
      await below('/app', { Recursive: true, ParameterFilters: [{ Key: 'KeyId', Values: ['alias/aws/ssm'] }] }),
    ).toEqual(['/app/db/password']);
    for (const Key of ['Name', 'Path', 'Tier', 'tag:Owner', 'DataType']) {
      await expect(below('/', { ParameterFilters: [{ Key, Values: ['x'] }] })).rejects.toMatchObject({
        name: 'InvalidFilterKey',
      });
    }
    await expect(
      below('/', { ParameterFilters: [{ Key: 'Label', Option: 'BeginsWith', Values: ['x'] }] }),
    ).rejects.toMatchObject({ name: 'InvalidFilterOption' });
  });
});

describe('labels of parameters', () => {
  const server = withTestServer();
  const Name = '/app/release';
  const label = async (Labels: string[], ParameterVersion?: number) => {
    const command = new LabelParameterVersionCommand({ Name, Labels, ParameterVersion });
    const { $metadata: _metadata, ...answer } = await server().ssm.send(command);
    return answer;
  };
  const labelsByVersion = async () =>
    (await server().ssm.send(new GetParameterHistoryCommand({ Name }))).Parameters?.map(({ Labels }) => Labels);

  beforeAll(async () => {
    for (const Value of ['one', 'two']) await put(server(), { Name, Value, Overwrite: true });
  });

  it('stand at one version each, move, and select it', async () => {
    expect(await label(['production'], 1)).toEqual({ InvalidLabels: [], ParameterVersion: 1 });
    expect(await label(['test'])).toEqual({ InvalidLabels: [], ParameterVersion: 2 });
    const get = async (selector: string) =>
      (await server().ssm.send(new GetParameterCommand({ Name: `${Name}:${selector}` }))).Parameter;
    expect(await get('production')).toMatchObject({ Value: 'one', Version: 1, Selector: ':production' });
    await label(['production'], 2);
    expect(await get('production')).toMatchObject({ Value: 'two' });
    expect(await labelsByVersion()).toEqual([[], ['production', 'test']]);
    await expect(get('Production')).rejects.toMatchObject({ name: 'ParameterVersionNotFound' });
  });

  it('filter GetParametersByPath, which then shows the labelled version', async () => {
    await label(['stable', 'older'], 1);
    const read = async (Values: string[]) => {
      const ParameterFilters = [{ Key: 'Label', Values }];
      const { Parameters } = await server().ssm.send(
        new GetParametersByPathCommand({ Path: '/app', ParameterFilters }),
      );
      return Parameters?.map(({ Value }) => Value);
    };
    expect(await read(['stable'])).toEqual(['one']);
    expect(await read(['stable', 'test'])).toEqual(['two']);
    expect(await read(['none'])).toEqual([]);
  });

  it('are answered as invalid where no label may look so', async () => {
    const invalid = ['1st', 'awsome', 'SSM', 'with space', 'a:b', 'é'];
    expect(await label([...invalid, '_fine-1.'], 1)).toEqual({ InvalidLabels: invalid, ParameterVersion: 1 });
    expect((await labelsByVersion())?.[0]).toContain('_fine-1.');
  });

  it('are at most ten at a version', async () => {
    const ten = Array.from({ length: 10 }, (_, index) => `label-${index}`);
    await expect(label(ten, 1)).rejects.toMatchObject({ name: 'ParameterVersionLabelLimitExceeded' });
    await put(server(), { Name, Value: 'three', Overwrite: true });
    await label(ten, 3);
    await label(ten, 3);
    await expect(label(['eleventh'], 3)).rejects.toMatchObject({ name: 'ParameterVersionLabelLimitExceeded' });
    await label([ten[0] ?? ''], 2);
    await label(['eleventh'], 3);
  });

  it('are taken away again, and those that were not there are said', async () => {
    const unlabel = async (Labels: string[], ParameterVersion: number) => {
      const command = new UnlabelParameterVersionCommand({ Name, Labels, ParameterVersion });
      const { $metadata: _metadata, ...answer } = await server().ssm.send(command);
      return answer;
    };
    expect(await unlabel(['production', 'stable'], 2)).toEqual({
      RemovedLabels: ['production'],
      InvalidLabels: ['stable'],
    });
    await expect(unlabel(['production'], 9)).rejects.toMatchObject({ name: 'ParameterVersionNotFound' });
  });

  it('need a parameter and a version', async () => {
    for (const version of [7, 0, -1, 2 ** 40]) {
      await expect(label(['x'], version)).rejects.toMatchObject({ name: 'ParameterVersionNotFound' });
    }
    const nowhere = new LabelParameterVersionCommand({ Name: '/app/nothing', Labels: ['x'] });
    await expect(server().ssm.send(nowhere)).rejects.toMatchObject({ name: 'ParameterNotFound' });
    const odd = new LabelParameterVersionCommand({ Name: 'a b', Labels: ['x'] });
    await expect(server().ssm.send(odd)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
