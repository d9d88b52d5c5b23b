import { DescribeInstanceInformationCommand, ListCommandsCommand } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Credentials } from '@patchbay/aws-wire';
import {
  BindUser,
  CreateAccessKey,
  CreateUser,
  DeleteUser,
  ListAccessKeys,
  ListUsers,
  RevokeAccessKey,
  RotateAccessKey,
  UnbindUser,
} from '@patchbay/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { callPatchbay, createPerson } from '../test-support/test-people.ts';
import { TEST_REGION, withTestServer } from '../test-support/test-server.ts';

const otherAccount = '210987654321';

describe('people and their access keys', () => {
  const server = withTestServer();
  beforeEach(() => server().advance({ seconds: 1 }));

  const read = (credentials: Credentials) =>
    server().createClient(credentials).send(new DescribeInstanceInformationCommand({}));
  const keysOf = async (userName: string) => (await callPatchbay(server(), ListAccessKeys, { userName })).accessKeys;
  const last = async (action: string) => (await server().auditEvents(action)).at(-1);

  it('makes a person with a role and a key that signs', async () => {
    const { user, accessKey } = await callPatchbay(server(), CreateUser, {
      userName: 'ada',
      role: 'operator',
      tagLimits: [{ key: 'PatchGroup', values: ['web'] }],
    });
    expect(user).toEqual({
      userName: 'ada',
      createdAt: server().now().toISOString(),
      bindings: [
        { accountId: server().accountId, role: 'operator', tagLimits: [{ key: 'PatchGroup', values: ['web'] }] },
      ],
    });
    expect((await read(accessKey)).InstanceInformationList).toEqual([]);
    expect((await callPatchbay(server(), ListUsers, {})).users).toContainEqual(user);
  });

  it('tells a secret once and stores it sealed', async () => {
    const { accessKey } = await callPatchbay(server(), CreateUser, { userName: 'bea', role: 'auditor' });
    const everything = JSON.stringify([
      await keysOf('bea'),
      await callPatchbay(server(), ListUsers, {}),
      await server().database.selectFrom('accessKeys').selectAll().execute(),
      await server().auditEvents(),
    ]);
    expect(everything).toContain(accessKey.accessKeyId);
    expect(everything).not.toContain(accessKey.secretAccessKey);
  });

  it('says who somebody is, in the account of the key', async () => {
    const { accessKeyId, secretAccessKey } = await createPerson(server(), 'cal', 'auditor');
    const credentials = { accessKeyId, secretAccessKey };
    const client = new STSClient({ endpoint: server().url, region: TEST_REGION, credentials });
    client.config.systemClockOffset = server().now().getTime() - Date.now();
    expect(await client.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: server().accountId,
      Arn: `arn:aws:iam::${server().accountId}:user/cal`,
      UserId: 'cal',
    });
    client.destroy();
  });

  it('gives several keys, and ends one at once without the others', async () => {
    const first = await createPerson(server(), 'dan', 'auditor');
    server().advance({ seconds: 1 });
    const { accessKey: second } = await callPatchbay(server(), CreateAccessKey, { userName: 'dan' });
    await read(first);
    await read(second);
    await callPatchbay(server(), RevokeAccessKey, { accessKeyId: first.accessKeyId });
    await expect(read(first)).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    await read(second);
    await callPatchbay(server(), RevokeAccessKey, { accessKeyId: first.accessKeyId });
    expect((await keysOf('dan')).map(({ revokedAt }) => revokedAt !== null)).toEqual([true, false]);
  });

  it('replaces a key: the new one works, the old one does not, and it cannot be replaced twice', async () => {
    const old = await createPerson(server(), 'eve', 'auditor');
    const { accessKey } = await callPatchbay(server(), RotateAccessKey, { accessKeyId: old.accessKeyId });
    expect(accessKey).toMatchObject({ userName: 'eve', accountId: server().accountId });
    await read(accessKey);
    await expect(read(old)).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    await expect(callPatchbay(server(), RotateAccessKey, { accessKeyId: old.accessKeyId })).rejects.toMatchObject({
      code: 'InvalidInputException',
    });
  });

  it('knows when a key was last used, to the minute, and that a wrong signature is no use', async () => {
    const credentials = await createPerson(server(), 'fay', 'auditor');
    const lastUse = async () => (await keysOf('fay'))[0]?.lastUsedAt;
    await expect(read({ ...credentials, secretAccessKey: 'wrong' })).rejects.toThrow('signature');
    expect(await lastUse()).toBeNull();
    await read(credentials);
    const used = server().now().toISOString();
    expect(await lastUse()).toBe(used);
    server().advance({ seconds: 59 });
    await read(credentials);
    expect(await lastUse()).toBe(used);
    server().advance({ seconds: 1 });
    await read(credentials);
    expect(await lastUse()).toBe(server().now().toISOString());
  });

  it('changes what somebody may do from the next call on', async () => {
    const credentials = await createPerson(server(), 'gil', 'auditor');
    const commands = () => server().createClient(credentials).send(new ListCommandsCommand({}));
    await commands();
    const { user } = await callPatchbay(server(), UnbindUser, { userName: 'gil', role: 'auditor' });
    expect(user.bindings).toEqual([]);
    await expect(commands()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await callPatchbay(server(), BindUser, { userName: 'gil', role: 'operator' });
    await commands();
    const tagLimits = [{ key: 'Stage', values: ['test', 'development'] }];
    const limited = await callPatchbay(server(), BindUser, { userName: 'gil', role: 'operator', tagLimits });
    expect(limited.user.bindings).toEqual([{ accountId: server().accountId, role: 'operator', tagLimits }]);
    await expect(callPatchbay(server(), UnbindUser, { userName: 'gil', role: 'auditor' })).rejects.toMatchObject({
      code: 'NoSuchEntityException',
    });
  });

  it('deletes a person: keys end, roles go, the history stays, the name stays taken', async () => {
    const credentials = await createPerson(server(), 'hal', 'operator');
    await read(credentials);
    await callPatchbay(server(), DeleteUser, { userName: 'hal' });
    await expect(read(credentials)).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    const { users } = await callPatchbay(server(), ListUsers, {});
    expect(users.map(({ userName }) => userName)).not.toContain('hal');
    expect((await server().auditEvents('ssm:DescribeInstanceInformation')).map(({ principal }) => principal)).toContain(
      `arn:aws:iam::${server().accountId}:user/hal`,
    );
    expect(await keysOf('hal')).toMatchObject([
      { accessKeyId: credentials.accessKeyId, revokedAt: expect.any(String) },
    ]);
    await expect(createPerson(server(), 'hal', 'auditor')).rejects.toMatchObject({
      code: 'EntityAlreadyExistsException',
    });
    for (const contract of [DeleteUser, CreateAccessKey]) {
      await expect(callPatchbay(server(), contract, { userName: 'hal' })).rejects.toMatchObject({
        code: 'NoSuchEntityException',
      });
    }
  });

  it('writes down who changed whom', async () => {
    await createPerson(server(), 'ina', 'auditor');
    expect(await last('patchbay:CreateUser')).toMatchObject({
      principal: `arn:aws:iam::${server().accountId}:user/administrator`,
      resource: `arn:aws:iam::${server().accountId}:user/ina`,
      result: 'success',
      input: { userName: 'ina', role: 'auditor', tagLimits: [] },
    });
  });

  it('refuses what cannot be a name, a role or a limit', async () => {
    for (const input of [
      { userName: 'a b', role: 'auditor' },
      { userName: 'a', role: 'root' },
      { userName: 'a', role: 'auditor', accountId: '1' },
      { userName: 'a', role: 'auditor', tagLimits: [{ key: 'x', values: [] }] },
      {
        userName: 'a',
        role: 'auditor',
        tagLimits: [
          { key: 'x', values: ['1'] },
          { key: 'x', values: ['2'] },
        ],
      },
    ]) {
      const answer = await server().call('Patchbay.CreateUser', input, { service: 'patchbay' });
      expect(answer.text).toContain('ValidationException');
    }
  });

  it('pages people and keys', async () => {
    const names: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await callPatchbay(server(), ListUsers, { maxResults: 2, nextToken });
      names.push(...page.users.map(({ userName }) => userName));
      nextToken = page.nextToken;
    } while (nextToken);
    const { users } = await callPatchbay(server(), ListUsers, {});
    expect(names).toEqual(users.map(({ userName }) => userName));
    const first = await callPatchbay(server(), ListAccessKeys, { userName: 'eve', maxResults: 1 });
    const { nextToken: after } = first;
    const second = await callPatchbay(server(), ListAccessKeys, { userName: 'eve', maxResults: 1, nextToken: after });
    expect([...first.accessKeys, ...second.accessKeys]).toEqual(await keysOf('eve'));
  });

  describe('the accounts', () => {
    it('are apart: a role counts in its own account only, and so does a key', async () => {
      const { accessKey } = await callPatchbay(server(), CreateUser, {
        userName: 'joy',
        role: 'administrator',
        accountId: otherAccount,
      });
      expect(accessKey.accountId).toBe(otherAccount);
      await callPatchbay(server(), BindUser, { userName: 'joy', role: 'auditor' });
      const call = (target: string, input: object) =>
        server().call(target, input, {
          credentials: accessKey,
          service: target.startsWith('Patchbay') ? 'patchbay' : 'ssm',
        });
      const made = await call('AmazonSSM.CreatePatchBaseline', { Name: 'joys-own', OperatingSystem: 'DEBIAN' });
      expect(made.statusCode).toBe(200);
      const ofHome = await server().call('AmazonSSM.DescribePatchBaselines', {});
      expect(ofHome.text).not.toContain('joys-own');
      // People stand above accounts: only the installation's own administrators manage them.
      for (const [target, input] of [
        ['Patchbay.ListUsers', {}],
        ['Patchbay.BindUser', { userName: 'joy', role: 'administrator' }],
        ['Patchbay.RevokeAccessKey', { accessKeyId: server().administrator.accessKeyId }],
      ] as const) {
        expect((await call(target, input)).text).toContain('AccessDeniedException');
      }
      const { accessKey: homeKey } = await callPatchbay(server(), CreateAccessKey, { userName: 'joy' });
      const denied = await server().call('AmazonSSM.CreatePatchBaseline', { Name: 'xxx' }, { credentials: homeKey });
      expect(denied.text).toContain('AccessDeniedException');
    });

    it('give no key to somebody who has no role there', async () => {
      await createPerson(server(), 'kim', 'auditor');
      await expect(
        callPatchbay(server(), CreateAccessKey, { userName: 'kim', accountId: otherAccount }),
      ).rejects.toMatchObject({ code: 'NoSuchEntityException' });
    });
  });

  describe('the last administrator', () => {
    const refused = { code: 'DeleteConflictException' };

    it('cannot be deleted, unbound, limited by tags or left without a key', async () => {
      const { accessKeyId } = server().administrator;
      const userName = 'administrator';
      const limits = [{ key: 'PatchGroup', values: ['web'] }];
      await expect(callPatchbay(server(), DeleteUser, { userName })).rejects.toMatchObject(refused);
      await expect(callPatchbay(server(), RevokeAccessKey, { accessKeyId })).rejects.toMatchObject(refused);
      await expect(callPatchbay(server(), UnbindUser, { userName, role: 'administrator' })).rejects.toMatchObject(
        refused,
      );
      await expect(
        callPatchbay(server(), BindUser, { userName, role: 'administrator', tagLimits: limits }),
      ).rejects.toMatchObject(refused);
      expect(await last('patchbay:DeleteUser')).toMatchObject({ result: 'DeleteConflictException' });
      await read(server().administrator);
    });

    it('of another account, or with limits, does not count', async () => {
      await callPatchbay(server(), CreateUser, { userName: 'lea', role: 'administrator', accountId: otherAccount });
      await createPerson(server(), 'mia', 'administrator', [{ key: 'PatchGroup', values: ['web'] }]);
      await expect(callPatchbay(server(), DeleteUser, { userName: 'administrator' })).rejects.toMatchObject(refused);
    });

    it('is only the last while there is no other; of two who delete each other at once one stays', async () => {
      const [nia, oda] = [
        await createPerson(server(), 'nia', 'administrator'),
        await createPerson(server(), 'oda', 'administrator'),
      ];
      await callPatchbay(server(), DeleteUser, { userName: 'administrator' }, { credentials: nia });
      const ended = await Promise.allSettled([
        callPatchbay(server(), DeleteUser, { userName: 'oda' }, { credentials: nia }),
        callPatchbay(server(), DeleteUser, { userName: 'nia' }, { credentials: oda }),
      ]);
      expect(ended.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });
  });
});
