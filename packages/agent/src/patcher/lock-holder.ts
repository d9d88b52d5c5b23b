import { setTimeout as wait } from 'node:timers/promises';
import { redactCredentials } from '@patchbay/facts';
import type { LockHolder } from '@patchbay/package-managers';
import type { Machine } from '../machine/index.ts';

/** The processes that hold a file, from `/proc/locks` (proc(5)): `1: POSIX ADVISORY WRITE pid major:minor:inode start end`. */
export function parseLockHolders(locks: string, inode: number): number[] {
  const holders = locks.split('\n').flatMap((line) => {
    const [, pid, found] = /^\d+: (?:POSIX|FLOCK|OFDLCK) +\S+ +\S+ +(\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line) ?? [];
    return found !== undefined && Number(found) === inode ? [Number(pid)] : [];
  });
  return [...new Set(holders)].filter((pid) => pid > 0);
}

const mostCharacters = 200;

/**
 * Who holds a lock of the package manager, with the command line where it can be seen: from inside a root file system
 * the processes of the host cannot.
 */
export async function describeHolder(machine: Machine, holder: LockHolder): Promise<string> {
  const { path, processName } = holder;
  const pid = machine.kind === 'host' ? (holder.processId ?? (await findHolder(machine, path))) : holder.processId;
  if (pid === null || pid === 0) return `${path} is held by another process${named(processName)}`;
  const commandLine = machine.kind === 'host' ? await readCommandLine(machine, pid) : '';
  return `${path} is held by process ${pid}${named(commandLine === '' ? processName : commandLine)}`;
}

const frontendLock = '/var/lib/dpkg/lock-frontend';
const lookSeconds = 5;

/**
 * Waits until nobody installs packages, because a reboot would cut that in half. Answers who still does after the time
 * given; null where nobody does.
 */
export async function awaitIdlePackageManager(
  machine: Machine,
  waitSeconds: number,
  report: (line: string) => void,
  sleep: (milliseconds: number) => Promise<unknown> = wait,
): Promise<string | null> {
  for (let waited = 0; ; waited += lookSeconds) {
    const pid = await findHolder(machine, frontendLock);
    if (pid === null) return null;
    const words = await describeHolder(machine, { path: frontendLock, processId: pid, processName: null });
    if (waited >= waitSeconds) return words;
    if (waited === 0) report(`Waiting with the reboot: ${words}`);
    await sleep(lookSeconds * 1000);
  }
}

function named(name: string | null): string {
  return name === null ? '' : ` (${name})`;
}

async function findHolder(machine: Machine, path: string): Promise<number | null> {
  const status = await machine.stat(path);
  if (status === null) return null;
  return parseLockHolders(await readText(machine, '/proc/locks'), status.inode)[0] ?? null;
}

async function readCommandLine(machine: Machine, pid: number): Promise<string> {
  const words = (await readText(machine, `/proc/${pid}/cmdline`)).split('\0').filter((word) => word !== '');
  return redactCredentials(words.join(' ')).slice(0, mostCharacters);
}

async function readText(machine: Machine, path: string): Promise<string> {
  try {
    const bytes = await machine.readFile(path);
    return bytes === null ? '' : Buffer.from(bytes).toString('utf8');
  } catch {
    // The process ended meanwhile.
    return '';
  }
}
