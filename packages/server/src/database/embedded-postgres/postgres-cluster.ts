import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VersionRecord } from '../../data-directory/index.ts';
import { EmbeddedPostgresError } from '../database-error.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import type { PostgresRunner } from './postgres-runner.ts';
import { runToEnd } from './run-to-end.ts';

/** The database role of the server, and its one way in: peer authentication over the socket. */
export const DATABASE_ROLE = 'patchbay';

/** Whether a data folder exists. A folder of another major version is `VERSION_MISMATCH`, said by whom it was written. */
export async function hasCluster(
  binaries: PostgresBinaries,
  cluster: string,
  record: VersionRecord | null,
): Promise<boolean> {
  const version = await readVersion(cluster);
  if (version === binaries.majorVersion) return true;
  if (version !== null) throw mismatch(binaries, `${cluster} was written by PostgreSQL ${version}`, record);
  const others = (await readdir(dirname(cluster))).filter(
    (name) => /^\d+$/.test(name) && name !== binaries.majorVersion,
  );
  if (others.length > 0) {
    throw mismatch(binaries, `${dirname(cluster)} holds the data of PostgreSQL ${others.join(', ')}`, record);
  }
  return false;
}

function mismatch(binaries: PostgresBinaries, found: string, record: VersionRecord | null): EmbeddedPostgresError {
  const release =
    record === null ? 'the release that wrote it' : `Patchbay ${record.patchbayVersion}, which used it last`;
  return new EmbeddedPostgresError(
    'VERSION_MISMATCH',
    `${found}, and this release brings PostgreSQL ${binaries.majorVersion}, which cannot read that. Nothing was changed. ` +
      `With ${release}, make a backup ("patchbay backup"); restore it with this release ("patchbay restore") into a new directory.`,
  );
}

async function readVersion(cluster: string): Promise<string | null> {
  try {
    return (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Where `initdb` works; it gets the cluster's name only when it is whole. */
export function draftOf(cluster: string): string {
  return `${cluster}.new`;
}

/** Makes an empty folder for `initdb`. */
export async function prepareDraft(cluster: string, runner: PostgresRunner): Promise<void> {
  await rm(draftOf(cluster), { recursive: true, force: true });
  await mkdir(draftOf(cluster), { mode: 0o700 });
  await runner.handOver(draftOf(cluster));
}

/** Fills the draft and gives it the cluster's name. */
export async function initializeCluster(cluster: string, runner: PostgresRunner, isDurable: boolean): Promise<void> {
  const initdbArguments = [
    '-D',
    runner.data,
    '-U',
    DATABASE_ROLE,
    '--auth=peer',
    '--no-instructions',
    '--encoding=UTF8',
    // Independent of the machine's locales, so that an upgrade of the system never changes an index's order.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-locale',
    ...(isDurable ? [] : ['--no-sync']),
  ];
  const outcome = await runToEnd(runner.commandLine('initdb', initdbArguments, false), runner.environment);
  if (outcome.exitCode !== 0) {
    throw new EmbeddedPostgresError(
      'INITDB_FAILED',
      `PostgreSQL's data folder cannot be made: ${outcome.errorText.trim()}`,
    );
  }
  await rename(draftOf(cluster), cluster);
}

/** Where the access rules stand below the shared folder. */
export const ACCESS_FILES = { rules: 'access.conf', users: 'users.conf' } as const;

/**
 * Lets exactly the service user and root in, as the one role (PostgreSQL manual, 20.2 and 20.9). The files lie outside
 * of the data folder: root writes nothing where the service user could have put a link.
 */
export async function writeAccessRules(sharedFolder: string, userName: string): Promise<void> {
  const users = [...new Set([userName, 'root'])];
  await writeFile(join(sharedFolder, ACCESS_FILES.rules), `local all ${DATABASE_ROLE} peer map=patchbay\n`);
  await writeFile(
    join(sharedFolder, ACCESS_FILES.users),
    users.map((user) => `patchbay "${user}" ${DATABASE_ROLE}\n`).join(''),
  );
}

/** Makes the folder that PostgreSQL reads and only we write. It is closed by the folders above it, not by its own mode. */
export async function prepareSharedFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path);
  await chmod(path, 0o755);
}
