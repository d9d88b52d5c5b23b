export { type AllowedHosts, readAllowedHosts } from './allowed-hosts.ts';
export { type ArchiveNetworkOptions, openArchiveNetwork } from './archive-network.ts';
export { NetworkError } from './network-error.ts';
export { type DebianArchives, findDebianArchives } from './own-archives.ts';
export { openProxiedNetwork, type ProxiedNetwork, type ProxiedNetworkOptions } from './proxied-network.ts';
export type { RefusedRequest } from './proxy.ts';
