export { type AgentOptions, runAgent } from './agent.ts';
export { AgentError } from './agent-error.ts';
export { agentVersion } from './agent-version.ts';
export { createBuilder } from './builder/builder.ts';
export { type BuilderSettings, defaultKeyring } from './builder/builder-settings.ts';
export { type BuilderCheck, type BuilderFinding, checkBuilder } from './builder/check-builder.ts';
export { requireBuilderTools } from './builder/tool-versions.ts';
export {
  type CallOptions,
  type ClientPorts,
  type ControlPlaneClient,
  createControlPlaneClient,
  isTransient,
  openHttpConnection,
  readProxyVariables,
  ServerError,
  UnreachableError,
} from './client/index.ts';
export * from './components/index.ts';
export { enrolOnly } from './enrol-only.ts';
export { type EnrolledIdentity, type EnrolmentPorts, type EnrolmentRequest, enrol } from './enrolment.ts';
export * from './images/index.ts';
export {
  LocalControlPlaneError,
  type PackageChange,
  type PatchRootRequest,
  type PatchRootResult,
  patchRoot,
} from './local-control-plane/index.ts';
export { formatLogLine, type Log, type LogEvent } from './log.ts';
export * from './machine/index.ts';
export * from './network/index.ts';
export { carryOutOrder, fetchedPatcherDirectory, type OrderParts, readPatchOrder } from './other-agent/index.ts';
export { PatchRunRequest, PatchRunResult } from './patch-run.ts';
export { type CollectPhase, collectFacts, patcherProgramFile } from './patcher/index.ts';
export {
  type InstalledContents,
  readInstalledContents,
  runScan,
  ScanError,
  type ScanReport,
  type ScanRequest,
} from './scan/index.ts';
export {
  Identity,
  openStateDirectory,
  readIdentity,
  readLockHolder,
  type StateDirectory,
} from './state/index.ts';
export { systemTimers, type Timers } from './timers.ts';
