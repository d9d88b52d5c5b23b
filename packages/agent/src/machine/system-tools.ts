import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { MachineError } from './machine.ts';

const directories = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'] as const;

/** Absolute path of a program of this host; null when it is not there. The caller's PATH plays no part. */
export function findTool(name: string): string | null {
  for (const directory of directories) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory: the next one may have it.
    }
  }
  return null;
}

/** @throws MachineError MISSING_TOOL, naming what is missing and where Debian has it. */
export function requireTools(names: readonly string[]): void {
  const missing = names.filter((name) => findTool(name) === null);
  if (missing.length === 0) return;
  throw new MachineError(
    'MISSING_TOOL',
    `This host lacks ${missing.join(', ')}: install util-linux, mount, coreutils and iproute2`,
  );
}
