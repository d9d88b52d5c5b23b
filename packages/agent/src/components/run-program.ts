import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandOutput, defaultEnvironment, type Machine, MachineError } from '../machine/index.ts';
import { ActionEnd, failed } from './action-end.ts';
import { ComponentRunError } from './component-run-error.ts';
import type { ComponentLine } from './step-log.ts';
import { splitLines } from './step-log.ts';

/** What an action has to work with. */
export interface ActionStage {
  readonly machine: Machine;
  /** Of the image. It is set inside only: programs of the host that lead in never see it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly signal: AbortSignal;
  /** What is left of the attempt's time; null is without end. */
  secondsLeft(): number | null;
  say(stream: ComponentLine['stream'], text: string): void;
}

/** Kept and logged of each stream of one program. */
export const outputLimitBytes: number = 4 * 1024 * 1024;
/** The kernel takes 128 KiB for one argument. */
const mostArgumentBytes = 120 * 1024;

/**
 * Parameters: the environment, the working directory, then the command. The environment of an image may say anything (a
 * PATH that begins in the root, say), so it comes as a file and is set after all programs of the host have done their work.
 */
const launchScript = `while IFS= read -r line; do
  value=$(printf '%b_' "\${line#*=}")
  export "\${line%%=*}=\${value%_}"
done <"$1"
cd -- "$2" || exit 126
shift 2
exec "$@"`;

export interface Program {
  readonly argv: readonly [string, ...string[]];
  /** False for programs of our own, whose output is no part of the log. */
  readonly isLogged: boolean;
  readonly outputLimitBytes?: number;
}

/**
 * Runs a program in the root as a step does. All it started ends with it.
 *
 * @throws ActionEnd when it did not come to an end of its own; ComponentRunError STOPPED
 */
export async function runProgram(stage: ActionStage, program: Program): Promise<CommandOutput> {
  const { machine, signal } = stage;
  requireNotStopped(signal);
  for (const argument of program.argv) checkArgument(argument);
  const timeoutSeconds = stage.secondsLeft();
  if (timeoutSeconds !== null && timeoutSeconds <= 0) throw new ActionEnd({ kind: 'timed-out' });
  const lines = splitLines((stream, text) => stage.say(stream, text));
  let output: CommandOutput;
  try {
    output = await lendFile(machine, 'environment', writeEnvironment(stage), async (environment) =>
      machine.run({
        argv: ['/bin/sh', '-c', launchScript, 'sh', environment, stage.workingDirectory, ...program.argv],
        environment: defaultEnvironment,
        timeoutSeconds,
        signal,
        outputLimitBytes: program.outputLimitBytes ?? outputLimitBytes,
        ...(program.isLogged ? { onOutput: (chunk) => lines.write(chunk) } : {}),
      }),
    );
  } catch (error) {
    if (error instanceof MachineError) throw failed(`it could not be run: ${error.message}`);
    throw error;
  } finally {
    lines.end();
  }
  if (output.isAborted) requireNotStopped(signal);
  if (output.isTimedOut) throw new ActionEnd({ kind: 'timed-out' });
  if (output.exitCode === null) throw failed(`it was ended by ${output.signal ?? 'something unknown'}`);
  return output;
}

/** Lets root inside see a file of ours while something is done with it: parameters in it are nobody else's business. */
export async function lendFile<Result>(
  machine: Machine,
  name: string,
  content: string | Uint8Array,
  use: (inside: string) => Promise<Result>,
): Promise<Result> {
  const file = `${name}-${randomUUID()}`;
  const outside = join(machine.workDirectory.outside, file);
  try {
    const inside = await machine.writeWorkFile(file, content);
    await closeToOthers(outside);
    return await use(inside);
  } finally {
    // Steps may have put anything there; neither unlink nor rmdir goes through a link.
    await rm(outside, { recursive: true, force: true });
  }
}

/**
 * Does something that takes a signal in the time that is left.
 *
 * @throws ActionEnd when the time is over; ComponentRunError STOPPED
 */
export async function runInTime<Result>(
  stage: ActionStage,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  requireNotStopped(stage.signal);
  const seconds = stage.secondsLeft();
  if (seconds !== null && seconds <= 0) throw new ActionEnd({ kind: 'timed-out' });
  // A timer of Node counts no further than 2^31 milliseconds.
  const limit = seconds === null || seconds > 2_000_000 ? null : AbortSignal.timeout(Math.ceil(seconds * 1000));
  const endBadly = () => {
    requireNotStopped(stage.signal);
    if (limit?.aborted === true) throw new ActionEnd({ kind: 'timed-out' });
  };
  try {
    const result = await work(limit === null ? stage.signal : AbortSignal.any([stage.signal, limit]));
    endBadly();
    return result;
  } catch (error) {
    endBadly();
    throw error;
  }
}

/** Never through a link that took the place of the file. */
async function closeToOthers(path: string): Promise<void> {
  const held = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await held.chmod(0o600);
  } finally {
    await held.close();
  }
}

export function requireNotStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new ComponentRunError('STOPPED', 'The run of the component was stopped.');
}

function checkArgument(text: string): void {
  if (text.includes('\0')) throw failed('a text with a NUL character cannot be given to a program');
  if (Buffer.byteLength(text) > mostArgumentBytes) {
    throw failed(`a text of more than ${mostArgumentBytes} bytes cannot be given to a program`);
  }
}

/** One variable a line, as printf's %b reads it. What no shell can hold is left out; `findUnusableVariables` names it. */
function writeEnvironment({ environment }: ActionStage): string {
  const all = { HOME: '/root', DEBIAN_FRONTEND: 'noninteractive', ...defaultEnvironment, ...environment };
  return Object.entries(all)
    .filter(([name, value]) => isUsable(name, value))
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`)
    .join('');
}

function isUsable(name: string, value: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !value.includes('\0');
}

export function findUnusableVariables(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) => (isUsable(name, value) ? [] : [name]));
}
