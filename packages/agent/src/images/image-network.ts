import {
  type ArchiveNetworkOptions,
  findDebianArchives,
  openArchiveNetwork,
  type ProxiedNetwork,
} from '../network/index.ts';

export interface ImageNetworkOptions extends Pick<ArchiveNetworkOptions, 'report'> {
  /** Besides the archives of this machine and the public ones: see `readAllowedHosts`. */
  readonly allowedHosts: readonly string[];
}

/**
 * Works with the network that everything of an image is in: whoever made it has no way to this machine, or to what is near it.
 * @throws NetworkError, MachineError, and what the work throws
 */
export async function withImageNetwork<Result>(
  { allowedHosts, report }: ImageNetworkOptions,
  work: (network: ProxiedNetwork) => Promise<Result>,
): Promise<Result> {
  const network = await openArchiveNetwork({
    archives: () => findDebianArchives(),
    allowedHosts,
    listName: '--allow-host',
    report,
  });
  try {
    return await work(network);
  } finally {
    network.close();
  }
}
