import type { ContainerBuildOrder } from '@patchbay/contracts';
import type { FileTree } from '../machine/file-tree.ts';
import { NetworkError, openProxiedNetwork, type ProxiedNetwork, readAllowedHosts } from '../network/index.ts';
import { BuildFailure } from './build-failure.ts';
import type { BuildReport } from './build-report.ts';

/** What a line of sources.list(5) or the field URIs of a stanza names. */
const address = /\bhttps?:\/\/[^\s\]]+/g;

/** The hosts of an image's own package archives, as `readAllowedHosts` takes them. */
export async function readArchiveHosts(files: Pick<FileTree, 'readFile' | 'listDirectory'>): Promise<string[]> {
  const folder = '/etc/apt/sources.list.d';
  const names = files.listDirectory(folder) ?? [];
  const sources = ['/etc/apt/sources.list', ...names.map((name) => `${folder}/${name}`)];
  const hosts = new Set<string>();
  for (const file of sources.filter((name) => /\.(?:list|sources)$/.test(name))) {
    const content = await files.readFile(file);
    const text = content === null ? '' : Buffer.from(content).toString('utf8');
    const active = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
    for (const [found] of active.join('\n').matchAll(address)) {
      const url = URL.parse(found);
      if (url === null) continue;
      const host = url.port === '' ? url.hostname : `${url.hostname}:${url.port}`;
      if (isHost(host)) hosts.add(host);
    }
  }
  return [...hosts];
}

function isHost(text: string): boolean {
  try {
    readAllowedHosts([text]);
    return true;
  } catch (error) {
    if (error instanceof NetworkError) return false;
    throw error;
  }
}

/**
 * The network that everything in an image's root is in: the archives of its sources and the hosts that the recipe's tag
 * names, and nothing else, of the builder itself least of all.
 * @throws BuildFailure for a host that is none; NetworkError, MachineError
 */
export async function openBuildNetwork(
  { allowedHosts }: Pick<ContainerBuildOrder, 'allowedHosts'>,
  files: Pick<FileTree, 'readFile' | 'listDirectory'>,
  report: BuildReport,
): Promise<ProxiedNetwork> {
  const told = new Set<string>();
  try {
    return await openProxiedNetwork({
      allowedHosts: [...(await readArchiveHosts(files)), ...allowedHosts],
      onRefused: ({ host, port }) => {
        const target = `${host}:${port}`;
        if (told.has(target)) return;
        told.add(target);
        report.say(`Kept from ${target}: the recipe's tag patchbay:allowed-hosts does not name it`);
      },
    });
  } catch (error) {
    if (error instanceof NetworkError && error.code === 'INVALID_HOST') {
      throw new BuildFailure(`The recipe's tag patchbay:allowed-hosts: ${error.message}`);
    }
    throw error;
  }
}
