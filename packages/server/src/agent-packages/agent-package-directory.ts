import { join } from 'node:path';

/** Where the packages of the agent lie in a data directory, for the control plane to serve. */
export function agentPackageDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'agent-packages');
}
