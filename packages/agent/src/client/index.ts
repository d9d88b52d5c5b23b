export { isAuthenticationError, isTransient, ServerError, UnreachableError } from './call-errors.ts';
export {
  type CallOptions,
  type ClientIdentity,
  type ClientPorts,
  type ControlPlaneClient,
  createControlPlaneClient,
  explainRejection,
  parseAnswer,
} from './control-plane-client.ts';
export { exchange } from './exchange.ts';
export { checkEndpoint, type HttpConnection, openHttpConnection, proxyOptions } from './http-connection.ts';
export { fetchPinnedAuthority, hasFingerprint } from './pinned-authority.ts';
export { type ProxyVariables, readProxyVariables } from './proxy-variables.ts';
export { retryDelay, retryTransient } from './retry.ts';
export { createServerClock } from './server-clock.ts';
export { readSharedCredentials } from './shared-credentials.ts';
export { trustSystemAuthorities } from './system-authorities.ts';
