import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type DataDirectory,
  openDataDirectory,
  readProcessIdentity,
  writeVersionRecord,
} from '../../data-directory/index.ts';
import type { ConnectionTarget } from '../connection.ts';
import { createPool } from '../pool.ts';
import { type EmbeddedPostgres, type EmbeddedPostgresEvent, startEmbeddedPostgres } from './embedded-postgres.ts';
import { takeOverCluster } from './orphan-takeover.ts';

const MAJOR_VERSION = '18';
const isRoot = process.geteuid?.() === 0;

describe('startEmbeddedPostgres', () => {
  // Not below a folder that others may enter: mkdtemp makes it 0700, as a root-only clone would be.
  let folder = '';
  let seed = '';
  let dataDirectory: DataDirectory;
  let running: EmbeddedPostgres | null = null;
  let child: ChildProcess | null = null;
  let orphan: number | null = null;
  let events: EmbeddedPostgresEvent[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchbay-embedded-'));
    seed = join(folder, 'seed');
    dataDirectory = await openDataDirectory(seed);
    const first = await start();
    await first.stop();
    await dataDirectory.close();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    const path = join(folder, 'data');
    await copyWithOwners(seed, path);
    dataDirectory = await openDataDirectory(path);
    events = [];
  });
  afterEach(async () => {
    await running?.stop();
    running = null;
    child?.kill('SIGKILL');
    child = null;
    if (orphan !== null && (await readProcessIdentity(orphan)) !== null) process.kill(orphan, 'SIGQUIT');
    orphan = null;
    await dataDirectory.close();
    await rm(dataDirectory.path, { recursive: true, force: true });
  });

  it('keeps what was committed across stop and start', async () => {
    const first = await start();
    await query(first.connection, 'create table kept as select 42 as value');
    await first.stop();
    expect(first.processId()).toBeNull();
    const second = await start();
    expect(await query(second.connection, 'select value from kept')).toEqual([{ value: 42 }]);
  });

  it('runs below folders that only their owner may enter, as its owner or a service user', async () => {
    const postgres = await start();
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(dataDirectory.path)).mode & 0o777).toBe(0o700);
    const status = await readFile(`/proc/${postgres.processId()}/status`, 'utf8');
    const userId = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
    expect(userId === 0).toBe(false);
    expect(await query(postgres.connection, 'select current_user as name')).toEqual([{ name: 'patchbay' }]);
  });

  it('listens on no network address', async () => {
    const { connection } = await start();
    expect(await query(connection, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
  });

  it.runIf(isRoot)('leaves no mount behind outside of its namespace', async () => {
    const before = await readFile('/proc/self/mountinfo', 'utf8');
    const postgres = await start();
    expect(await readFile('/proc/self/mountinfo', 'utf8')).toBe(before);
    expect(await readlink(`/proc/${postgres.processId()}/ns/mnt`)).not.toBe(await readlink('/proc/self/ns/mnt'));
  });

  it('is reached through a path that is too long for a socket address', async () => {
    await dataDirectory.close();
    const longPath = join(folder, 'x'.repeat(120));
    await rename(dataDirectory.path, longPath);
    dataDirectory = await openDataDirectory(longPath);
    const { connection } = await start();
    expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('starts again by itself when it is killed, and tells so', async () => {
    const postgres = await start();
    const firstId = postgres.processId() ?? 0;
    const restarted = nextEvent('restarted');
    process.kill(firstId, 'SIGKILL');
    await restarted;
    expect(events.map(({ kind }) => kind)).toEqual(['died', 'restarted']);
    expect(postgres.processId()).not.toBe(firstId);
    expect(await query(postgres.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('stops when its parent is killed', async () => {
    await dataDirectory.close();
    orphan = await startInChild();
    const dying = child;
    child = null;
    dying?.kill('SIGKILL');
    if (dying !== null) await once(dying, 'exit');
    dataDirectory = await openDataDirectory(dataDirectory.path);
    const { connection } = await start();
    expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await readProcessIdentity(orphan)).toBeNull();
  });

  it('stops an orphan of its own data folder', async () => {
    await dataDirectory.close();
    orphan = await startInChild();
    expect(await takeOverCluster(clusterPath())).toBe('stopped-orphan');
    expect(await readProcessIdentity(orphan)).toBeNull();
  });

  it('is not kept from starting by a dead one that nobody has waited for', async () => {
    await dataDirectory.close();
    orphan = await startInChild();
    // A parent that is stopped takes no notice of the death of its child, which so keeps its pid.
    child?.kill('SIGSTOP');
    process.kill(orphan, 'SIGKILL');
    try {
      await expect.poll(() => readProcessIdentity(orphan ?? 0)).toBeNull();
      expect(await takeOverCluster(clusterPath())).toBe('removed-stale-file');
      await expect(stat(join(clusterPath(), 'postmaster.pid'))).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      child?.kill('SIGCONT');
    }
  });

  it('refuses a second server on its data directory', async () => {
    await dataDirectory.close();
    orphan = await startInChild();
    await expect(openDataDirectory(dataDirectory.path)).rejects.toMatchObject({
      code: 'IN_USE',
      message: expect.stringContaining(String(child?.pid)),
    });
  });

  it('leaves another program alone that has the pid of a dead server', async () => {
    const bystander = spawn('sleep', ['60']);
    try {
      await writeFile(join(clusterPath(), 'postmaster.pid'), `${bystander.pid}\n/mnt/data\n1\n5432\n\n\n`);
      await writeFile(join(dataDirectory.run, '.s.PGSQL.5432.lock'), `${bystander.pid}\n/mnt/data\n1\n5432\n\n\n`);
      const { connection } = await start();
      expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }]);
      expect(bystander.exitCode).toBeNull();
      expect(bystander.signalCode).toBeNull();
    } finally {
      bystander.kill('SIGKILL');
    }
  });

  it('refuses the data of another major version', async () => {
    await writeFile(join(clusterPath(), 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toMatchObject({
      code: 'VERSION_MISMATCH',
      message: expect.stringMatching(/written by PostgreSQL 17, .*the release that wrote it.*patchbay backup/s),
    });
    await writeVersionRecord(dataDirectory, {
      patchbayVersion: '0.0.9',
      postgresMajor: 17,
      startedAt: '2026-01-01T00:00:00.000Z',
    });
    await expect(start()).rejects.toMatchObject({ message: expect.stringContaining('With Patchbay 0.0.9') });
  });

  it('refuses to start afresh beside the data of another major version', async () => {
    await rename(clusterPath(), join(dataDirectory.postgres, '17'));
    await expect(start()).rejects.toMatchObject({ code: 'VERSION_MISMATCH' });
  });

  it('says where to look when the server does not start', async () => {
    await writeFile(join(clusterPath(), 'postgresql.auto.conf'), 'nonsense = 1\n');
    await expect(start()).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringContaining('postgres.log'),
    });
  });

  it('makes its data folder anew when an earlier attempt was cut off', async () => {
    await rm(clusterPath(), { recursive: true });
    await mkdir(`${clusterPath()}.new`);
    await writeFile(join(`${clusterPath()}.new`, 'PG_VERSION'), '18\n');
    await chmod(`${clusterPath()}.new`, 0o700);
    const { connection } = await start();
    expect(events.map(({ kind }) => kind)).toEqual(['initialized']);
    expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  function clusterPath(): string {
    return join(dataDirectory.postgres, MAJOR_VERSION);
  }

  const listeners = new Set<(event: EmbeddedPostgresEvent) => void>();

  async function start(): Promise<EmbeddedPostgres> {
    running = await startEmbeddedPostgres({
      dataDirectory,
      isDurable: false,
      onEvent: (event) => {
        events.push(event);
        for (const listener of listeners) listener(event);
      },
    });
    return running;
  }

  function nextEvent(kind: EmbeddedPostgresEvent['kind']): Promise<void> {
    return new Promise((resolve) => {
      const listener = (event: EmbeddedPostgresEvent) => {
        if (event.kind !== kind) return;
        listeners.delete(listener);
        resolve();
      };
      listeners.add(listener);
    });
  }

  async function startInChild(): Promise<number> {
    const script = fileURLToPath(new URL('./start-in-child.test-support.ts', import.meta.url));
    child = spawn(process.execPath, [script, dataDirectory.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('The child has no output');
    const [line] = await once(createInterface(child.stdout), 'line');
    return Number(line);
  }

  // Node's own copy takes a second for this and loses the owners.
  async function copyWithOwners(from: string, to: string): Promise<void> {
    await once(spawn('cp', ['-a', from, to]), 'exit');
  }

  async function query(connection: ConnectionTarget, statement: string): Promise<unknown> {
    const pool = createPool(connection, { maximumConnections: 1 });
    try {
      return (await pool.query(statement)).rows;
    } finally {
      await pool.end();
    }
  }
});
