import {
  CreateActivationCommand,
  DeleteActivationCommand,
  DescribeActivationsCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { readError, readSuccess } from '../../../test-support/send-request.ts';
import { registerNode } from '../../../test-support/test-node.ts';
import { OTHER_REGION, withTestServer } from '../../../test-support/test-server.ts';

describe('activations', () => {
  const server = withTestServer();

  async function create(options: Partial<ConstructorParameters<typeof CreateActivationCommand>[0]> = {}) {
    const { ActivationId = '', ActivationCode = '' } = await server().ssm.send(
      new CreateActivationCommand({ IamRole: 'node', ...options }),
    );
    return { activationId: ActivationId, activationCode: ActivationCode };
  }

  async function describeOne(activationId: string) {
    const { ActivationList = [] } = await server().ssm.send(
      new DescribeActivationsCommand({ Filters: [{ FilterKey: 'ActivationIds', FilterValues: [activationId] }] }),
    );
    return ActivationList[0];
  }

  it('tells the code once, 128 bits of it, and keeps only a hash', async () => {
    const { activationId, activationCode } = await create({ Description: 'web servers' });
    expect(activationCode).toMatch(/^[0-9a-f]{32}$/);
    const row = await server()
      .database.selectFrom('activations')
      .selectAll()
      .where('activationId', '=', activationId)
      .executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).not.toContain(activationCode);
    expect(row.codeHash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(await describeOne(activationId))).not.toContain(activationCode);
    expect(JSON.stringify(await server().auditEvents())).not.toContain(activationCode);
  });

  it('lasts 24 hours and one use unless the request says otherwise', async () => {
    const { activationId } = await create({ Tags: [{ Key: 'PatchGroup', Value: 'Web' }] });
    expect(await describeOne(activationId)).toMatchObject({
      ActivationId: activationId,
      IamRole: 'node',
      RegistrationLimit: 1,
      RegistrationsCount: 0,
      Expired: false,
      ExpirationDate: new Date(server().now().getTime() + 24 * 3_600_000),
      CreatedDate: server().now(),
      Tags: [{ Key: 'PatchGroup', Value: 'Web' }],
    });
  });

  it('turns a code into a node that carries its name and tags', async () => {
    const activation = await create({ DefaultInstanceName: 'web-1', Tags: [{ Key: 'PatchGroup', Value: 'Web' }] });
    const answer = await registerNode(server(), activation);
    expect(answer.statusCode).toBe(200);
    const { InstanceId } = readSuccess(answer) as { InstanceId: string };
    expect(InstanceId).toMatch(/^mi-[0-9a-f]{17}$/);
    const { TagList } = await server().ssm.send(
      new ListTagsForResourceCommand({ ResourceType: 'ManagedInstance', ResourceId: InstanceId }),
    );
    expect(TagList).toEqual([{ Key: 'PatchGroup', Value: 'Web' }]);
    expect(await describeOne(activation.activationId)).toMatchObject({ RegistrationsCount: 1 });
  });

  it('cannot be used more often than its limit', async () => {
    const activation = await create({ RegistrationLimit: 2 });
    expect((await registerNode(server(), activation)).statusCode).toBe(200);
    expect((await registerNode(server(), activation)).statusCode).toBe(200);
    const third = await registerNode(server(), activation);
    expect(readError(third)).toMatchObject({
      code: 'InvalidActivation',
      message: expect.stringContaining('limit of 2 is used up'),
    });
    expect(await describeOne(activation.activationId)).toMatchObject({ RegistrationsCount: 2 });
  });

  it('lets exactly one of many concurrent registrations have the last use', async () => {
    const activation = await create({ RegistrationLimit: 1 });
    const answers = await Promise.all(Array.from({ length: 8 }, () => registerNode(server(), activation)));
    expect(answers.filter((answer) => answer.statusCode === 200)).toHaveLength(1);
    for (const answer of answers.filter((each) => each.statusCode !== 200)) {
      expect(readError(answer).code).toBe('InvalidActivation');
    }
    const nodes = await server()
      .database.selectFrom('nodes')
      .select('instanceId')
      .where('activationId', '=', activation.activationId)
      .execute();
    expect(nodes).toHaveLength(1);
  });

  it('expires at its date, not before', async () => {
    const start = server().now();
    const activation = await create({ RegistrationLimit: 2, ExpirationDate: new Date(start.getTime() + 3_600_000) });
    server().advance({ minutes: 59 });
    expect((await registerNode(server(), activation)).statusCode).toBe(200);
    server().advance({ minutes: 1 });
    expect(readError(await registerNode(server(), activation))).toMatchObject({
      code: 'InvalidActivation',
      message: expect.stringContaining('expired at'),
    });
    expect(await describeOne(activation.activationId)).toMatchObject({ Expired: true });
    server().setNow(start);
  });

  it.each([
    ['in the past', -1],
    ['at this very moment', 0],
    ['more than thirty days ahead', 30 * 86_400 + 1],
  ])('refuses an expiration date %s', async (_title, seconds) => {
    const ExpirationDate = new Date(server().now().getTime() + seconds * 1000);
    await expect(create({ ExpirationDate })).rejects.toMatchObject({ name: 'InvalidParameters' });
  });

  it('gives an unknown id, a wrong code and a deleted activation the same answer', async () => {
    const activation = await create();
    const deleted = await create();
    await server().ssm.send(new DeleteActivationCommand({ ActivationId: deleted.activationId }));
    const wrongCode = await registerNode(server(), { ...activation, activationCode: 'f'.repeat(32) });
    const unknownId = await registerNode(server(), {
      ...activation,
      activationId: '00000000-0000-4000-8000-000000000000',
    });
    const ended = await registerNode(server(), deleted);
    expect(wrongCode.statusCode).toBe(400);
    expect(readError(wrongCode).code).toBe('InvalidActivation');
    expect(unknownId.text).toBe(wrongCode.text);
    expect(ended.text).toBe(wrongCode.text);
    expect(await describeOne(activation.activationId)).toMatchObject({ RegistrationsCount: 0 });
  });

  it('is gone from lists once it is deleted, and cannot be deleted twice', async () => {
    const { activationId } = await create();
    await server().ssm.send(new DeleteActivationCommand({ ActivationId: activationId }));
    expect(await describeOne(activationId)).toBeUndefined();
    await expect(server().ssm.send(new DeleteActivationCommand({ ActivationId: activationId }))).rejects.toMatchObject({
      name: 'InvalidActivationId',
    });
  });

  it.each([
    ['a reserved key', [{ Key: 'aws:own', Value: 'x' }], 'ValidationException'],
    [
      'more tags than a node can have',
      Array.from({ length: 51 }, (_, index) => ({ Key: `key-${index}`, Value: 'x' })),
      'TooManyTagsError',
    ],
  ])('refuses tags with %s before a node could get them', async (_title, Tags, name) => {
    await expect(create({ Tags })).rejects.toMatchObject({ name });
  });

  it('shows each activation once however small the pages are, and only those of its region', async () => {
    const description = 'paged';
    const created = [];
    for (let index = 0; index < 5; index += 1) {
      created.push((await create({ Description: description, IamRole: 'paging' })).activationId);
    }
    const elsewhere = server().createClient(server().administrator, OTHER_REGION);
    await elsewhere.send(new CreateActivationCommand({ IamRole: 'paging' }));
    const Filters = [{ FilterKey: 'IamRole' as const, FilterValues: ['paging'] }];
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await server().ssm.send(new DescribeActivationsCommand({ Filters, MaxResults: 2, NextToken }));
      expect(page.ActivationList?.length).toBeLessThanOrEqual(2);
      seen.push(...(page.ActivationList ?? []).map((activation) => activation.ActivationId));
      NextToken = page.NextToken;
    } while (NextToken);
    expect(seen).toHaveLength(created.length);
    expect(new Set(seen)).toEqual(new Set(created));
  });

  it('finds by name, and refuses a page token of another list', async () => {
    const { activationId } = await create({ DefaultInstanceName: 'unique-name' });
    await create({ DefaultInstanceName: 'unique-name' });
    const Filters = [{ FilterKey: 'DefaultInstanceName' as const, FilterValues: ['unique-name'] }];
    const page = await server().ssm.send(new DescribeActivationsCommand({ Filters, MaxResults: 1 }));
    expect(page.NextToken).toBeDefined();
    const everything = await server().ssm.send(new DescribeActivationsCommand({ Filters }));
    expect(everything.ActivationList?.map((activation) => activation.ActivationId)).toContain(activationId);
    await expect(
      server().ssm.send(new DescribeActivationsCommand({ MaxResults: 1, NextToken: page.NextToken })),
    ).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });
});
