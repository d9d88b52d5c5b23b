import { describe, expect, it } from 'vitest';
import { createRecordingMachine } from '../test-support/recording-machine.ts';
import { awaitIdlePackageManager, describeHolder, parseLockHolders } from './lock-holder.ts';

const path = '/var/lib/dpkg/lock-frontend';
const locks = `1: POSIX  ADVISORY  WRITE 811 fe:01:1310855 0 EOF
1: -> POSIX  ADVISORY  WRITE 900 fe:01:1310855 0 EOF
2: FLOCK  ADVISORY  WRITE 812 fe:01:42 0 EOF
`;
const files = new Map([
  ['/proc/locks', locks],
  ['/proc/811/cmdline', 'apt-get\0-o\0Acquire::http::Proxy=http://user:geheim@proxy:3128\0upgrade\0'],
]);
const host = {
  ...createRecordingMachine(),
  stat: async () => ({ kind: 'file', modifiedAtMs: 0, sizeBytes: 0, inode: 1310855 }) as const,
  readFile: async (name: string) => (files.has(name) ? Buffer.from(files.get(name) ?? '') : null),
};

describe('the holder of a lock', () => {
  it('is found in /proc/locks, and not those who wait for it', () => {
    expect(parseLockHolders(locks, 1310855)).toEqual([811]);
    expect(parseLockHolders(locks, 7)).toEqual([]);
  });

  it('is named with its command line, without credentials', async () => {
    const words = await describeHolder(host, { path, processId: null, processName: null });
    expect(words).toBe(
      `${path} is held by process 811 (apt-get -o Acquire::http::Proxy=http://***@proxy:3128 upgrade)`,
    );
  });

  it('is named as apt names it where nothing else is to be seen', async () => {
    const inRoot = { ...host, kind: 'root-directory' as const };
    expect(await describeHolder(inRoot, { path, processId: 0, processName: null })).toBe(
      `${path} is held by another process`,
    );
    expect(await describeHolder(host, { path, processId: 5, processName: 'python3' })).toBe(
      `${path} is held by process 5 (python3)`,
    );
  });
});

describe('awaitIdlePackageManager', () => {
  it('waits until the lock is free', async () => {
    let looks = 0;
    const busyTwice = {
      ...host,
      readFile: async (name: string) => {
        if (name === '/proc/locks') looks += 1;
        return name === '/proc/locks' && looks > 2 ? null : await host.readFile(name);
      },
    };
    const lines: string[] = [];
    const report = (line: string) => lines.push(line);
    expect(await awaitIdlePackageManager(busyTwice, 600, report, async () => undefined)).toBeNull();
    expect(lines).toEqual([expect.stringContaining('Waiting with the reboot: ')]);
  });

  it('names who still holds it when its time is over', async () => {
    const words = await awaitIdlePackageManager(
      host,
      20,
      () => undefined,
      async () => undefined,
    );
    expect(words).toContain('is held by process 811');
  });
});
