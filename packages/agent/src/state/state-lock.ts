import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../agent-error.ts';
import { readTextOrNull } from './durable-file.ts';
import { isProcessRunning, ProcessIdentity, readProcessIdentity } from './process-identity.ts';

/**
 * Makes this process the only agent on a state directory until `release`. The lock of a process that is gone is taken
 * over. Processes in another pid namespace are not seen.
 *
 * @throws AgentError STATE_IN_USE
 */
export function lockState(directory: string): { release(): void } {
  const lockPath = join(directory, 'lock');
  const own = JSON.stringify(readProcessIdentity(process.pid));
  const attempt = `${lockPath}.${process.pid}`;
  // Written whole under a name of its own and then linked, so that nobody reads half a lock.
  writeFileSync(attempt, own, { mode: 0o600 });
  try {
    while (!linkIfAbsent(attempt, lockPath)) takeOverStaleLock(lockPath, attempt, directory);
  } finally {
    rmSync(attempt, { force: true });
  }
  return {
    release: () => {
      if (readTextOrNull(lockPath) === own) rmSync(lockPath, { force: true });
    },
  };
}

/** The process that has the lock of this directory now; null when none does. */
export function readLockHolder(directory: string): ProcessIdentity | null {
  const text = readTextOrNull(join(directory, 'lock'));
  const holder = text === null ? null : parseHolder(text);
  return holder !== null && isProcessRunning(holder) ? holder : null;
}

function takeOverStaleLock(lockPath: string, attempt: string, directory: string): void {
  const text = readTextOrNull(lockPath);
  if (text === null) return;
  const holder = parseHolder(text);
  if (holder !== null && isProcessRunning(holder)) {
    throw new AgentError(
      'STATE_IN_USE',
      `Another agent (process ${holder.pid}) uses ${directory}. Stop it, or give another directory with --state.`,
    );
  }
  const aside = `${attempt}.stale`;
  try {
    renameSync(lockPath, aside);
  } catch {
    // Somebody else took it away first: look again.
    return;
  }
  // Between reading and moving, another process may have put its own lock there: that one goes back.
  if (readTextOrNull(aside) !== text) linkIfAbsent(aside, lockPath);
  rmSync(aside, { force: true });
}

function parseHolder(text: string): ProcessIdentity | null {
  try {
    return ProcessIdentity.parse(JSON.parse(text));
  } catch {
    // Locks appear whole, so an unreadable one was damaged with the file system and nobody holds it.
    return null;
  }
}

function linkIfAbsent(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
