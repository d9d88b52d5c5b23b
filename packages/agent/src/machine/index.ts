export {
  type Command,
  type CommandOutput,
  defaultEnvironment,
  type FileStatus,
  type Machine,
  MachineError,
  type MachineNetwork,
  type OutputChunk,
} from './machine.ts';
export { type MachineOptions, openMachine } from './open-machine.ts';
export { createRebooter, type Rebooter } from './reboot.ts';
