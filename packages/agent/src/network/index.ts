export { type AllowedHosts, readAllowedHosts } from './allowed-hosts.ts';
export { NetworkError } from './network-error.ts';
export { openProxiedNetwork, type ProxiedNetwork, type ProxiedNetworkOptions } from './proxied-network.ts';
export type { RefusedRequest } from './proxy.ts';
