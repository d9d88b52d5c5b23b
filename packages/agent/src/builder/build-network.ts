import type { ImageBuildOrder } from '@patchbay/contracts';
import { NetworkError, openProxiedNetwork, type ProxiedNetwork } from '../network/index.ts';
import { BuildFailure } from './build-failure.ts';
import type { BuildReport } from './build-report.ts';
import { BuilderError } from './builder-error.ts';
import type { DebianArchives } from './own-archives.ts';

/** Where the distributions whose packages are judged publish them, as their own images name it. */
const publicArchives: readonly string[] = [
  'deb.debian.org',
  'security.debian.org',
  'archive.ubuntu.com',
  'security.ubuntu.com',
];

/**
 * The hosts of package archives that every build may reach: those that the builder itself takes packages from, and the public
 * ones. What a parent image names in its own sources counts for nothing, because whoever made it would choose.
 * @throws BuilderError
 */
export async function listArchiveHosts(archives: () => Promise<DebianArchives>): Promise<string[]> {
  const uris = await archives().then(
    ({ main, security }) => [main, security],
    (error: unknown) => {
      // It makes no base images then, and patches those that others made all the same.
      if (error instanceof BuilderError && error.code === 'NO_SOURCES') return [];
      throw error;
    },
  );
  const own = uris.flatMap((uri) => {
    const { protocol, host } = new URL(uri);
    return /^https?:$/.test(protocol) ? [host] : [];
  });
  return [...new Set([...own, ...publicArchives])];
}

/**
 * The network that everything in an image's root is in: archives, the hosts that the tag of the recipe (or of the import)
 * names, and nothing else, of the builder itself least of all.
 * @throws BuildFailure for a host that is none; BuilderError, NetworkError, MachineError
 */
export async function openBuildNetwork(
  { allowedHosts }: Pick<ImageBuildOrder, 'allowedHosts'>,
  archives: () => Promise<DebianArchives>,
  report: BuildReport,
): Promise<ProxiedNetwork> {
  const told = new Set<string>();
  const archiveHosts = await listArchiveHosts(archives);
  try {
    return await openProxiedNetwork({
      allowedHosts: [...archiveHosts, ...allowedHosts],
      onRefused: ({ host, port }) => {
        const target = `${host}:${port}`;
        if (told.has(target)) return;
        told.add(target);
        report.say(`Kept from ${target}: the tag patchbay:allowed-hosts does not name it`);
      },
    });
  } catch (error) {
    if (error instanceof NetworkError && error.code === 'INVALID_HOST') {
      throw new BuildFailure(`The tag patchbay:allowed-hosts: ${error.message}`);
    }
    throw error;
  }
}
