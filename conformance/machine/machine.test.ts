import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Machine, openMachine } from '@patchbay/agent';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runTool } from '../support/run-tool.ts';
import { debianRelease, startTestArchives, type TestArchives } from '../support/test-archive.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';

let folder: string;
let work: string;
let archives: TestArchives<'main'>;
let root: TestRoot;
const opened: Machine[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'machine test-'));
  // A space in the path and a parent that only root may enter, as in a private clone.
  work = join(folder, 'private work');
  archives = await startTestArchives({ main: debianRelease });
  root = await createTestRoot({
    base: await prepareBaseRoot(),
    directory: join(folder, 'the root'),
    archives: [archives.archives.main],
    keyring: archives.keyring,
  });
});

afterEach(async () => {
  for (const machine of opened.splice(0)) await machine.close();
});

afterAll(async () => {
  await root?.remove();
  await archives?.close();
  await rm(folder, { recursive: true });
});

async function open(access: 'read-only' | 'read-write'): Promise<Machine> {
  const machine = await openMachine({ root: root.directory, workDirectory: work, access });
  opened.push(machine);
  return machine;
}

async function shell(machine: Machine, script: string): Promise<string> {
  const output = await machine.run({ argv: ['sh', '-c', script], timeoutSeconds: 30 });
  return `${output.stdout}${output.stderr}`.trim();
}

/** Everything about every file of the root that a write would change. */
function listRoot(): Promise<string> {
  return runTool(['find', root.directory, '-xdev', '-printf', '%P %y %m %s %T@ %C@\\n']);
}

function mountsOfThisProcess(): Promise<string> {
  return readFile('/proc/self/mountinfo', 'utf8');
}

describe('a root directory opened read-only', () => {
  it('lets nothing be written below it, and still gives apt all it needs', async () => {
    const before = await listRoot();
    const machine = await open('read-only');
    await archives.archives.main.publish({ name: 'pb-one', version: '1.0' });
    const inside = machine.workDirectory.inside;
    await machine.writeWorkFile('lists/partial/.keep', '');
    await shell(machine, `chown _apt ${inside}/lists ${inside}/lists/partial`);
    const output = await machine.run({
      argv: [
        'apt-get',
        'update',
        '-o',
        `Dir::State::lists=${inside}/lists`,
        '-o',
        'Debug::NoLocking=true',
        '-o',
        `Dir::Cache=${inside}`,
      ],
      timeoutSeconds: 60,
    });
    expect(output).toMatchObject({ exitCode: 0 });
    expect(output.stderr).not.toContain('unsandboxed');
    expect((await machine.listDirectory(`${inside}/lists`))?.join(' ')).toContain('InRelease');
    expect(await shell(machine, 'touch /file /etc/file /var/lib/dpkg/file')).toMatch(/Read-only file system/);
    expect(await listRoot()).toBe(before);
  });

  it.each([
    ['a file', async () => undefined],
    [
      'a symlink below /run',
      () => symlink('../run/systemd/resolve/stub-resolv.conf', join(root.directory, 'etc/resolv.conf')),
    ],
    ['absent', async () => undefined],
  ])('shows the resolver of the host where the root has %s', async (situation, prepare) => {
    const path = join(root.directory, 'etc/resolv.conf');
    if (situation !== 'a file') await unlink(path);
    await prepare();
    const machine = await open('read-only');
    expect(await shell(machine, 'cat /etc/resolv.conf')).toContain((await readFile('/etc/resolv.conf', 'utf8')).trim());
    expect(existsSync(path)).toBe(situation === 'a file');
    await rm(path, { force: true });
    await writeFile(path, 'nameserver 192.0.2.1\n');
  });

  it('holds a command in: no host files, no device nodes, no kernel settings, no other processes', async () => {
    const machine = await open('read-only');
    await writeFile(join(folder, 'marker'), '');
    const escape = `mkdir "/tmp/e"; chroot("/tmp/e") or die; chdir("..") for 1..60; chroot("."); print -e "${join(folder, 'marker')}" ? "escaped" : "contained"`;
    expect(await shell(machine, `perl -e '${escape}'`)).toBe('contained');
    expect(await shell(machine, 'mknod /tmp/disk b 8 0')).toContain('not permitted');
    expect(await shell(machine, 'echo x >/proc/sys/kernel/core_pattern')).toContain('Read-only');
    expect(await shell(machine, 'ls -L /proc/1/root')).toContain('Permission denied');
    expect(await shell(machine, 'ls -d /proc/[0-9]* | wc -l')).toMatch(/^[1-5]$/);
  });
});

