export { isLoopback } from './addresses.ts';
export { agentPackageDirectory, signedElsewhere, writeChecksumsOf } from './agent-packages/index.ts';
export { BackupError, createBackup, openInstallationToRead, restoreBackup } from './backup/index.ts';
export {
  ConfigError,
  defaultPort,
  defaultRegion,
  readServerConfig,
  type ServerConfig,
  type ServerFlags,
} from './config.ts';
export { DEFAULT_DATA_DIRECTORY, layoutDataDirectory, prepareDataDirectory } from './data-directory/index.ts';
export { AdministratorAccess, administratorFile, writeAdministratorFile } from './identity/administrator.ts';
export { ListenError } from './listen.ts';
export { createLogger, type Logger } from './observability/index.ts';
export { type RunningServer, startServer } from './server.ts';
export { certificateFingerprint } from './tls/index.ts';
