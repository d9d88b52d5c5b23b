import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../machine/index.ts';
import { writeFileDurably } from '../state/index.ts';
import { dpkgJournalDirectory } from './dpkg-journal.ts';

/** Everything whose change can change what is read of dpkg and apt, apart from the lists. */
const watchedFiles = [
  '/etc/os-release',
  '/usr/lib/os-release',
  '/var/lib/dpkg/status',
  '/var/lib/dpkg/arch',
  '/var/lib/apt/extended_states',
  '/etc/apt/sources.list',
  '/etc/apt/preferences',
  '/etc/apt/apt.conf',
] as const;
const watchedFolders = [
  '/etc/apt/sources.list.d',
  '/etc/apt/preferences.d',
  '/etc/apt/apt.conf.d',
  dpkgJournalDirectory,
] as const;

/** Rises with the form of what is kept. */
const formatVersion = 2;
const fileName = 'facts-cache.json';

/**
 * A name for the present state of all files that the facts are read from: path, time, size and inode of each. Files are
 * replaced, never rewritten in place, by dpkg and apt.
 */
export async function fingerprintSources(machine: Machine, listsDirectory: string): Promise<string> {
  const hash = createHash('sha256').update(`${formatVersion} ${machine.kind} ${listsDirectory}\n`);
  const add = async (path: string): Promise<void> => {
    const status = await machine.stat(path);
    hash.update(
      status === null
        ? `${path} absent\n`
        : `${path} ${status.kind} ${status.inode} ${status.sizeBytes} ${status.modifiedAtMs}\n`,
    );
  };
  for (const path of watchedFiles) await add(path);
  for (const folder of [...watchedFolders, listsDirectory]) {
    for (const name of (await machine.listDirectory(folder)) ?? []) {
      if (folder === listsDirectory && !/(?:Packages|Release)[^_]*$/.test(name)) continue;
      await add(`${folder}/${name}`);
    }
  }
  return hash.digest('hex');
}

/** What was kept under this fingerprint; null when there is nothing of use. */
export function readCached(cacheDirectory: string, fingerprint: string): unknown {
  try {
    const text = readFileSync(join(cacheDirectory, fileName), 'utf8');
    // Only the first line is needed to see that the rest is out of date.
    const lineEnd = text.indexOf('\n');
    return text.slice(0, lineEnd) === fingerprint ? JSON.parse(text.slice(lineEnd + 1)) : null;
  } catch {
    // Absent or damaged: everything is read anew.
    return null;
  }
}

export function writeCached(cacheDirectory: string, fingerprint: string, value: unknown): void {
  writeFileDurably(join(cacheDirectory, fileName), `${fingerprint}\n${JSON.stringify(value)}`);
}
