export { isAuthenticationError, isTransient, ServerError, UnreachableError } from './call-errors.ts';
export {
  type CallOptions,
  type ClientPorts,
  type ControlPlaneClient,
  createControlPlaneClient,
  explainRejection,
  parseAnswer,
} from './control-plane-client.ts';
export { exchange } from './exchange.ts';
export { checkEndpoint, openHttpConnection } from './http-connection.ts';
export { readProxyVariables } from './proxy-variables.ts';
export { retryDelay, retryTransient } from './retry.ts';
export { createServerClock } from './server-clock.ts';
