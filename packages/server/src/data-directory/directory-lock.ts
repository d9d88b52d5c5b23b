import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataDirectoryError } from './data-directory-error.ts';
import { isProcessRunning, ProcessIdentity, readProcessIdentity } from './process-identity.ts';

/** Takes back what `lockDirectory` took. */
export interface DirectoryLock {
  release(): Promise<void>;
}

let draftNumber = 0;

/**
 * Makes this process the only user of a directory. The lock of a process that is gone is taken over; that of a running
 * one is `IN_USE`, with its pid. Processes in other pid namespaces (two containers on one volume) are not seen.
 *
 * The lock is the file `lock.<n>` with the highest number. Whoever takes it makes the next number, which the file system
 * gives to exactly one; the highest is never deleted, so that no one can take a number for the second time.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const own = await readProcessIdentity(process.pid);
  if (own === null) throw new DataDirectoryError('IN_USE', 'This process cannot see itself in /proc: mount /proc.');
  // Written whole under another name and then linked, so that no one ever reads half a lock.
  const draft = await writeDraft(directory, JSON.stringify(own));
  try {
    for (;;) {
      const highest = (await listGenerations(directory)).at(-1) ?? 0;
      if (highest > 0) await refuseRunningHolder(directory, highest);
      if (await takeGeneration(directory, draft, highest + 1)) {
        return { release: () => releaseGeneration(directory, highest + 1) };
      }
    }
  } finally {
    await rm(draft, { force: true });
  }
}

async function takeGeneration(directory: string, draft: string, generation: number): Promise<boolean> {
  try {
    await link(draft, lockPath(directory, generation));
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
  const generations = await listGenerations(directory);
  if (generations.at(-1) !== generation) {
    // Others went further and tidied up between our look and our link: the number was free, the lock was not.
    await rm(lockPath(directory, generation), { force: true });
    return false;
  }
  for (const older of generations.slice(0, -1)) await rm(lockPath(directory, older), { force: true });
  return true;
}

/** Leaves the number in place, with no holder. */
async function releaseGeneration(directory: string, generation: number): Promise<void> {
  await rename(await writeDraft(directory, '{}'), lockPath(directory, generation));
}

async function refuseRunningHolder(directory: string, generation: number): Promise<void> {
  const holder = await readHolder(lockPath(directory, generation));
  if (holder === null || !(await isProcessRunning(holder))) return;
  throw new DataDirectoryError(
    'IN_USE',
    `${directory} is in use by the process ${holder.pid}. Stop that process, or give another directory with --data.`,
  );
}

async function readHolder(path: string): Promise<ProcessIdentity | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    // Replaced by a higher number meanwhile: the attempt to make the next one finds that out.
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
  try {
    return ProcessIdentity.parse(JSON.parse(text));
  } catch {
    // Released, or damaged by a crash of the machine: locks are linked whole, so no living process wrote this.
    return null;
  }
}

async function listGenerations(directory: string): Promise<readonly number[]> {
  const names = await readdir(directory);
  return names
    .flatMap((name) => /^lock\.(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((left, right) => left - right);
}

async function writeDraft(directory: string, text: string): Promise<string> {
  draftNumber += 1;
  const path = join(directory, `lock.draft.${process.pid}.${draftNumber}`);
  await rm(path, { force: true });
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  return path;
}

function lockPath(directory: string, generation: number): string {
  return join(directory, `lock.${generation}`);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
