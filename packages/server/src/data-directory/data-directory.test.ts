import { spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataDirectory, prepareDataDirectory } from './data-directory.ts';
import { readProcessIdentity } from './process-identity.ts';

describe('openDataDirectory', () => {
  let folder = '';
  let path = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchbay-data-'));
    path = join(folder, 'deep', 'data');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('creates the directory and its parts for the owner alone', async () => {
    const opened = await openDataDirectory(path);
    for (const part of [opened.path, opened.postgres, opened.run, opened.log]) {
      expect((await stat(part)).mode & 0o777).toBe(0o700);
    }
    expect(opened.key).toBe(join(opened.path, 'key'));
    await opened.close();
  });

  it.each(['750', '701', '707', '770'])('refuses a directory of mode %s and says how to close it', async (mode) => {
    await mkdir(path, { recursive: true });
    await chmod(path, Number.parseInt(mode, 8));
    await expect(openDataDirectory(path)).rejects.toMatchObject({
      code: 'TOO_LOOSE',
      message: expect.stringContaining('chmod 700'),
    });
  });

  it.runIf(process.geteuid?.() === 0)('refuses a directory that belongs to another user', async () => {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chown(path, 65_534, 65_534);
    await expect(openDataDirectory(path)).rejects.toMatchObject({ code: 'FOREIGN_OWNER' });
  });

  it('refuses a file in its place', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(openDataDirectory(join(folder, 'file'))).rejects.toMatchObject({ code: 'NOT_A_DIRECTORY' });
  });

  it('refuses a directory in use and names the process', async () => {
    const opened = await openDataDirectory(path);
    await expect(openDataDirectory(path)).rejects.toMatchObject({
      code: 'IN_USE',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await opened.close();
    await (await openDataDirectory(path)).close();
  });

  it('lets readers see a directory in use', async () => {
    const opened = await openDataDirectory(path);
    expect((await prepareDataDirectory(path)).path).toBe(opened.path);
    await opened.close();
  });

  it('takes over the lock of a dead process', async () => {
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    await writeLock({ pid: dead, startTicks: '1', bootId: 'x' });
    const opened = await openDataDirectory(path);
    expect(await readFile(join(path, 'lock.2'), 'utf8')).toContain(`"pid":${process.pid}`);
    await opened.close();
  });

  it('takes over the lock of a dead process whose pid another process has now', async () => {
    const own = await readProcessIdentity(process.pid);
    await writeLock({ ...own, startTicks: '1' });
    await (await openDataDirectory(path)).close();
  });

  it('takes over a lock that a crash of the machine damaged', async () => {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await writeFile(join(path, 'lock.1'), '{"pid":');
    await (await openDataDirectory(path)).close();
  });

  it('gives a directory with a stale lock to exactly one of many at once', async () => {
    await writeLock({ pid: spawnSync(process.execPath, ['-e', '']).pid, startTicks: '1', bootId: 'x' });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => openDataDirectory(path)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'IN_USE' });
    }
  });

  it('leaves nothing behind but the one released lock', async () => {
    for (let round = 0; round < 3; round += 1) await (await openDataDirectory(path)).close();
    expect((await readdir(path)).sort()).toEqual(['lock.3', 'log', 'postgres', 'run']);
  });

  async function writeLock(holder: object): Promise<void> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await writeFile(join(path, 'lock.1'), JSON.stringify(holder));
  }
});
