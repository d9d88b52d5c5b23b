import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { type Command, type CommandOutput, defaultEnvironment, MachineError } from './machine.ts';

export const defaultOutputLimitBytes: number = 64 * 1024 * 1024;

/** How a command is started: what stands before its argv, and how it is ended. */
export interface Launch {
  readonly argv: readonly [string, ...string[]];
  /** The launcher writes `ready` to descriptor 3 once the command can start; without it, a failure is ours and not the command's. */
  readonly reportsReady: boolean;
  /** `process`: ending the started process ends all inside. `group`: the process group has to be ended. */
  readonly kill: 'process' | 'group';
}

/** Output streams that a left-over daemon keeps open are given up this long after the command itself has ended. */
const drainMilliseconds = 500;

/** Runs to the end, the time limit or the abort. @throws MachineError ENTRY_FAILED when the way in could not be made. */
export function runProcess(command: Command, launch: Launch): Promise<CommandOutput> {
  const [program, ...parameters] = launch.argv;
  return new Promise((resolve, reject) => {
    if (command.signal?.aborted === true) {
      resolve({ ...emptyOutput, isAborted: true });
      return;
    }
    const child = spawn(program, parameters, {
      env: checkEnvironment(command.environment ?? defaultEnvironment),
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: launch.kill === 'group',
      cwd: '/',
    });
    let isTimedOut = false;
    let isAborted = false;
    let ready = '';
    let drain: NodeJS.Timeout | undefined;

    const endCommand = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(launch.kill === 'group' ? -child.pid : child.pid, 'SIGKILL');
      } catch {
        // ESRCH: it has ended by itself in this moment.
      }
    };
    const abort = () => {
      isAborted = true;
      endCommand();
    };
    const timer =
      command.timeoutSeconds === null
        ? undefined
        : setTimeout(() => {
            isTimedOut = true;
            endCommand();
          }, command.timeoutSeconds * 1000);
    command.signal?.addEventListener('abort', abort, { once: true });
    const stopWatching = () => {
      clearTimeout(timer);
      clearTimeout(drain);
      command.signal?.removeEventListener('abort', abort);
    };

    const limit = command.outputLimitBytes ?? defaultOutputLimitBytes;
    const stdout = collectText(child.stdout, limit, (text) => command.onOutput?.({ stream: 'stdout', text }));
    const stderr = collectText(child.stderr, limit, (text) => command.onOutput?.({ stream: 'stderr', text }));
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      ready += chunk.toString();
    });
    // EPIPE: the command did not care to read its input, which is its right.
    child.stdin.on('error', () => undefined);
    child.stdin.end(command.input ?? '');

    child.on('error', (error) => {
      stopWatching();
      if (!launch.reportsReady && 'code' in error && error.code === 'ENOENT') {
        resolve({ ...emptyOutput, exitCode: 127, stderr: `${program}: not found\n` });
        return;
      }
      reject(new MachineError('ENTRY_FAILED', `${program} could not be started: ${error.message}`, { cause: error }));
    });
    child.on('exit', () => {
      clearTimeout(timer);
      drain = setTimeout(() => {
        for (const stream of child.stdio) stream?.destroy();
      }, drainMilliseconds);
    });
    child.on('close', (exitCode, signal) => {
      stopWatching();
      const output = {
        exitCode,
        signal,
        stdout: stdout.readText(),
        stderr: stderr.readText(),
        isTimedOut,
        isAborted,
        isTruncated: stdout.isTruncated() || stderr.isTruncated(),
      };
      if (launch.reportsReady && !ready.includes('ready') && !isTimedOut && !isAborted) reject(entryFailure(output));
      else resolve(output);
    });
  });
}

export const emptyOutput: CommandOutput = {
  exitCode: null,
  signal: null,
  stdout: '',
  stderr: '',
  isTimedOut: false,
  isAborted: false,
  isTruncated: false,
};

/** The error for a command that never started because the way into its machine could not be made. */
export function entryFailure(output: CommandOutput): MachineError {
  const detail = output.stderr.trim().split('\n').slice(-3).join('; ');
  return new MachineError('ENTRY_FAILED', `The machine could not be entered: ${detail || 'no reason given'}`);
}

/** @throws MachineError INVALID_COMMAND. The loader's variables would act on our own privileged programs. */
export function checkEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  for (const name of Object.keys(environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.startsWith('LD_') || name === 'GLIBC_TUNABLES') {
      throw new MachineError('INVALID_COMMAND', `${name} cannot be set in the environment of a command`);
    }
  }
  return { ...environment };
}

function collectText(stream: Readable, limitBytes: number, onText: (text: string) => void) {
  const decoder = new StringDecoder('utf8');
  const texts: string[] = [];
  let keptBytes = 0;
  let isTruncated = false;
  stream.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, limitBytes - keptBytes);
    if (kept.length < chunk.length) isTruncated = true;
    if (kept.length === 0) return;
    keptBytes += kept.length;
    const text = decoder.write(kept);
    texts.push(text);
    onText(text);
  });
  return { readText: () => texts.join('') + (isTruncated ? '' : decoder.end()), isTruncated: () => isTruncated };
}
