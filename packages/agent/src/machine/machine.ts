import { AppError } from '@patchbay/facts';

/** Why a machine cannot be opened, or a command cannot be run at all. What a command itself answers is never an error. */
export class MachineError extends AppError<
  | 'NOT_ROOT'
  | 'ROOT_MISSING'
  | 'NOT_A_ROOT'
  | 'MISSING_TOOL'
  | 'NAMESPACES_NOT_PERMITTED'
  | 'ENTRY_FAILED'
  | 'INVALID_COMMAND'
  | 'RECORD_EXISTS'
  | 'TOO_MANY_SYMLINKS'
  | 'NOT_A_FILE'
  | 'UNREADABLE'
  | 'CLOSED'
> {}

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** One program and how to run it. Never a shell string. */
export interface Command {
  readonly argv: readonly [program: string, ...parameters: string[]];
  /** The whole environment; `defaultEnvironment` where absent. Nothing is inherited. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Null: no limit. */
  readonly timeoutSeconds: number | null;
  /** Kept of each stream, from its beginning; 64 MiB where absent. What is beyond is read and dropped. */
  readonly outputLimitBytes?: number;
  readonly input?: string;
  readonly onOutput?: (chunk: OutputChunk) => void;
  /** Ends the command. Without effect on an uninterruptible one. */
  readonly signal?: AbortSignal;
  /**
   * For package transactions: runs to its end whatever happens to this process. It gets its own session (on a host
   * with systemd its own scope), writes to files, and `resume(recordName)` finds its result later. A name is used once.
   */
  readonly uninterruptible?: { readonly recordName: string };
}

export interface CommandOutput {
  /** 127 where the program does not exist, 128 + n where signal n ended it inside a root directory; null when unknown. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly isTimedOut: boolean;
  readonly isAborted: boolean;
  readonly isTruncated: boolean;
}

export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'other';
  readonly modifiedAtMs: number;
  readonly sizeBytes: number;
  readonly inode: number;
}

/** A network other than the host's, for the commands of a machine: see `openProxiedNetwork`. */
export interface MachineNetwork {
  /** The program and words that stand before a command and bring it into the network. */
  readonly entry: readonly string[];
  /** Set for every command. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Where commands run: this host or a root file system. Paths are absolute and as seen inside. */
export interface Machine {
  readonly kind: 'host' | 'root-directory';
  readonly access: 'read-only' | 'read-write';
  /** A private directory, as commands see it and as this process sees it. Write to it with `writeWorkFile`. */
  readonly workDirectory: { readonly inside: string; readonly outside: string };
  /** Resolves whatever the exit code is. @throws MachineError when the command could not be started. */
  run(command: Command): Promise<CommandOutput>;
  /** Waits for an uninterruptible command started by any process; null when there never was one. A null exit code: it was lost. */
  resume(recordName: string): Promise<CommandOutput | null>;
  /** Follows symlinks as a process inside would; null when absent. @throws MachineError NOT_A_FILE, UNREADABLE, TOO_MANY_SYMLINKS */
  readFile(path: string): Promise<Uint8Array | null>;
  /** Of what symlinks lead to; null when absent. */
  stat(path: string): Promise<FileStatus | null>;
  /** Names, sorted; null when absent or no directory. */
  listDirectory(path: string): Promise<string[] | null>;
  /** Replaces one file below the work directory (relative path; folders are made), readable by all inside. Returns its inside path. */
  writeWorkFile(relativePath: string, content: string | Uint8Array): Promise<string>;
  close(): Promise<void>;
}

export const defaultEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
};
