import {
  CreateActivationCommand,
  DeregisterManagedInstanceCommand,
  DescribeInstanceInformationCommand,
  type DescribeInstanceInformationCommandInput,
  ListCommandsCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonHeadersFor, readError, readSuccess, sendRaw } from '../../../test-support/send-request.ts';
import {
  createNodeKey,
  enrolNode,
  registerNode,
  requestRoleToken,
  type TestNode,
} from '../../../test-support/test-node.ts';
import { OTHER_REGION, withTestServer } from '../../../test-support/test-server.ts';

describe('registering a node', () => {
  const server = withTestServer();

  async function activate() {
    const { ActivationId = '', ActivationCode = '' } = await server().ssm.send(
      new CreateActivationCommand({ IamRole: 'node' }),
    );
    return { activationId: ActivationId, activationCode: ActivationCode };
  }

  it('refuses a key that is no RSA key or a short one, without using the activation up', async () => {
    const activation = await activate();
    const short = await registerNode(server(), {
      ...activation,
      publicKey: `${createNodeKey(1024).publicKey}${'A'.repeat(400)}`,
    });
    expect(readError(short)).toMatchObject({ code: 'ValidationException', message: expect.stringContaining('RSA') });
    const garbage = await registerNode(server(), { ...activation, publicKey: 'A'.repeat(400) });
    expect(readError(garbage)).toMatchObject({ code: 'ValidationException' });
    expect((await registerNode(server(), activation)).statusCode).toBe(200);
  });

  it('takes a registration that does not name the type of its key, which is optional', async () => {
    const { activationId, activationCode } = await activate();
    const answer = await sendRaw(server().url, {
      headers: jsonHeadersFor('AmazonSSM.RegisterManagedInstance'),
      body: JSON.stringify({
        ActivationId: activationId,
        ActivationCode: activationCode,
        Fingerprint: 'a',
        PublicKey: createNodeKey().publicKey,
      }),
    });
    expect(answer.text).toContain('InstanceId');
  });

  it('refuses a node that was told another region than the activation has, without using the activation up', async () => {
    const { activationId, activationCode } = await activate();
    const register = (region: string) =>
      sendRaw(server().url, {
        headers: jsonHeadersFor('AmazonSSM.RegisterManagedInstance'),
        body: JSON.stringify({
          ActivationId: activationId,
          ActivationCode: activationCode,
          Fingerprint: 'a',
          PublicKey: createNodeKey().publicKey,
          Region: region,
        }),
      });
    expect(readError(await register(OTHER_REGION))).toMatchObject({
      code: 'InvalidActivation',
      message: expect.stringContaining('belongs to the region us-east-1'),
    });
    expect((await register('us-east-1')).text).toContain('InstanceId');
  });

  it('gives a role token with everything that agents dereference', async () => {
    const node = await enrolNode(server());
    const answer = await requestRoleToken(server(), { ...node, privateKey: node.key.privateKey });
    expect(readSuccess(answer)).toEqual({
      AccessKeyId: expect.stringMatching(/^ASIA[0-9A-F]{16}$/),
      SecretAccessKey: expect.stringMatching(/^.{40}$/),
      SessionToken: expect.any(String),
      TokenExpirationDate: server().now().getTime() / 1000 + 3600,
      UpdateKeyPair: false,
    });
  });

  it('refuses a role token to another fingerprint, another key, another region and an unknown node', async () => {
    const node = await enrolNode(server());
    const privateKey = node.key.privateKey;
    const copied = await requestRoleToken(server(), { ...node, privateKey, fingerprint: 'another' });
    expect(readError(copied).code).toBe('MachineFingerprintDoesNotMatch');
    const forged = await requestRoleToken(server(), { ...node, privateKey: createNodeKey().privateKey });
    expect(readError(forged).code).toBe('InvalidSignatureException');
    const elsewhere = await requestRoleToken(server(), { ...node, privateKey, region: OTHER_REGION });
    expect(readError(elsewhere).code).toBe('InvalidSignatureException');
    const unknown = await requestRoleToken(server(), { ...node, privateKey, instanceId: 'mi-00000000000000000' });
    expect(readError(unknown).code).toBe('UnrecognizedClientException');
  });

  it('loses the credentials after an hour and gets new ones with its key', async () => {
    const start = server().now();
    const node = await enrolNode(server());
    server().advance({ minutes: 59 });
    await node.ping();
    server().advance({ minutes: 1 });
    const late = await node.callSsm('UpdateInstanceInformation', { InstanceId: node.instanceId });
    expect(readError(late).code).toBe('ExpiredTokenException');
    await node.renew();
    await node.ping();
    server().setNow(start);
  });

  it('may not report for another node', async () => {
    const [node, other] = [await enrolNode(server()), await enrolNode(server())];
    const answer = await node.callSsm('UpdateInstanceInformation', {
      InstanceId: other.instanceId,
      ComputerName: 'taken-over',
    });
    expect(readError(answer).code).toBe('AccessDeniedException');
    const row = await server()
      .database.selectFrom('nodes')
      .select('computerName')
      .where('instanceId', '=', other.instanceId)
      .executeTakeFirstOrThrow();
    expect(row.computerName).toBeNull();
  });

  it('keeps what it reported when an empty ping follows', async () => {
    const node = await enrolNode(server(), {
      platform: { PlatformType: 'Linux', ComputerName: 'web', IPAddress: '10.0.0.1' },
    });
    await node.ping({});
    const { InstanceInformationList } = await server().ssm.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [node.instanceId] }] }),
    );
    expect(InstanceInformationList).toMatchObject([
      { ComputerName: 'web', IPAddress: '10.0.0.1', PingStatus: 'Online' },
    ]);
  });

  it('is told that it has no associations', async () => {
    const node = await enrolNode(server());
    expect(readSuccess(await node.callSsm('ListInstanceAssociations', { InstanceId: node.instanceId }))).toEqual({
      Associations: [],
    });
  });
});

