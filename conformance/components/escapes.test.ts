import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ComponentStage, openComponentStage } from './component-stage.ts';

let stage: ComponentStage;
let server: Server;
let address: string;
/** Of the host, beside the root. */
let hostFile: string;

beforeAll(async () => {
  stage = await openComponentStage();
  hostFile = join(stage.folder, 'host-file');
  server = createServer((_request, response) => response.end('downloaded'));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
});

beforeEach(() => {
  writeFileSync(hostFile, 'of the host', { mode: 0o640 });
});

afterAll(async () => {
  server?.close();
  await stage?.close();
});

function expectHostUntouched(): void {
  expect(readFileSync(hostFile, 'utf8')).toBe('of the host');
  expect((statSync(hostFile).mode & 0o7777).toString(8)).toBe('640');
  expect(readdirSync(stage.folder).toSorted()).toEqual(['host-file', 'root', 'work']);
}

/** Every action that writes, or those that are named, on one path. */
function writeTo(path: string, ...names: readonly string[]): string {
  const actions: [action: string, inputs: unknown][] = [
    ['CreateFile', { path, content: 'bad' }],
    ['AppendFile', { path, content: 'bad' }],
    ['CopyFile', { source: '/etc/hostname', destination: path }],
    ['WebDownload', { source: address, destination: path }],
    ['SetFileOwner', { path, owner: 'daemon' }],
    ['SetFilePermissions', { path, permissions: '0777' }],
    ['SetFileEncoding', { path, encoding: 'utf16' }],
    ['MoveFile', { source: path, destination: '/srv/moved' }],
    ['DeleteFile', { path }],
  ];
  const wanted = actions.filter(([action]) => names.length === 0 || names.includes(action));
  const steps = wanted.map(([action, inputs]) => ({ name: action, action, onFailure: 'Ignore', inputs: [inputs] }));
  return steps.map((step) => `- ${JSON.stringify(step)}\n`).join('');
}

const few = ['CreateFile', 'CopyFile', 'WebDownload', 'DeleteFile'];

describe('a component that wants to reach the host', () => {
  it.each([
    ['a link to a file of the host', () => `ln -s ${hostFile} /srv/way`, '/srv/way', []],
    ['a link to a folder of the host', () => `ln -s ${stage.folder} /srv/way`, '/srv/way/host-file', few],
    ['a link with many ..', () => `ln -s ../../../../../../../../..${hostFile} /srv/way`, '/srv/way', few],
    ['a way through /proc', () => 'ln -s /proc/1/root /srv/way', () => `/srv/way${hostFile}`, few],
    ['no link at all, only its path', () => 'true', () => `/../../../../../..${hostFile}`, few],
  ])('by %s reaches only the root', async (_how, plant, path, names) => {
    await stage.judge('rm -rf /srv/way');
    const { output } = await stage.runSteps(
      `- {name: Plant, action: ExecuteBash, inputs: {commands: ['${plant()}']}}\n` +
        writeTo(typeof path === 'string' ? path : path(), ...names) +
        `- {name: Look, action: ExecuteBash, inputs: {commands: ['cat ${hostFile} || true']}}`,
    );
    expect(output).not.toContain('of the host');
    expectHostUntouched();
  });

  it('by links in its work directory reaches only the root', async () => {
    const plant = `cd /run/patchbay; for name in download content script environment actions .x; do ln -s ${stage.folder} $name; done; ln -s ${hostFile} f`;
    await stage.runSteps(
      `- {name: Plant, action: ExecuteBash, inputs: {commands: ['${plant}']}}\n${writeTo('/srv/plain', ...few)}`,
    );
    expectHostUntouched();
  });

  it('by chroot in a chroot, a device or the root of another process stays where it is', async () => {
    const perl = `mkdir "/tmp/e"; chroot("/tmp/e") or die; chdir("..") for 1..60; chroot("."); print -e "${hostFile}" ? "escaped" : "contained"`;
    const { output } = await stage.runSteps(
      `- ${JSON.stringify({ name: 'Perl', action: 'ExecuteBinary', inputs: { path: 'perl', arguments: ['-e', perl] } })}
- {name: Node, action: ExecuteBash, inputs: {commands: ['mknod /srv/disk b 8 0 2>&1', 'mount -t tmpfs x /mnt 2>&1', 'nsenter -t 1 -m true 2>&1', 'true']}}`,
    );
    expect(output).toContain('contained');
    expect(output.match(/not permitted|permission denied/gi)?.length).toBeGreaterThanOrEqual(2);
  });

  it('by a program with the rights of root that it leaves behind reaches nobody of the host', async () => {
    const places = ['/run/patchbay/left', '/tmp/left'];
    const leave = places.map((place) => `cp /bin/bash ${place}; chmod 4755 ${place}`).join('; ');
    await stage.runSteps(`- {name: Leave, action: ExecuteBash, inputs: {commands: ['${leave}']}}`);
    expect(statSync(join(stage.folder, 'work')).mode & 0o077).toBe(0);
    const { output } = await stage.runSteps(
      `- {name: Use, action: ExecuteBash, inputs: {commands: ['for each in ${places.join(' ')}; do setpriv --reuid 1 --clear-groups $each -p -c "id -u"; done']}}`,
    );
    // Both are mounted nosuid, for the next step too.
    expect(output).toBe('1\n1');
  });

  it('by a FIFO or a device where a file is expected waits for nothing and fills nothing', async () => {
    await stage.judge('mkfifo /srv/fifo; ln -s /dev/zero /srv/zero');
    const all = [
      'CreateFile',
      'AppendFile',
      'CopyFile',
      'WebDownload',
      'SetFileOwner',
      'SetFilePermissions',
      'SetFileEncoding',
    ];
    for (const [path, names] of [
      ['/srv/fifo', all],
      ['/srv/zero', ['CreateFile', 'AppendFile', 'SetFilePermissions']],
    ] as const) {
      const { summary } = await stage.runSteps(
        `${writeTo(path, ...names)}
- {name: ReadFile, action: ReadFile, onFailure: Ignore, inputs: [{path: ${path}}]}
- {name: CopyFrom, action: CopyFile, onFailure: Ignore, inputs: [{source: ${path}, destination: /srv/copy}]}`,
      );
      const reasons = new Set(summary.split('\n').map((line) => line.replace(/^\w+: /, '')));
      expect([...reasons]).toEqual([`IgnoredFailure: ${path} is no regular file`]);
    }
  });
});
