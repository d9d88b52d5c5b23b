import { closeSync, copyFileSync, fstatSync, ftruncateSync, openSync } from 'node:fs';

/** A log file that another process appends to and that never grows far beyond its limit. */
export interface BoundedLog {
  readonly descriptor: number;
  /** Keeps what is there as `<path>.1` and starts over when the limit is passed. */
  enforceLimit(): void;
  close(): void;
}

/**
 * Opens a log for appending. The writer holds the file itself and not a pipe to us: it goes on writing when this process
 * is killed, and never waits for it.
 */
export function openBoundedLog(path: string, limitBytes: number): BoundedLog {
  const descriptor = openSync(path, 'a', 0o600);
  const enforceLimit = () => {
    if (fstatSync(descriptor).size <= limitBytes) return;
    copyFileSync(path, `${path}.1`);
    ftruncateSync(descriptor, 0);
  };
  enforceLimit();
  return { descriptor, enforceLimit, close: () => closeSync(descriptor) };
}