describe('a root directory opened read-write', () => {
  it('runs package scripts as its root, keeps services from starting and leaves no trace of that', async () => {
    await archives.archives.main.publish({
      name: 'pb-service',
      version: '1.0',
      files: { '/etc/init.d/pb-service': '#!/bin/sh\ntouch /var/started\n' },
      scripts: {
        postinst:
          'id -u >/var/postinst-ran\nchmod 755 /etc/init.d/pb-service\n/usr/sbin/policy-rc.d; echo $? >>/var/postinst-ran',
      },
    });
    const machine = await open('read-write');
    const output = await machine.run({
      argv: ['sh', '-ec', 'apt-get -qq update; apt-get -qqy install pb-service'],
      timeoutSeconds: null,
      uninterruptible: { recordName: 'install-1' },
    });
    expect(output).toMatchObject({ exitCode: 0 });
    expect(Buffer.from((await machine.readFile('/var/postinst-ran')) ?? '').toString()).toBe('0\n101\n');
    expect(await machine.stat('/usr/sbin/policy-rc.d')).toBeNull();
    expect(await readFile(join(root.directory, 'etc/resolv.conf'), 'utf8')).toBe('nameserver 192.0.2.1\n');
  });

  it('lets commands begin at the same moment, and leaves nothing behind when the last has ended', async () => {
    const machine = await open('read-write');
    for (let round = 0; round < 5; round += 1) {
      const outputs = await Promise.all(
        Array.from({ length: 6 }, () => machine.run({ argv: ['/usr/sbin/policy-rc.d'], timeoutSeconds: 30 })),
      );
      expect(outputs.map(({ exitCode }) => exitCode)).toEqual([101, 101, 101, 101, 101, 101]);
    }
    await machine.close();
    expect((await readdir(join(root.directory, 'usr/sbin'))).filter((name) => name.startsWith('policy'))).toEqual([]);
  });

  it('ends all that a command started when its time is up, and takes back what it lent', async () => {
    const machine = await open('read-write');
    const output = await machine.run({
      argv: ['sh', '-c', 'setsid sleep 4242 & echo started; sleep 4242'],
      timeoutSeconds: 0.5,
    });
    expect(output).toMatchObject({ isTimedOut: true, stdout: 'started\n' });
    await machine.close();
    expect(await machine.stat('/etc/hostname').catch(() => 'closed')).toBe('closed');
    expect(existsSync(join(root.directory, 'usr/sbin/policy-rc.d'))).toBe(false);
    expect(await runTool(['ps', '-eo', 'args'])).not.toContain('sleep 4242');
  });

  it('lets an uninterruptible command outlive the process that started it, and finds its result', async () => {
    const mounts = await mountsOfThisProcess();
    const module = new URL('../../packages/agent/src/machine/index.ts', import.meta.url).href;
    const fifo = join(work, 'shared/go');
    const machine = await open('read-write');
    await runTool(['mkfifo', fifo]);
    const program = `
      const { openMachine } = await import(${JSON.stringify(module)});
      const machine = await openMachine(${JSON.stringify({ root: root.directory, workDirectory: work, access: 'read-write' })});
      const script = 'echo begun; cat /run/patchbay/go; echo done; exit 7';
      machine.run({ argv: ['sh', '-c', 'sleep 4343'], timeoutSeconds: null, onOutput: () => 0 });
      machine.run({ argv: ['sh', '-c', script], timeoutSeconds: null, uninterruptible: { recordName: 'outlives' },
        onOutput: ({ text }) => process.stdout.write(text) });`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    // The two commands begin in any order.
    const processes = () => runTool(['ps', '-eo', 'args']);
    await vi.waitFor(async () => expect(await processes()).toContain('sleep 4343'), { timeout: 10_000 });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    await writeFile(fifo, 'went on\n');
    expect(await machine.resume('outlives')).toMatchObject({ exitCode: 7, stdout: 'begun\nwent on\ndone\n' });
    expect(await machine.resume('never-started')).toBeNull();
    await expect(
      machine.run({ argv: ['true'], timeoutSeconds: null, uninterruptible: { recordName: 'outlives' } }),
    ).rejects.toMatchObject({ code: 'RECORD_EXISTS' });
    await vi.waitFor(async () => expect(await processes()).not.toContain('sleep 4343'), { timeout: 10_000 });
    expect(await mountsOfThisProcess()).toBe(mounts);
  });
});

describe('openMachine', () => {
  it.each([
    ['a missing directory', () => '/nowhere', 'ROOT_MISSING'],
    ['a directory without a system', () => folder, 'NOT_A_ROOT'],
    ['the root of this host', () => '/', 'NOT_A_ROOT'],
  ])('refuses %s', async (_case, directory, code) => {
    const options = { root: directory(), workDirectory: join(folder, 'other work'), access: 'read-only' } as const;
    await expect(openMachine(options)).rejects.toMatchObject({ code });
  });

  it('gives a view of this host in which only the work directory and /tmp can be written', async () => {
    const machine = await openMachine({ root: null, workDirectory: work, access: 'read-only' });
    opened.push(machine);
    const inside = machine.workDirectory.inside;
    expect(await shell(machine, 'touch /etc/patchbay-test /var/lib/dpkg/patchbay-test')).toMatch(/Read-only/);
    expect(await shell(machine, `echo good >${inside}/result; cat ${inside}/result`)).toBe('good');
    expect(Buffer.from((await machine.readFile(`${inside}/result`)) ?? '').toString()).toBe('good\n');
  });

  it('answers 127 for a program that is not there, and refuses variables of the loader', async () => {
    const machine = await open('read-only');
    expect(await machine.run({ argv: ['no-such-program'], timeoutSeconds: 5 })).toMatchObject({ exitCode: 127 });
    await expect(
      machine.run({ argv: ['true'], timeoutSeconds: 5, environment: { LD_PRELOAD: '/x.so' } }),
    ).rejects.toMatchObject({ code: 'INVALID_COMMAND' });
  });
});
