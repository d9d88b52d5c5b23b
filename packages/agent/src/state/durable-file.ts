import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { AgentError } from '../agent-error.ts';

/** Replaces a file (mode 0600) so that a crash or power cut leaves the old or the new content, never a part. */
export function writeFileDurably(path: string, content: string): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  // The new name is on disk only once its directory is (fsync(2)).
  syncDirectory(dirname(path));
}

/** A write failed for want of room, and may succeed later (write(2)). */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

export function removeFileDurably(path: string): void {
  rmSync(path, { force: true });
  syncDirectory(dirname(path));
}

export function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Null when there is no such file. */
export function readTextOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Null when there is no such file. @throws AgentError STATE_DAMAGED when it holds something else. */
export function readJsonFile<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> | null {
  const text = readTextOrNull(path);
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new AgentError('STATE_DAMAGED', `${path} is damaged and cannot be read; restore it or move it away`, {
      cause: error,
    });
  }
}
