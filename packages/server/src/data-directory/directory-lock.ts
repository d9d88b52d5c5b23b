import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataDirectoryError } from './data-directory-error.ts';
import { isProcessRunning, ProcessIdentity, readProcessIdentity } from './process-identity.ts';

/** Takes back what `lockDirectory` took. */
export interface DirectoryLock {
  release(): Promise<void>;
}

let attemptNumber = 0;

/**
 * Makes this process the only user of a directory. The lock of a process that is gone is taken over; that of a running
 * one is `IN_USE`, with its pid. Processes in other pid namespaces (two containers on one volume) are not seen.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const lockPath = join(directory, 'lock');
  const own = await readProcessIdentity(process.pid);
  if (own === null) throw new DataDirectoryError('IN_USE', 'This process cannot see itself in /proc: mount /proc.');
  const ownText = JSON.stringify(own);
  attemptNumber += 1;
  const privatePath = `${lockPath}.${process.pid}.${attemptNumber}`;
  // Written whole under another name and then linked, so that no one ever reads half a lock.
  await writeFile(privatePath, ownText, { mode: 0o600, flag: 'wx' });
  try {
    for (;;) {
      if (await linkIfAbsent(privatePath, lockPath)) break;
      await removeStaleLock(lockPath, `${privatePath}.stale`, directory);
    }
  } finally {
    await rm(privatePath, { force: true });
  }
  return { release: () => rm(lockPath, { force: true }) };
}

async function removeStaleLock(lockPath: string, asidePath: string, directory: string): Promise<void> {
  const text = await readLock(lockPath);
  if (text === null) return;
  await refuseRunningHolder(text, directory);
  // Moved aside instead of deleted: should another process have replaced it meanwhile, its lock goes back.
  try {
    await rename(lockPath, asidePath);
  } catch {
    return;
  }
  const moved = await readLock(asidePath);
  if (moved !== text) await linkIfAbsent(asidePath, lockPath);
  await rm(asidePath, { force: true });
}

async function refuseRunningHolder(text: string, directory: string): Promise<void> {
  const holder = parseHolder(text);
  if (holder === null || !(await isProcessRunning(holder))) return;
  throw new DataDirectoryError(
    'IN_USE',
    `${directory} is in use by the process ${holder.pid}. Stop that process, or give another directory with --data.`,
  );
}

function parseHolder(text: string): ProcessIdentity | null {
  try {
    return ProcessIdentity.parse(JSON.parse(text));
  } catch {
    // Locks are linked whole, so an unreadable one was damaged by a crash of the machine and holds nothing.
    return null;
  }
}

async function linkIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function readLock(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
