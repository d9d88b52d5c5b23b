import { readFile } from 'node:fs/promises';
import { DescribeInstanceInformationCommand, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AdministratorAccess, administratorFile } from '@patchbay/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDataFolder } from '../ssm/real-server.ts';
import { type PatchbayProcess, runPatchbay, startPatchbay } from '../support/patchbay-process.ts';

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

describe('patchbay user', () => {
  let folder: Awaited<ReturnType<typeof createDataFolder>>;
  let server: PatchbayProcess;
  const clients: SSMClient[] = [];

  beforeAll(async () => {
    folder = await createDataFolder();
    server = startPatchbay(['up', '--port', '0', '--data', folder.data]);
    await server.waitFor(/ready (\S+)/);
  });

  afterAll(async () => {
    for (const client of clients) client.destroy();
    await server.end('SIGTERM');
    await folder.remove();
  });

  const access = async () =>
    AdministratorAccess.parse(JSON.parse(await readFile(administratorFile(folder.data), 'utf8')));
  const user = async (...words: string[]) => await runPatchbay(['user', ...words, '--data', folder.data]);

  async function userJson<Answer>(...words: string[]): Promise<Answer> {
    const { exitCode, output } = await user(...words, '--output', 'json');
    expect(output).toMatch(/^\{/);
    expect(exitCode).toBe(0);
    return JSON.parse(output) as Answer;
  }

  async function clientOf({ accessKeyId, secretAccessKey }: Key): Promise<SSMClient> {
    const { endpoint, region } = await access();
    const client = new SSMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
    clients.push(client);
    return client;
  }

  const nodes = new DescribeInstanceInformationCommand({});

  it('makes an operator whose key works in the SDK, for what operators may do', async () => {
    const made = await userJson<{ accessKey: Key }>(
      'create',
      'ada',
      '--role',
      'operator',
      '--tag-limit',
      'PatchGroup=web',
    );
    const client = await clientOf(made.accessKey);
    expect((await client.send(nodes)).InstanceInformationList).toEqual([]);
    const script = new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      Parameters: { commands: ['id'] },
      Targets: [{ Key: 'tag:PatchGroup', Values: ['web'] }],
    });
    await expect(client.send(script)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect((await user('list')).output).toContain(
      `ada: operator of ${(await access()).accountId}, only what is tagged PatchGroup=web`,
    );
  });

  it('shows a secret when a key is made and never again', async () => {
    const { output } = await user('create', 'bea', '--role', 'auditor');
    const secret = /AWS_SECRET_ACCESS_KEY=(?<secret>\S+)/.exec(output)?.groups?.secret ?? '';
    expect(secret).toHaveLength(40);
    for (const words of [['list'], ['key', 'list', 'bea'], ['key', 'list', 'bea', '--output', 'json']]) {
      expect((await user(...words)).output).not.toContain(secret);
    }
  });

  it('makes, replaces, lists and ends keys', async () => {
    const { accessKey } = await userJson<{ accessKey: Key }>('key', 'create', 'ada');
    await (await clientOf(accessKey)).send(nodes);
    const rotated = await userJson<{ accessKey: Key }>('key', 'rotate', accessKey.accessKeyId);
    await expect((await clientOf(accessKey)).send(nodes)).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
    await (await clientOf(rotated.accessKey)).send(nodes);
    expect((await user('key', 'revoke', rotated.accessKey.accessKeyId)).exitCode).toBe(0);
    await expect((await clientOf(rotated.accessKey)).send(nodes)).rejects.toThrow();
    const { output } = await user('key', 'list', 'ada');
    expect(output.match(/revoked/g)).toHaveLength(2);
    expect(output.match(/works/g)).toHaveLength(1);
  });

  it('changes and takes away roles, and deletes', async () => {
    expect((await user('bind', 'ada', '--role', 'auditor')).output).toContain('ada: auditor of');
    expect((await user('unbind', 'ada', '--role', 'operator')).output).not.toContain('operator');
    expect((await user('delete', 'ada')).exitCode).toBe(0);
    expect((await user('list')).output).not.toContain('ada');
  });

  it('writes the first administrator’s new key down where patchbay env reads it', async () => {
    const before = await access();
    const { accessKey } = await userJson<{ accessKey: Key }>('key', 'rotate', before.accessKeyId);
    expect(await access()).toEqual({
      ...before,
      accessKeyId: accessKey.accessKeyId,
      secretAccessKey: accessKey.secretAccessKey,
    });
    expect((await user('list')).exitCode).toBe(0);
  });

  it('says in a sentence what is refused', async () => {
    const { exitCode, output } = await user('delete', 'administrator');
    expect(output).toContain('without an administrator who can sign');
    expect(output).not.toContain('    at ');
    expect(exitCode).toBe(2);
    expect((await user('key', 'create', 'nobody')).output).toContain('There is no user nobody.');
    expect((await user('create', 'cal', '--role', 'root')).output).toContain(
      'Allowed choices are administrator, operator, auditor',
    );
  });
});
