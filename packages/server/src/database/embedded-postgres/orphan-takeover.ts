import { readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileExists, isProcessRunning, type ProcessIdentity, readProcessIdentity } from '../../data-directory/index.ts';
import { EmbeddedPostgresError } from '../database-error.ts';

const POLL_MILLISECONDS = 20;
const FAST_SHUTDOWN_SECONDS = 30;
const IMMEDIATE_SHUTDOWN_SECONDS = 5;

/** What stood in the way of starting a server on a data folder, and is now gone. */
export type Takeover = 'nothing' | 'stopped-orphan' | 'removed-stale-file';

/**
 * Clears a data folder of a server that outlived its parent. The caller holds the data directory's lock. A pid in
 * postmaster.pid that now belongs to another program is never signalled; the file alone goes.
 */
export async function takeOverCluster(cluster: string): Promise<Takeover> {
  const pidPath = join(cluster, 'postmaster.pid');
  const pid = await readPid(pidPath);
  if (pid === null) return 'nothing';
  const identity = await readProcessIdentity(pid);
  if (identity === null) {
    // Of a process that is gone PostgreSQL itself makes sure that nothing is left behind, children included. One that
    // is dead and that nobody has waited for (in a container whose first process does not) it takes for a running one.
    if (!(await fileExists(`/proc/${pid}`))) return 'nothing';
    await waitForChildren(cluster);
    await rm(pidPath, { force: true });
    return 'removed-stale-file';
  }
  if (!(await isPostgresOf(cluster, pid))) {
    await rm(pidPath, { force: true });
    return 'removed-stale-file';
  }
  for (const [signal, seconds] of [
    ['SIGINT', FAST_SHUTDOWN_SECONDS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_SECONDS],
  ] as const) {
    if (await stopProcess(identity, signal, seconds)) return 'stopped-orphan';
  }
  throw new EmbeddedPostgresError(
    'ORPHAN_DOES_NOT_STOP',
    `A PostgreSQL left from before (process ${pid}) still uses ${cluster} and does not stop. Stop it and start again.`,
  );
}

/**
 * Takes away the socket of a server that is gone, after `takeOverCluster`. PostgreSQL would do so itself, unless the
 * pid in the socket's lock file still exists: as a dead process that nobody has waited for, or as another program.
 */
export async function removeStaleSocket(folder: string): Promise<void> {
  for (const name of ['.s.PGSQL.5432', '.s.PGSQL.5432.lock']) await rm(join(folder, name), { force: true });
}

/** The children of a postmaster that died end by themselves; until then nobody else may write where they write. */
async function waitForChildren(cluster: string): Promise<void> {
  const deadline = performance.now() + FAST_SHUTDOWN_SECONDS * 1000;
  for (;;) {
    const left = await listPostgresOf(cluster);
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new EmbeddedPostgresError(
        'ORPHAN_DOES_NOT_STOP',
        `Processes of a PostgreSQL left from before (${left.join(', ')}) still use ${cluster} and do not stop. Stop them and start again.`,
      );
    }
    await sleep(POLL_MILLISECONDS);
  }
}

async function listPostgresOf(cluster: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name) && (await isPostgresOf(cluster, Number(name)))) found.push(Number(name));
  }
  return found;
}

async function readPid(path: string): Promise<number | null> {
  try {
    const pid = Number((await readFile(path, 'utf8')).split('\n')[0]);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

// A postmaster works inside its data folder. Comparing that folder itself holds across mount namespaces, where its
// command line names another path.
async function isPostgresOf(cluster: string, pid: number): Promise<boolean> {
  try {
    const [program, workFolder, folder] = await Promise.all([
      readlink(`/proc/${pid}/exe`),
      stat(`/proc/${pid}/cwd`),
      stat(cluster),
    ]);
    // After an upgrade of the package the running program's file is gone, which /proc marks.
    const name = basename(program.replace(/ \(deleted\)$/, ''));
    return name === 'postgres' && workFolder.dev === folder.dev && workFolder.ino === folder.ino;
  } catch {
    // Another user's process does not show itself, and one that just ended cannot: neither is our server.
    return false;
  }
}

async function stopProcess(identity: ProcessIdentity, signal: NodeJS.Signals, seconds: number): Promise<boolean> {
  process.kill(identity.pid, signal);
  const deadline = performance.now() + seconds * 1000;
  while (await isProcessRunning(identity)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MILLISECONDS);
  }
  return true;
}
