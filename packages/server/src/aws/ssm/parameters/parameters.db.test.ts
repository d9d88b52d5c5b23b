import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DeleteParametersCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersCommand,
  ListTagsForResourceCommand,
  RemoveTagsFromResourceCommand,
} from '@aws-sdk/client-ssm';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { runInTransaction } from '../../../database/transaction.ts';
import { defaultQuotas } from '../../../quotas.ts';
import { applyRetention } from '../../../retention/apply-retention.ts';
import { defaultRetention } from '../../../retention/retention-policy.ts';
import { getParameter as get, putParameter as put } from '../../../test-support/test-parameters.ts';
import { OTHER_REGION, TEST_REGION, withTestServer } from '../../../test-support/test-server.ts';

describe('a parameter', () => {
  const server = withTestServer();

  it('is put and read with its version, ARN and time', async () => {
    expect(await put(server(), { Name: '/web/port', Value: '8080' })).toEqual({ Version: 1, Tier: 'Standard' });
    expect(await get(server(), '/web/port')).toEqual({
      Name: '/web/port',
      Type: 'String',
      Value: '8080',
      Version: 1,
      LastModifiedDate: server().now(),
      ARN: `arn:aws:ssm:${TEST_REGION}:${server().accountId}:parameter/web/port`,
      DataType: 'text',
    });
    const other = server().createClient(server().administrator, OTHER_REGION);
    await expect(other.send(new GetParameterCommand({ Name: '/web/port' }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
  });

  it('is overwritten only on request, and keeps its type, description, pattern and every version', async () => {
    const Name = 'maximum';
    await put(server(), { Name, Value: '100', AllowedPattern: String.raw`\d{1,4}`, Description: 'connections' });
    await expect(put(server(), { Name })).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    await expect(put(server(), { Name, Value: '10,000', Overwrite: true })).rejects.toMatchObject({
      name: 'ParameterPatternMismatchException',
      message: String.raw`Parameter value, cannot be validated against allowedPattern: \d{1,4}`,
    });
    await expect(put(server(), { Name, Overwrite: true, Type: 'StringList' })).rejects.toMatchObject({
      name: 'HierarchyTypeMismatchException',
    });
    server().advance({ minutes: 1 });
    expect(await put(server(), { Name, Value: '200', Overwrite: true, Type: undefined })).toEqual({
      Version: 2,
      Tier: 'Standard',
    });
    const { Parameters } = await server().ssm.send(new GetParameterHistoryCommand({ Name }));
    const common = {
      Name,
      Type: 'String',
      LastModifiedUser: `arn:aws:iam::${server().accountId}:user/administrator`,
      Description: 'connections',
      AllowedPattern: String.raw`\d{1,4}`,
      Tier: 'Standard',
      Policies: [],
      DataType: 'text',
      Labels: [],
    };
    const before = new Date(server().now().getTime() - 60_000);
    expect(Parameters).toEqual([
      { ...common, Value: '100', Version: 1, LastModifiedDate: before },
      { ...common, Value: '200', Version: 2, LastModifiedDate: server().now() },
    ]);
  });

  it('is found by version, and by ARN with and without one', async () => {
    await put(server(), { Name: '/sel/a', Value: 'one' });
    await put(server(), { Name: '/sel/a', Value: 'two', Overwrite: true });
    expect(await get(server(), '/sel/a:1')).toMatchObject({ Value: 'one', Version: 1, Selector: ':1' });
    const arn = (await get(server(), '/sel/a'))?.ARN ?? '';
    expect(await get(server(), arn)).toMatchObject({ Value: 'two' });
    expect(await get(server(), `${arn}:1`)).toMatchObject({ Value: 'one' });
    await put(server(), { Name: 'plain', Value: 'x' });
    await put(server(), { Name: '/slashed', Value: 'y' });
    const prefix = `arn:aws:ssm:${TEST_REGION}:${server().accountId}:parameter`;
    expect(await get(server(), `${prefix}/plain`)).toMatchObject({ Name: 'plain' });
    expect(await get(server(), `${prefix}/slashed`)).toMatchObject({ Name: '/slashed' });
    for (const version of ['3', '0', '99999999999999999999', 'nolabel']) {
      await expect(get(server(), `/sel/a:${version}`)).rejects.toMatchObject({ name: 'ParameterVersionNotFound' });
    }
    const foreign = arn.replace(server().accountId, '000000000001');
    for (const name of ['/sel/b', foreign, 'a b', '/sel/a:1:2', '/sel/a:', '/sel/a:1x', '/aws/service/x']) {
      await expect(get(server(), name)).rejects.toMatchObject({ name: 'ParameterNotFound' });
    }
  });

  it('is read together with others, in the order of their names', async () => {
    await put(server(), { Name: 'many-b', Value: 'b' });
    await put(server(), { Name: 'many-a', Value: 'a' });
    const answer = await server().ssm.send(
      new GetParametersCommand({ Names: ['many-c', 'many-b:1', 'many-a', 'many-a:7'] }),
    );
    expect(answer.Parameters?.map(({ Name, Value }) => [Name, Value])).toEqual([
      ['many-a', 'a'],
      ['many-b', 'b'],
    ]);
    expect(answer.InvalidParameters).toEqual(['many-a:7', 'many-c']);
    await expect(server().ssm.send(new GetParametersCommand({ Names: ['many-a', 'many-a'] }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  it('is deleted for good, and begins anew with version 1', async () => {
    await put(server(), { Name: 'gone', Tags: [{ Key: 'a', Value: 'b' }] });
    await put(server(), { Name: 'gone', Overwrite: true });
    await server().ssm.send(new DeleteParameterCommand({ Name: 'gone' }));
    for (const call of [get(server(), 'gone'), server().ssm.send(new DeleteParameterCommand({ Name: 'gone' }))]) {
      await expect(call).rejects.toMatchObject({ name: 'ParameterNotFound' });
    }
    expect(await put(server(), { Name: 'gone' })).toMatchObject({ Version: 1 });
    const tags = { ResourceType: 'Parameter', ResourceId: 'gone' } as const;
    expect((await server().ssm.send(new ListTagsForResourceCommand(tags))).TagList).toEqual([]);
    const answer = await server().ssm.send(new DeleteParametersCommand({ Names: ['gone', 'never'] }));
    expect(answer).toMatchObject({ DeletedParameters: ['gone'], InvalidParameters: ['never'] });
  });

  it('carries tags, given when it is created or later', async () => {
    const Name = '/tagged/one';
    await put(server(), { Name, Tags: [{ Key: 'Owner', Value: 'web' }] });
    const resource = { ResourceType: 'Parameter', ResourceId: Name } as const;
    await server().ssm.send(new AddTagsToResourceCommand({ ...resource, Tags: [{ Key: 'Stage', Value: 'test' }] }));
    await server().ssm.send(new RemoveTagsFromResourceCommand({ ...resource, TagKeys: ['Owner'] }));
    const { TagList } = await server().ssm.send(new ListTagsForResourceCommand(resource));
    expect(TagList).toEqual([{ Key: 'Stage', Value: 'test' }]);
    await expect(
      server().ssm.send(new ListTagsForResourceCommand({ ...resource, ResourceId: '/tagged/two' })),
    ).rejects.toMatchObject({ name: 'InvalidResourceId' });
    await expect(put(server(), { Name, Overwrite: true, Tags: [{ Key: 'Owner', Value: 'db' }] })).rejects.toMatchObject(
      { name: 'ValidationException' },
    );
    const events = await server().auditEvents('ssm:AddTagsToResource');
    expect(events.at(-1)?.resource).toBe(`arn:aws:ssm:${TEST_REGION}:${server().accountId}:parameter/tagged/one`);
  });

  it.each([
    ['awsome', 'ValidationException'],
    ['/SSM/x', 'ValidationException'],
    ['with space', 'ValidationException'],
    ['a:1', 'ValidationException'],
    ['no/slash', 'ValidationException'],
    ['/double//slash', 'ValidationException'],
    ['/at/end/', 'ValidationException'],
    ['/', 'ValidationException'],
    [`/${'x'.repeat(1000)}`, 'ValidationException'],
    ['/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16', 'HierarchyLevelLimitExceededException'],
  ])('cannot be called %s', async (Name, name) => {
    await expect(put(server(), { Name })).rejects.toMatchObject({ name });
  });

  it('may have fifteen levels, and spaces around its name do not count', async () => {
    await put(server(), { Name: ' /1/2/3/4/5/6/7/8/9/10/11/12/13/14/15 ' });
    expect(await get(server(), '/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15')).toBeDefined();
  });

  it.each([
    [{ Value: '' }, 'ValidationException'],
    [{ Value: 'see {{ssm:other}}' }, 'ValidationException'],
    [{ Type: undefined }, 'ValidationException'],
    [{ Type: 'Number' as 'String' }, 'ValidationException'],
    [{ DataType: 'aws:ec2:image' }, 'ValidationException'],
    [{ KeyId: 'alias/aws/ssm' }, 'ValidationException'],
    [{ AllowedPattern: '(' }, 'InvalidAllowedPatternException'],
    [{ AllowedPattern: 'other' }, 'ParameterPatternMismatchException'],
    [{ Value: `${'a'.repeat(60)}!`, AllowedPattern: '(a+)+' }, 'ParameterPatternMismatchException'],
    [{ Value: 'ab', AllowedPattern: '(?=a).*' }, 'InvalidAllowedPatternException'],
    [{ Value: 'b', AllowedPattern: 'a)|(b' }, 'InvalidAllowedPatternException'],
    [{ Tags: [{ Key: 'aws:x', Value: 'y' }] }, 'ValidationException'],
  ])('is refused with %j', async (input, name) => {
    await expect(put(server(), { Name: 'refused', ...input })).rejects.toMatchObject({ name });
    await expect(get(server(), 'refused')).rejects.toMatchObject({ name: 'ParameterNotFound' });
  });

  it('keeps its newest hundred versions, and none goes that has a label', async () => {
    const Name = 'often';
    for (let version = 1; version <= 101; version += 1) await put(server(), { Name, Overwrite: true });
    await expect(get(server(), `${Name}:1`)).rejects.toMatchObject({ name: 'ParameterVersionNotFound' });
    expect(await get(server(), `${Name}:2`)).toBeDefined();
    await server()
      .database.insertInto('parameterLabels')
      .values({ accountId: server().accountId, region: TEST_REGION, name: Name, label: 'kept', version: 2 })
      .execute();
    await expect(put(server(), { Name, Overwrite: true })).rejects.toMatchObject({
      name: 'ParameterMaxVersionLimitExceeded',
    });
    const first = await server().ssm.send(new GetParameterHistoryCommand({ Name, MaxResults: 50 }));
    const second = await server().ssm.send(new GetParameterHistoryCommand({ Name, NextToken: first.NextToken }));
    expect([first.Parameters?.[0]?.Version, second.Parameters?.at(-1)?.Version]).toEqual([2, 101]);
    expect(first.Parameters?.[0]?.Labels).toEqual(['kept']);
    expect(second.NextToken).toBeUndefined();
  });

  it('gets each of many updates at once, one after the other', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, () => put(server(), { Name: 'raced', Overwrite: true })),
    );
    expect(results.map(({ Version = 0 }) => Version).sort((left, right) => left - right)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8,
    ]);
  });

  it('is created once by two calls that do not overwrite', async () => {
    const results = await Promise.allSettled([put(server(), { Name: 'twice' }), put(server(), { Name: 'twice' })]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('that somebody else holds for long is TooManyUpdates', async () => {
    await put(server(), { Name: 'held' });
    await runInTransaction(server().database, async (transaction) => {
      await sql`select from parameters where name = 'held' for update`.execute(transaction);
      await expect(put(server(), { Name: 'held', Overwrite: true })).rejects.toMatchObject({ name: 'TooManyUpdates' });
    });
  });
});

describe('tiers, policies and quotas', () => {
  const server = withTestServer({ quotas: { ...defaultQuotas, 'standard-parameters': 3, 'advanced-parameters': 3 } });
  const expiration = (Timestamp: string) => ({ Type: 'Expiration', Version: '1.0', Attributes: { Timestamp } });
  const notice = { Type: 'ExpirationNotification', Version: '1.0', Attributes: { Before: '15', Unit: 'Days' } };
  const unchanged = { Type: 'NoChangeNotification', Version: '1.0', Attributes: { After: '20', Unit: 'Days' } };
  const texts = (...policies: object[]) => JSON.stringify(policies);

  it('hold four thousand bytes, or eight thousand for a parameter that is advanced and stays so', async () => {
    const big = 'é'.repeat(2049);
    await expect(put(server(), { Name: 'big', Value: big })).rejects.toMatchObject({ name: 'ValidationException' });
    const intelligent = { Name: 'big', Tier: 'Intelligent-Tiering' } as const;
    expect(await put(server(), intelligent)).toEqual({ Version: 1, Tier: 'Standard' });
    expect(await put(server(), { ...intelligent, Value: big, Overwrite: true })).toEqual({
      Version: 2,
      Tier: 'Advanced',
    });
    expect(await put(server(), { Name: 'big', Overwrite: true })).toEqual({ Version: 3, Tier: 'Advanced' });
    await expect(put(server(), { Name: 'big', Overwrite: true, Tier: 'Standard' })).rejects.toMatchObject({
      name: 'ValidationException',
    });
    const bigger = { Name: 'big', Overwrite: true, Value: 'x'.repeat(8193) };
    await expect(put(server(), bigger)).rejects.toMatchObject({ name: 'ValidationException' });
    await server().ssm.send(new DeleteParameterCommand({ Name: 'big' }));
  });

  it('let a parameter expire, with its versions and tags, and its name be used again', async () => {
    const Name = 'short-lived';
    const Policies = texts(expiration('2026-11-20T12:30:00.000Z'), notice, unchanged);
    await expect(put(server(), { Name, Policies })).rejects.toMatchObject({ name: 'ValidationException' });
    await put(server(), { Name, Policies, Tier: 'Advanced', Tags: [{ Key: 'a', Value: 'b' }] });
    await put(server(), { Name, Overwrite: true });
    const { Parameters } = await server().ssm.send(new GetParameterHistoryCommand({ Name }));
    expect(Parameters?.[1]?.Policies).toEqual(
      [expiration('2026-11-20T12:30:00.000Z'), notice, unchanged].map((policy) => ({
        PolicyText: JSON.stringify(policy),
        PolicyType: policy.Type,
        PolicyStatus: 'Pending',
      })),
    );
    server().advance({ minutes: 30 });
    await expect(get(server(), Name)).rejects.toMatchObject({ name: 'ParameterNotFound' });
    await expect(server().ssm.send(new DeleteParameterCommand({ Name }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
    expect(await put(server(), { Name })).toEqual({ Version: 1, Tier: 'Standard' });
    const { TagList } = await server().ssm.send(
      new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: Name }),
    );
    expect(TagList).toEqual([]);
    await server().ssm.send(new DeleteParameterCommand({ Name }));
  });

  it('have what expired removed from the database by retention', async () => {
    const Policies = texts(expiration('2026-11-20T13:00:00Z'));
    await put(server(), { Name: 'expiring', Policies, Tier: 'Advanced', Tags: [{ Key: 'a', Value: 'b' }] });
    await put(server(), { Name: 'lasting', Tags: [{ Key: 'a', Value: 'b' }] });
    const rows = async () =>
      (
        await sql`
          select name from parameters union all select name from parameter_versions
          union all select resource_id from resource_tags where resource_type = 'Parameter'`.execute(server().database)
      ).rows;
    expect(await rows()).toHaveLength(6);
    server().advance({ hours: 2 });
    await applyRetention(server().database, defaultRetention, server().now());
    expect(await rows()).toEqual([{ name: 'lasting' }, { name: 'lasting' }, { name: 'lasting' }]);
    await server().ssm.send(new DeleteParameterCommand({ Name: 'lasting' }));
  });

  it('keep policies until others are sent, or none', async () => {
    const Name = 'kept';
    await put(server(), { Name, Policies: texts(expiration('2027-01-01T00:00:00Z')), Tier: 'Advanced' });
    await put(server(), { Name, Policies: texts({}), Overwrite: true });
    server().setNow(new Date('2027-01-02T00:00:00Z'));
    expect(await get(server(), Name)).toBeDefined();
    await server().ssm.send(new DeleteParameterCommand({ Name }));
  });

  it.each([
    ['no json', 'ValidationException'],
    ['{}', 'ValidationException'],
    [texts({ Type: 'Deletion' }), 'InvalidPolicyTypeException'],
    [texts(expiration('tomorrow')), 'InvalidPolicyAttributeException'],
    [texts(expiration('2020-01-01T00:00:00Z')), 'InvalidPolicyAttributeException'],
    [texts({ ...notice, Attributes: { Before: '0', Unit: 'Days' } }), 'InvalidPolicyAttributeException'],
    [texts({ ...unchanged, Attributes: { After: '1', Unit: 'Weeks' } }), 'InvalidPolicyAttributeException'],
    ['[7]', 'InvalidPolicyAttributeException'],
    [texts({ ...unchanged, Version: '2.0' }), 'InvalidPolicyAttributeException'],
    [texts(expiration('2030-01-01T00:00:00Z'), expiration('2031-01-01T00:00:00Z')), 'IncompatiblePolicyException'],
    [texts(...Array.from({ length: 11 }, () => notice)), 'PoliciesLimitExceededException'],
  ])('are refused as policies %s', async (Policies, name) => {
    await expect(put(server(), { Name: 'policed', Policies, Tier: 'Advanced' })).rejects.toMatchObject({ name });
  });

  it('count each tier by itself, and Intelligent-Tiering goes on with the other', async () => {
    for (const Name of ['s1', 's2', 's3']) await put(server(), { Name });
    await expect(put(server(), { Name: 's4' })).rejects.toMatchObject({ name: 'ParameterLimitExceeded' });
    expect(await put(server(), { Name: 's4', Tier: 'Intelligent-Tiering' })).toMatchObject({ Tier: 'Advanced' });
    await put(server(), { Name: 's5', Tier: 'Advanced' });
    await put(server(), { Name: 's6', Tier: 'Advanced' });
    await expect(put(server(), { Name: 's7', Tier: 'Advanced' })).rejects.toMatchObject({
      name: 'ParameterLimitExceeded',
    });
    await put(server(), { Name: 's1', Overwrite: true });
    for (const input of [{ Tier: 'Advanced' }, { Tier: 'Intelligent-Tiering', Value: 'x'.repeat(4097) }] as const) {
      await expect(put(server(), { Name: 's1', Overwrite: true, ...input })).rejects.toMatchObject({
        name: 'ParameterLimitExceeded',
        message: expect.stringMatching(/at most 3 parameters of the tier Advanced/),
      });
    }
    expect(await get(server(), 's1')).toMatchObject({ Version: 2 });
    expect(await put(server(), { Name: 's5', Overwrite: true })).toEqual({ Version: 2, Tier: 'Advanced' });
    await server().ssm.send(new DeleteParameterCommand({ Name: 's6' }));
    expect(await put(server(), { Name: 's1', Overwrite: true, Tier: 'Advanced' })).toEqual({
      Version: 3,
      Tier: 'Advanced',
    });
  });
});