describe('deregistering a node', () => {
  const server = withTestServer();

  it('cuts its access at once and keeps its history', async () => {
    const node = await enrolNode(server());
    await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunPatchBaseline',
        InstanceIds: [node.instanceId],
        Parameters: { Operation: ['Scan'] },
      }),
    );
    await server().ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: node.instanceId }));
    const poll = await node.callEc2Messages('GetMessages', {
      Destination: node.instanceId,
      MessagesRequestId: 'r',
    });
    expect(readError(poll).code).toBe('UnrecognizedClientException');
    const token = await requestRoleToken(server(), { ...node, privateKey: node.key.privateKey });
    expect(readError(token).code).toBe('UnrecognizedClientException');
    const { InstanceInformationList } = await server().ssm.send(new DescribeInstanceInformationCommand({}));
    expect(InstanceInformationList).toEqual([]);
    const { Commands } = await server().ssm.send(new ListCommandsCommand({ InstanceId: node.instanceId }));
    expect(Commands).toHaveLength(1);
  });

  it('is an error for a node that is not there, or no longer', async () => {
    const node = await enrolNode(server());
    const deregister = () => server().ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: node.instanceId }));
    await deregister();
    await expect(deregister()).rejects.toMatchObject({ name: 'InvalidInstanceId' });
    await expect(
      server().ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: 'mi-00000000000000000' })),
    ).rejects.toMatchObject({ name: 'InvalidInstanceId' });
  });
});

