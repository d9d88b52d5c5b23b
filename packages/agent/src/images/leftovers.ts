import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readTextOrNull } from '../state/index.ts';
import { isProcessRunning, ProcessIdentity } from '../state/process-identity.ts';
import type { StoreParts } from './store-parts.ts';

/** Removes what killed processes left: containers with their mounts, whatever still runs in them, scratch files. */
export async function removeLeftoversIn(parts: StoreParts): Promise<string[]> {
  const folder = join(parts.directory, 'work');
  const removed: string[] = [];
  for (const name of readdirSync(folder)) {
    const place = join(folder, name);
    if (isOwned(place)) continue;
    const mounted = await parts.tools.tryRun('buildah', ['mount', name]);
    // Mounted again where it is not any more: only then is it known which processes are in it.
    const rootDirectory = mounted.exitCode === 0 ? mounted.stdout.trim() : '';
    const ended = rootDirectory === '' ? 0 : endProcessesIn(rootDirectory);
    if (rootDirectory !== '') await parts.tools.run('buildah', ['rm', name]);
    rmSync(place, { recursive: true, force: true });
    const what = rootDirectory === '' ? 'scratch files' : 'a container';
    removed.push(`Removed ${what} of a run that was killed${ended > 0 ? `, and ended ${ended} processes in it` : ''}`);
  }
  return removed;
}

function isOwned(place: string): boolean {
  const text = readTextOrNull(join(place, 'owner.json'));
  // Somebody may be about to write it.
  if (text === null || text === '')
    return Date.now() - (statSync(place, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 60_000;
  const owner = ProcessIdentity.safeParse(JSON.parse(text));
  return owner.success && isProcessRunning(owner.data);
}

/**
 * Ends every process that has this root for its own. A transaction of the package manager outlives a killed patcher on
 * purpose; in a container that nobody will ever commit it serves no one.
 */
function endProcessesIn(rootDirectory: string): number {
  // The upper directory of an overlay is in the options of its mount, wherever that was moved to (proc_pid_mountinfo(5)).
  const upper = `upperdir=${join(dirname(rootDirectory), 'diff')}`;
  let ended = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || name === String(process.pid)) continue;
    if (!hasRoot(name, rootDirectory, upper)) continue;
    try {
      process.kill(Number(name), 'SIGKILL');
      ended += 1;
    } catch {
      // ESRCH: it has ended by itself in this moment.
    }
  }
  return ended;
}

function hasRoot(pid: string, rootDirectory: string, upper: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
      .split('\n')
      .some((line) => {
        const [, , , root, point] = line.split(' ');
        return point === '/' && (line.split(/[ ,]/).includes(upper) || root === rootDirectory);
      });
  } catch {
    // ENOENT, ESRCH, EINVAL: it has ended, or is a zombie without mounts.
    return false;
  }
}
