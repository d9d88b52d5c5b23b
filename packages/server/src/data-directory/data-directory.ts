import { mkdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DataDirectoryError } from './data-directory-error.ts';
import { lockDirectory } from './directory-lock.ts';

export const DEFAULT_DATA_DIRECTORY = './.patchbay';

/** Where things lie in a data directory; all paths are absolute. */
export interface DataDirectoryLayout {
  readonly path: string;
  /** Clusters of the embedded PostgreSQL, one folder per major version. */
  readonly postgres: string;
  /** Sockets and what is made anew at every start. */
  readonly run: string;
  /** The file with the key that seals secrets. */
  readonly key: string;
  /** Which release used it last. */
  readonly version: string;
  readonly log: string;
}

/** A data directory that this process alone uses until it closes it. */
export interface DataDirectory extends DataDirectoryLayout {
  close(): Promise<void>;
}

/** Names the parts of a data directory without touching it. */
export function layoutDataDirectory(path: string): DataDirectoryLayout {
  const absolute = resolve(path);
  return {
    path: absolute,
    postgres: join(absolute, 'postgres'),
    run: join(absolute, 'run'),
    key: join(absolute, 'key'),
    version: join(absolute, 'version.json'),
    log: join(absolute, 'log'),
  };
}

/**
 * Checks that a directory belongs to this user and is closed to all others, and creates it where it is missing.
 * For readers beside a running server; the server itself uses `openDataDirectory`.
 */
export async function prepareDataDirectory(path: string = DEFAULT_DATA_DIRECTORY): Promise<DataDirectoryLayout> {
  const requested = resolve(path);
  await createPrivateDirectory(requested);
  const layout = layoutDataDirectory(await realpath(requested));
  await requirePrivateDirectory(layout.path);
  return layout;
}

/** Creates or checks a data directory and locks it for this process. Errors: `DataDirectoryError`. */
export async function openDataDirectory(path: string = DEFAULT_DATA_DIRECTORY): Promise<DataDirectory> {
  const layout = await prepareDataDirectory(path);
  const lock = await lockDirectory(layout.path);
  for (const part of [layout.postgres, layout.run, layout.log]) await mkdir(part, { recursive: true, mode: 0o700 });
  return { ...layout, close: () => lock.release() };
}

async function createPrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new DataDirectoryError(
      'NOT_A_DIRECTORY',
      `The data directory ${path} cannot be made: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

async function requirePrivateDirectory(path: string): Promise<void> {
  const facts = await stat(path);
  const ownUserId = process.geteuid?.() ?? facts.uid;
  if (facts.uid !== ownUserId) {
    throw new DataDirectoryError(
      'FOREIGN_OWNER',
      `The data directory ${path} belongs to user ${facts.uid}, and this process runs as user ${ownUserId}. ` +
        'Run as its owner, or give another directory with --data.',
    );
  }
  const mode = facts.mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new DataDirectoryError(
      'TOO_LOOSE',
      `The data directory ${path} is open to other users (mode 0${mode.toString(8)}). ` +
        `It holds keys: close it with "chmod 700 ${path}" after checking what is in it.`,
    );
  }
}