describe('describing nodes', () => {
  const server = withTestServer();
  const nodes = new Map<string, TestNode>();
  const nodeOf = (title: string): TestNode => {
    const node = nodes.get(title);
    if (!node) throw new RangeError(`There is no node ${title}`);
    return node;
  };

  beforeAll(async () => {
    const lost = await enrolNode(server(), {
      tags: { PatchGroup: 'Web', Stage: 'test' },
      platform: { PlatformType: 'Linux', AgentVersion: '0.9.0' },
    });
    server().advance({ minutes: 12 });
    nodes.set('lost', lost);
    nodes.set('online', await enrolNode(server(), { name: 'web-1', tags: { PatchGroup: 'Web' } }));
    nodes.set('untagged', await enrolNode(server()));
    nodes.set('silent', await enrolNode(server(), { isOnline: false }));
    nodes.set('elsewhere', await enrolNode(server(), { region: OTHER_REGION }));
  });

  async function find(input: DescribeInstanceInformationCommandInput): Promise<string[]> {
    const { InstanceInformationList = [] } = await server().ssm.send(new DescribeInstanceInformationCommand(input));
    const titles = new Map([...nodes].map(([title, node]) => [node.instanceId, title]));
    return InstanceInformationList.map((each) => titles.get(each.InstanceId ?? '') ?? '?').toSorted();
  }

  it('shows what a node said of itself', async () => {
    const { instanceId, activationId } = nodeOf('online');
    const { InstanceInformationList } = await server().ssm.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [instanceId] }] }),
    );
    expect(InstanceInformationList).toEqual([
      {
        InstanceId: instanceId,
        ActivationId: activationId,
        Name: 'web-1',
        IamRole: 'node',
        PingStatus: 'Online',
        LastPingDateTime: server().now(),
        RegistrationDate: server().now(),
        AgentVersion: '1.0.0',
        IsLatestVersion: true,
        PlatformType: 'Linux',
        PlatformName: 'Debian GNU/Linux',
        PlatformVersion: '12',
        ResourceType: 'ManagedInstance',
        SourceId: instanceId,
        SourceType: 'AWS::SSM::ManagedInstance',
      },
    ]);
  });

  it('leaves out nodes that never reported and those of another region', async () => {
    expect(await find({})).toEqual(['lost', 'online', 'untagged']);
  });

  it.each<[string, DescribeInstanceInformationCommandInput['Filters'], string[]]>([
    ['PingStatus Online', [{ Key: 'PingStatus', Values: ['Online'] }], ['online', 'untagged']],
    ['PingStatus ConnectionLost', [{ Key: 'PingStatus', Values: ['ConnectionLost'] }], ['lost']],
    [
      'either PingStatus',
      [{ Key: 'PingStatus', Values: ['ConnectionLost', 'Online'] }],
      ['lost', 'online', 'untagged'],
    ],
    ['PingStatus Inactive', [{ Key: 'PingStatus', Values: ['Inactive'] }], []],
    [
      'two PingStatus filters that exclude each other',
      [
        { Key: 'PingStatus', Values: ['Online'] },
        { Key: 'PingStatus', Values: ['ConnectionLost'] },
      ],
      [],
    ],
    ['AgentVersion', [{ Key: 'AgentVersion', Values: ['1.0.0', '2.0.0'] }], ['online', 'untagged']],
    ['PlatformType', [{ Key: 'PlatformType', Values: ['Windows'] }], []],
    ['PlatformTypes', [{ Key: 'PlatformTypes', Values: ['Linux'] }], ['lost', 'online', 'untagged']],
    ['IamRole', [{ Key: 'IamRole', Values: ['node'] }], ['lost', 'online', 'untagged']],
    ['another IamRole', [{ Key: 'IamRole', Values: ['other'] }], []],
    ['ResourceType', [{ Key: 'ResourceType', Values: ['ManagedInstance'] }], ['lost', 'online', 'untagged']],
    ['ResourceType EC2Instance', [{ Key: 'ResourceType', Values: ['EC2Instance'] }], []],
    ['SourceTypes', [{ Key: 'SourceTypes', Values: ['AWS::SSM::ManagedInstance'] }], ['lost', 'online', 'untagged']],
    ['AssociationStatus', [{ Key: 'AssociationStatus', Values: ['Success'] }], []],
    ['a tag', [{ Key: 'tag:PatchGroup', Values: ['Web'] }], ['lost', 'online']],
    ['a tag with another value', [{ Key: 'tag:PatchGroup', Values: ['Db'] }], []],
    ['a tag in another case', [{ Key: 'tag:patchgroup', Values: ['Web'] }], []],
    [
      'two tags',
      [
        { Key: 'tag:PatchGroup', Values: ['Web'] },
        { Key: 'tag:Stage', Values: ['test'] },
      ],
      ['lost'],
    ],
    ['tag-key', [{ Key: 'tag-key', Values: ['Stage', 'Other'] }], ['lost']],
    [
      'a tag and a ping status',
      [
        { Key: 'tag:PatchGroup', Values: ['Web'] },
        { Key: 'PingStatus', Values: ['Online'] },
      ],
      ['online'],
    ],
  ])('filters by %s', async (_title, Filters, expected) => {
    expect(await find({ Filters })).toEqual(expected);
  });

  it('filters by ids and activations, in the older list of filters as well', async () => {
    const { instanceId, activationId } = nodeOf('lost');
    const unknown = 'mi-00000000000000000';
    expect(await find({ Filters: [{ Key: 'InstanceIds', Values: [instanceId] }] })).toEqual(['lost']);
    await expect(find({ Filters: [{ Key: 'InstanceIds', Values: [instanceId, unknown] }] })).rejects.toMatchObject({
      name: 'InvalidInstanceId',
    });
    expect(await find({ Filters: [{ Key: 'ActivationIds', Values: [activationId] }] })).toEqual(['lost']);
    expect(await find({ Filters: [{ Key: 'SourceIds', Values: [instanceId] }] })).toEqual(['lost']);
    expect(await find({ InstanceInformationFilterList: [{ key: 'InstanceIds', valueSet: [instanceId] }] })).toEqual([
      'lost',
    ]);
    expect(
      await find({ InstanceInformationFilterList: [{ key: 'PingStatus', valueSet: ['ConnectionLost'] }] }),
    ).toEqual(['lost']);
  });

  it('refuses both lists together and keys that mean nothing', async () => {
    await expect(
      find({
        Filters: [{ Key: 'PingStatus', Values: ['Online'] }],
        InstanceInformationFilterList: [{ key: 'PingStatus', valueSet: ['Online'] }],
      }),
    ).rejects.toMatchObject({ name: 'InvalidFilterKey' });
    for (const Key of ['Colour', 'constructor', 'valueOf', '__proto__']) {
      await expect(find({ Filters: [{ Key, Values: ['red'] }] })).rejects.toMatchObject({ name: 'InvalidFilterKey' });
    }
  });

  it('pages through more nodes than fit, each once', async () => {
    for (let index = 0; index < 9; index += 1) await enrolNode(server(), { tags: { Paged: 'yes' } });
    const Filters = [{ Key: 'tag:Paged', Values: ['yes'] }];
    const seen: string[] = [];
    let NextToken: string | undefined;
    let pages = 0;
    do {
      const page = await server().ssm.send(
        new DescribeInstanceInformationCommand({ Filters, MaxResults: 5, NextToken }),
      );
      seen.push(...(page.InstanceInformationList ?? []).map((each) => each.InstanceId ?? ''));
      NextToken = page.NextToken;
      pages += 1;
    } while (NextToken);
    expect(pages).toBe(2);
    expect(new Set(seen).size).toBe(9);
    await expect(
      server().ssm.send(new DescribeInstanceInformationCommand({ Filters, MaxResults: 4 })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('a node that is deregistered while a command waits for it', () => {
  const server = withTestServer();

  it('ends the command, which nobody could carry out any more', async () => {
    const node = await enrolNode(server());
    await node.ping();
    const { Command: sent } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunPatchBaseline',
        InstanceIds: [node.instanceId],
        Parameters: { Operation: ['Scan'] },
      }),
    );
    await server().ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: node.instanceId }));
    const { Commands } = await server().ssm.send(new ListCommandsCommand({ CommandId: sent?.CommandId }));
    expect(Commands).toMatchObject([{ Status: 'Failed', CompletedCount: 1 }]);
  });
});
