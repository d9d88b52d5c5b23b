import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteUser, RevokeAccessKey, RotateAccessKey } from '@patchbay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callPatchbay, createPerson } from '../test-support/test-people.ts';
import { type TestServer, withTestServer } from '../test-support/test-server.ts';
import { administratorFile, ensureAdministrator, writeAdministratorFile } from './administrator.ts';

describe('the first administrator at a later start', () => {
  const server = withTestServer();
  const ensure = () => {
    const { database, accountId, dependencies } = server();
    return ensureAdministrator(database, accountId, { accessKeys: dependencies.accessKeys, now: server().now() });
  };

  it('has the key of the first start, and after a rotation the new one', async () => {
    const first = await ensure();
    expect(first).toEqual(server().administrator);
    server().advance({ seconds: 1 });
    const { accessKeyId } = server().administrator;
    const { accessKey } = await callPatchbay(server(), RotateAccessKey, { accessKeyId });
    expect(await ensure()).toMatchObject({ accessKeyId: accessKey.accessKeyId });
  });

  it('is not brought back by it, and nobody else’s key takes the place', async () => {
    const first = await ensure();
    if (!first) throw new Error('There is no administrator');
    const asFirst: Pick<TestServer, 'call'> = {
      call: (target, input, options) => server().call(target, input, { credentials: first, ...options }),
    };
    const credentials = await createPerson(asFirst, 'somebody', 'administrator');
    await callPatchbay(server(), RevokeAccessKey, { accessKeyId: first.accessKeyId }, { credentials });
    expect(await ensure()).toBeUndefined();
    await callPatchbay(server(), DeleteUser, { userName: 'administrator' }, { credentials });
    expect(await ensure()).toBeUndefined();
  });
});

describe('the file with the access of the first administrator', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'administrator-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is for its owner alone, and gone when there is no such access any more', async () => {
    const access = { endpoint: 'e', region: 'r', accountId: 'a', accessKeyId: 'k', secretAccessKey: 's' };
    await writeAdministratorFile(folder, access);
    const file = administratorFile(folder);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(access);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeAdministratorFile(folder, undefined);
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
