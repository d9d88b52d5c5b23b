import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { setInterval as every } from 'node:timers/promises';
import { recordScript } from './entry-scripts.ts';
import { type Command, type CommandOutput, defaultEnvironment, MachineError } from './machine.ts';
import { withOwnScope } from './own-scope.ts';
import { checkEnvironment, defaultOutputLimitBytes, emptyOutput, entryFailure, type Launch } from './run-process.ts';
import { findTool } from './system-tools.ts';

const tailIntervalMilliseconds = 200;

/** The directories in which uninterruptible commands keep their output and exit code, outside of what commands see. */
export interface CommandRecords {
  /** @throws MachineError RECORD_EXISTS, INVALID_COMMAND, ENTRY_FAILED */
  run(command: Command, recordName: string, launch: Launch): Promise<CommandOutput>;
  /** Null when no command of that name was ever started. */
  resume(recordName: string): Promise<CommandOutput | null>;
}

export function openCommandRecords(directory: string): CommandRecords {
  return {
    async run(command, recordName, launch) {
      if (command.timeoutSeconds !== null) {
        throw new MachineError('INVALID_COMMAND', 'An uninterruptible command takes no time limit');
      }
      const record = recordPath(directory, recordName);
      createRecord(record, recordName);
      writeFileSync(join(record, 'input'), command.input ?? '', { mode: 0o600 });
      await startDetached(command, record, launch);
      const stopTailing = new AbortController();
      const tailing = command.onOutput ? tailOutput(record, command.onOutput, stopTailing.signal) : Promise.resolve();
      await waitForUnlock(record);
      stopTailing.abort();
      await tailing;
      const output = readRecord(record, command.outputLimitBytes ?? defaultOutputLimitBytes);
      if (launch.reportsReady && !readFileSync(join(record, 'ready'), 'utf8').includes('ready')) {
        throw entryFailure(output);
      }
      return output;
    },
    async resume(recordName) {
      const record = recordPath(directory, recordName);
      if (!existsSync(record)) return null;
      // Without the mark it never began, or its shell was lost before the first step.
      if (existsSync(join(record, 'locked'))) await waitForUnlock(record);
      return readRecord(record, defaultOutputLimitBytes);
    },
  };
}

function recordPath(directory: string, recordName: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(recordName)) {
    throw new MachineError('INVALID_COMMAND', `${recordName} is not a record name: use letters, digits, dots, hyphens`);
  }
  return join(directory, recordName);
}

function createRecord(record: string, recordName: string): void {
  try {
    mkdirSync(record, { mode: 0o700 });
  } catch (error) {
    if (!existsSync(record)) throw error;
    throw new MachineError('RECORD_EXISTS', `A command named ${recordName} was already started`, { cause: error });
  }
}

/** Resolves once the command holds its lock: from then on nothing that happens to us touches it. */
function startDetached(command: Command, record: string, launch: Launch): Promise<void> {
  const [shell, ...parameters] = withOwnScope(['/bin/sh', '-c', recordScript, 'sh', record, ...launch.argv]);
  const input = openSync(join(record, 'input'), 'r');
  const files = ['stdout', 'stderr', 'ready'].map((name) => openSync(join(record, name), 'wx', 0o600));
  return new Promise((resolve, reject) => {
    const child = spawn(shell, parameters, {
      env: checkEnvironment(command.environment ?? defaultEnvironment),
      // A new session: no terminal and no process group reaches it.
      detached: true,
      stdio: [input, ...files],
      cwd: '/',
    });
    let poll: NodeJS.Timeout | undefined;
    const check = () => {
      if (existsSync(join(record, 'locked'))) finish(resolve);
    };
    const finish = (settle: () => void) => {
      clearInterval(poll);
      for (const descriptor of [input, ...files].splice(0)) closeSync(descriptor);
      child.removeAllListeners();
      child.unref();
      settle();
    };
    poll = setInterval(check, 5);
    child.on('error', (error) => {
      finish(() =>
        reject(new MachineError('ENTRY_FAILED', `${shell} could not be started: ${error.message}`, { cause: error })),
      );
    });
    child.on('exit', () => {
      const isLocked = existsSync(join(record, 'locked'));
      finish(() => {
        if (isLocked) resolve();
        else reject(entryFailure(readRecord(record, defaultOutputLimitBytes)));
      });
    });
  });
}

/**
 * The lock goes with the process that holds it, however it ended. A waiter that is killed (memory that ran out, say) has
 * seen nothing, so another takes its place.
 */
async function waitForUnlock(record: string): Promise<void> {
  for (;;) {
    const { code, signal } = await runWaiter(join(record, 'lock'));
    if (code === 0) return;
    if (signal === null) throw new MachineError('ENTRY_FAILED', `flock cannot wait for ${record}: status ${code}`);
  }
}

function runWaiter(lock: string): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    const waiter = spawn(findTool('flock') ?? 'flock', ['-s', lock, 'true'], { stdio: 'ignore' });
    waiter.on('error', reject);
    waiter.on('exit', (code, signal) => resolve({ code, signal }));
  });
}

async function tailOutput(
  record: string,
  onOutput: NonNullable<Command['onOutput']>,
  stop: AbortSignal,
): Promise<void> {
  const tails = (['stdout', 'stderr'] as const).map((stream) => ({
    stream,
    path: join(record, stream),
    offset: 0,
    decoder: new StringDecoder('utf8'),
  }));
  const readNews = () => {
    for (const tail of tails) {
      for (let chunk = readAt(tail.path, tail.offset, 65_536); chunk.length > 0; ) {
        tail.offset += chunk.length;
        onOutput({ stream: tail.stream, text: tail.decoder.write(chunk) });
        chunk = readAt(tail.path, tail.offset, 65_536);
      }
    }
  };
  try {
    for await (const _ of every(tailIntervalMilliseconds, undefined, { signal: stop })) readNews();
  } catch (error) {
    if (!stop.aborted) throw error;
  }
  readNews();
}

function readRecord(record: string, limitBytes: number): CommandOutput {
  const exitCodePath = join(record, 'exit-code');
  const exitCode = existsSync(exitCodePath) ? Number.parseInt(readFileSync(exitCodePath, 'utf8'), 10) : null;
  const [stdout, stderr] = (['stdout', 'stderr'] as const).map((name) => join(record, name));
  const isTruncated = [stdout, stderr].some(
    (path) => path !== undefined && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > limitBytes,
  );
  return {
    ...emptyOutput,
    exitCode,
    stdout: stdout === undefined ? '' : readAt(stdout, 0, limitBytes).toString(),
    stderr: stderr === undefined ? '' : readAt(stderr, 0, limitBytes).toString(),
    isTruncated,
  };
}

function readAt(path: string, offset: number, limitBytes: number): Buffer {
  if (!existsSync(path)) return Buffer.alloc(0);
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.max(0, Math.min(limitBytes, statSync(path).size - offset)));
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, offset));
  } finally {
    closeSync(file);
  }
}
