import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const keptMilliseconds = 30 * 24 * 3_600_000;

/**
 * Removes the package lists of machines that were not scanned for a month: some hundred megabytes for each root file
 * system that once was. What the approval clock saw there stays; it is small, and it is history.
 */
export function pruneLists(cacheDirectory: string, now: Date): string[] {
  const pruned: string[] = [];
  for (const name of readdirSync(cacheDirectory)) {
    const work = join(cacheDirectory, name, 'work');
    const record = statSync(join(cacheDirectory, name, 'facts'), { throwIfNoEntry: false });
    const isOld = record !== undefined && now.getTime() - record.mtimeMs > keptMilliseconds;
    if (!isOld || statSync(work, { throwIfNoEntry: false }) === undefined) continue;
    rmSync(work, { recursive: true, force: true });
    pruned.push(name);
  }
  return pruned;
}
