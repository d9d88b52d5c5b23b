export { agentPackageDirectory } from './agent-package-directory.ts';
export {
  type AgentPackages,
  openAgentPackages,
  type ReleaseKey,
  signedElsewhere,
  writeChecksumsOf,
} from './agent-packages.ts';
export { registerAgentPackageRoutes } from './routes.ts';
