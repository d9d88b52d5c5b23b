import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findAuthFile, readCredentials } from './registry-credentials.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'credentials-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const encode = (text: string) => Buffer.from(text).toString('base64');

function write(content: unknown): string {
  const file = join(folder, 'config.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('credentials for a registry', () => {
  it('are those of the repository before those of its namespace and of the host', async () => {
    const file = write({
      auths: {
        'registry.example': { auth: encode('host:1') },
        'registry.example/team': { auth: encode('team:2') },
        'registry.example/team/app': { auth: encode('app:3:with:colons') },
      },
    });
    const read = (repository: string) => readCredentials(file, 'registry.example', repository);
    expect(await read('team/app')).toEqual({ username: 'app', password: '3:with:colons' });
    expect(await read('team/other')).toEqual({ username: 'team', password: '2' });
    expect(await read('else')).toEqual({ username: 'host', password: '1' });
    expect(await readCredentials(file, 'other.example', 'team/app')).toBeNull();
  });

  it('of the Docker Hub stand under the name that docker login gives it', async () => {
    const file = write({ auths: { 'https://index.docker.io/v1/': { auth: encode('me:secret') } } });
    expect(await readCredentials(file, 'docker.io', 'library/debian')).toEqual({ username: 'me', password: 'secret' });
  });

  it('are none without a file', async () => {
    expect(await readCredentials(null, 'registry.example', 'app')).toBeNull();
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{"auths": hunter2', 'it is no JSON'],
    ['another form', { auths: [{ auth: 'hunter2' }] }, 'not what docker login'],
    ['no user and password', { auths: { 'registry.example': { auth: encode('hunter2') } } }, 'is not user:password'],
    [
      'a helper that leads elsewhere',
      { credHelpers: { 'registry.example': '../../bin/sh' } },
      'credential helper is not one',
    ],
    [
      'a helper that is not there',
      { credHelpers: { 'registry.example': 'nowhere' } },
      'docker-credential-nowhere ended with status 127',
    ],
  ])('in a file with %s are refused, and nothing of it is told', async (_what, content, reason) => {
    const refusal = readCredentials(write(content), 'registry.example', 'app');
    await expect(refusal).rejects.toMatchObject({ code: 'CREDENTIALS_UNREADABLE' });
    await expect(refusal).rejects.toThrow(reason);
    await expect(refusal).rejects.not.toThrow(/hunter2/);
  });

  it('are looked for where skopeo and docker keep them', () => {
    const file = write({});
    expect(findAuthFile({ REGISTRY_AUTH_FILE: '/some/file' })).toBe('/some/file');
    expect(findAuthFile({ DOCKER_CONFIG: folder })).toBe(file);
    expect(findAuthFile({ HOME: join(folder, 'nobody') })).toBeNull();
  });
});
