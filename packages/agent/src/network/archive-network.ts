import { NetworkError } from './network-error.ts';
import type { DebianArchives } from './own-archives.ts';
import { openProxiedNetwork, type ProxiedNetwork } from './proxied-network.ts';
import type { RefusedRequest } from './proxy.ts';

/** Where the distributions whose packages are judged publish them, as their own images name it. */
const publicArchives: readonly string[] = [
  'deb.debian.org',
  'security.debian.org',
  'archive.ubuntu.com',
  'security.ubuntu.com',
];

export interface ArchiveNetworkOptions {
  /** Those of this machine. */
  readonly archives: () => Promise<DebianArchives>;
  /** What somebody responsible for this machine lets through besides, in the words of `readAllowedHosts`. */
  readonly allowedHosts: readonly string[];
  /** Where people write such hosts, for lines that say what was kept out: `--allow-host`. */
  readonly listName: string;
  readonly report: (line: string) => void;
}

/** What an image tries beyond so many hosts is kept out without a line. */
const mostToldHosts = 100;

/**
 * The network that everything in an image's root is in, for builds and for images of others: package archives, the hosts
 * that are allowed besides, and nothing else, this machine itself least of all. What was kept out is told once for each host.
 * @throws NetworkError INVALID_HOST, INVALID_PROXY, NAMESPACE_NOT_PERMITTED; MachineError MISSING_TOOL
 */
export async function openArchiveNetwork(options: ArchiveNetworkOptions): Promise<ProxiedNetwork> {
  const { archives, allowedHosts } = options;
  return await openProxiedNetwork({
    allowedHosts: [...(await listArchiveHosts(archives)), ...allowedHosts],
    onRefused: tellRefused(options),
  });
}

/** A line for each host that was kept out, once. */
export function tellRefused({
  listName,
  report,
}: Pick<ArchiveNetworkOptions, 'listName' | 'report'>): (request: RefusedRequest) => void {
  const told = new Set<string>();
  return ({ host, port }) => {
    const target = port === null ? host : `${host}:${port}`;
    if (told.has(target) || told.size === mostToldHosts) return;
    told.add(target);
    const why = port === null ? 'its name stands for this machine; name the address' : `${listName} does not name it`;
    report(`Kept from ${target}: ${why}`);
  };
}

/**
 * The hosts of package archives that every image may reach: those that this machine itself takes packages from, and the
 * public ones. What an image names in its own sources counts for nothing, because whoever made it would choose.
 */
export async function listArchiveHosts(archives: () => Promise<DebianArchives>): Promise<string[]> {
  const uris = await archives().then(
    ({ main, security }) => [main, security],
    (error: unknown) => {
      // Images can be looked into and patched all the same.
      if (error instanceof NetworkError && error.code === 'NO_SOURCES') return [];
      throw error;
    },
  );
  const own = uris.flatMap((uri) => {
    const url = URL.parse(uri);
    return url !== null && /^https?:$/.test(url.protocol) ? [url.host] : [];
  });
  return [...new Set([...own, ...publicArchives])];
}
