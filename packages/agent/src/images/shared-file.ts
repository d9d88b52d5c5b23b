import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { readTextOrNull } from '../state/index.ts';

/** Replaces a file that several processes may write at once, each the same: readers see one of them whole. */
export function writeSharedFile(path: string, content: string): void {
  if (readTextOrNull(path) === content) return;
  const own = `${path}.${randomUUID()}`;
  writeFileSync(own, content, { mode: 0o600, flush: true });
  renameSync(own, path);
}
