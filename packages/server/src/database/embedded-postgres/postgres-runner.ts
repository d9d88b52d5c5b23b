import { access, chown, constants, readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, relative } from 'node:path';
import { EmbeddedPostgresError } from '../database-error.ts';
import { runToEnd } from './run-to-end.ts';

/** How programs of PostgreSQL are started on this machine, by this user. */
export interface PostgresRunner {
  /** Where they see the folder with the binaries. */
  readonly native: string;
  /** Where they see their data folder. */
  readonly data: string;
  /** Where they see the folder with what we give them to read: `libraries/` and the access rules. */
  readonly shared: string;
  /** The socket folder as the server is told it: absolute, or relative to the data folder. */
  readonly run: string;
  /** The operating system's name for the user that they run as. */
  readonly userName: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The whole command line for a program of theirs; `isTied` makes it stop when this process is gone. */
  commandLine(program: 'postgres' | 'initdb', programArguments: readonly string[], isTied: boolean): readonly string[];
  /** Gives a folder to the user that they run as. */
  handOver(path: string): Promise<void>;
}

/** Folders as this process sees them. */
export interface PostgresPlaces {
  readonly native: string;
  readonly data: string;
  /** Ours, never the service user's: root writes into it. */
  readonly shared: string;
  readonly run: string;
}

const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** systemd's "UIDS-GIDS" leaves 60578–61183 to nobody, and no distribution's user tools hand them out. */
const SERVICE_ID_RANGE = { first: 60_600, last: 61_100 } as const;

/**
 * As an ordinary user programs run directly. PostgreSQL refuses to run as root, and its user could not pass the closed
 * folders around our data, so as root it gets a mount namespace in which its folders are bound to a reachable place
 * and in which a user `patchbay` exists. Nothing of that is visible outside or outlives the process.
 */
export async function choosePostgresRunner(places: PostgresPlaces): Promise<PostgresRunner> {
  return process.geteuid?.() === 0 ? createNamespaceRunner(places) : createDirectRunner(places);
}

async function createDirectRunner(places: PostgresPlaces): Promise<PostgresRunner> {
  const setpriv = await findSystemProgram('setpriv');
  return {
    ...places,
    // Sockets have short addresses; the path from the data folder is short however long the data folder's own is.
    run: relative(places.data, places.run),
    userName: ownUserName(),
    environment: environmentWith(places.native, places.shared),
    commandLine: (program, programArguments, isTied) => [
      ...(isTied && setpriv !== null ? [setpriv, '--pdeathsig=INT', '--'] : []),
      join(places.native, 'bin', program),
      ...programArguments,
    ],
    handOver: async () => undefined,
  };
}

// /mnt stands in every file system (FHS 3.0, 3.12), and what is mounted there stays untouched outside of the namespace.
const NAMESPACE_SCRIPT = `set -eu
mount -t tmpfs -o mode=0711,nosuid,nodev,size=1m tmpfs /mnt
mkdir /mnt/native /mnt/shared /mnt/data /mnt/run
mount --bind "$1" /mnt/native
mount -o remount,bind,ro,nosuid,nodev /mnt/native
mount --bind "$2" /mnt/shared
mount -o remount,bind,ro,nosuid,nodev /mnt/shared
mount --bind "$3" /mnt/data
mount --bind "$4" /mnt/run
printf 'root:x:0:0::/:/bin/false\\npatchbay:x:%s:%s::/:/bin/false\\n' "$5" "$5" > /mnt/passwd
chmod 0644 /mnt/passwd
mount --bind /mnt/passwd /etc/passwd
id=$5
death_signal=$6
shift 6
exec setpriv $death_signal --reuid "$id" --regid "$id" --clear-groups --bounding-set=-all --no-new-privs -- "$@"
`;

async function createNamespaceRunner(places: PostgresPlaces): Promise<PostgresRunner> {
  await requireNamespaces();
  const serviceId = await chooseServiceId(places.data);
  return {
    native: '/mnt/native',
    data: '/mnt/data',
    shared: '/mnt/shared',
    run: '/mnt/run',
    userName: 'patchbay',
    environment: environmentWith('/mnt/native', '/mnt/shared'),
    commandLine: (program, programArguments, isTied) => [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      '--',
      '/bin/sh',
      '-c',
      NAMESPACE_SCRIPT,
      'patchbay-postgres',
      places.native,
      places.shared,
      places.data,
      places.run,
      String(serviceId),
      isTied ? '--pdeathsig=INT' : '',
      `/mnt/native/bin/${program}`,
      ...programArguments,
    ],
    handOver: (path) => chown(path, serviceId, serviceId),
  };
}

async function requireNamespaces(): Promise<void> {
  const outcome = await runToEnd(['unshare', '--mount', '--propagation', 'private', '--', '/bin/true'], {
    PATH: SYSTEM_PATH,
  });
  if (outcome.exitCode === 0) return;
  throw new EmbeddedPostgresError(
    'NAMESPACE_NOT_PERMITTED',
    `The embedded PostgreSQL cannot run as root here, because no mount namespace can be made (${outcome.errorText.trim()}). ` +
      'Run as an ordinary user, allow the capability CAP_SYS_ADMIN, or give a PostgreSQL of your own with --database-url.',
  );
}

/** The owner of an existing data folder; otherwise the first id of the range that the machine does not know. */
async function chooseServiceId(dataFolder: string): Promise<number> {
  const owner = await ownerOf(dataFolder);
  if (owner !== null && owner !== 0) return owner;
  const known = new Set([...(await readIds('/etc/passwd')), ...(await readIds('/etc/group'))]);
  for (let id: number = SERVICE_ID_RANGE.first; id <= SERVICE_ID_RANGE.last; id += 1) if (!known.has(id)) return id;
  throw new EmbeddedPostgresError(
    'USER_WITHOUT_NAME',
    `All user ids from ${SERVICE_ID_RANGE.first} to ${SERVICE_ID_RANGE.last} are taken on this machine.`,
  );
}

async function ownerOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).uid;
  } catch {
    // Before the first start there is none.
    return null;
  }
}

/** The numeric third fields of passwd(5) or group(5). */
async function readIds(path: string): Promise<readonly number[]> {
  const text = await readFile(path, 'utf8');
  return text.split('\n').map((line) => Number(line.split(':')[2] ?? Number.NaN));
}

function ownUserName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new EmbeddedPostgresError(
      'USER_WITHOUT_NAME',
      `User ${process.geteuid?.() ?? ''} has no entry in /etc/passwd, without which PostgreSQL does not start. ` +
        'Add one, or give a PostgreSQL of your own with --database-url.',
      { cause: error },
    );
  }
}

function environmentWith(native: string, shared: string): Record<string, string> {
  // Nothing of our own environment: PG… variables and locales of the caller must not reach the server.
  return {
    PATH: SYSTEM_PATH,
    LC_ALL: 'C',
    TZ: 'UTC',
    LD_LIBRARY_PATH: `${join(shared, 'libraries')}:${join(native, 'lib')}`,
  };
}

async function findSystemProgram(name: string): Promise<string | null> {
  for (const folder of SYSTEM_PATH.split(':')) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not here: the next folder.
    }
  }
  return null;
}
