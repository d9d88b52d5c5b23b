import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientConfig, withDatabase } from './connection.ts';

describe('clientConfig', () => {
  const target = { kind: 'socket', directory: '/run/short', user: 'patchbay', database: 'postgres' } as const;

  it('names the folder of a socket with a short path', () => {
    expect(clientConfig(target)).toEqual({ host: '/run/short', port: 5432, user: 'patchbay', database: 'postgres' });
  });

  it('finds a short way to a socket with a long path, and keeps it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'patchbay-connection-'));
    const directory = join(folder, 'x'.repeat(120));
    await mkdir(directory);
    const { host } = clientConfig({ ...target, directory });
    expect(host).toMatch(/^\/proc\/self\/fd\/\d+$/);
    expect(clientConfig({ ...target, directory }).host).toBe(host);
    await rm(folder, { recursive: true });
  });

  it('passes a URL on as it is', () => {
    const url = 'postgres://someone@database.example:6432/patchbay?sslmode=verify-full';
    expect(clientConfig({ kind: 'url', url })).toEqual({ connectionString: url });
  });
});

describe('withDatabase', () => {
  it('keeps everything of a URL but the database', () => {
    const url = 'postgres://someone:p%40ss@database.example:6432/patchbay?sslmode=verify-full';
    expect(withDatabase({ kind: 'url', url }, 'other')).toEqual({
      kind: 'url',
      url: 'postgres://someone:p%40ss@database.example:6432/other?sslmode=verify-full',
    });
  });
});
