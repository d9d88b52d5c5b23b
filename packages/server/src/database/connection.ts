import { constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';

/** Where PostgreSQL is reached: by the folder of a Unix socket, or by a `postgres://` URL. Plain data. */
export type ConnectionTarget =
  | { readonly kind: 'socket'; readonly directory: string; readonly user: string; readonly database: string }
  | { readonly kind: 'url'; readonly url: string };

/** unix(7): `sun_path` holds 108 bytes, the last of them a zero. */
const SOCKET_PATH_LIMIT_BYTES = 107;
const SOCKET_FILE = '.s.PGSQL.5432';

const shortcuts = new Map<string, string>();

/** The settings with which `pg` (and pg-boss) connect. */
export function clientConfig(target: ConnectionTarget): ClientConfig {
  if (target.kind === 'url') return { connectionString: target.url };
  return { host: socketHost(target.directory), port: 5432, user: target.user, database: target.database };
}

/** The same server, another database. */
export function withDatabase(target: ConnectionTarget, database: string): ConnectionTarget {
  if (target.kind === 'socket') return { ...target, database };
  const url = new URL(target.url);
  url.pathname = `/${encodeURIComponent(database)}`;
  return { kind: 'url', url: url.href };
}

// A socket below a long path cannot be named in an address, so the folder is opened once per process and the
// address goes through that descriptor.
function socketHost(directory: string): string {
  if (Buffer.byteLength(join(directory, SOCKET_FILE)) <= SOCKET_PATH_LIMIT_BYTES) return directory;
  const known = shortcuts.get(directory);
  if (known !== undefined) return known;
  const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  const shortcut = `/proc/self/fd/${descriptor}`;
  shortcuts.set(directory, shortcut);
  return shortcut;
}
