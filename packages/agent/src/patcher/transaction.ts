import { setTimeout as wait } from 'node:timers/promises';
import {
  type Argv,
  commandEnvironment,
  configurePendingArgv,
  findLockHolder,
  type LockHolder,
} from '@patchbay/package-managers';
import type { CommandOutput, Machine } from '../machine/index.ts';
import { describeHolder } from './lock-holder.ts';

/** How a package transaction ended, as far as its own output says. */
export interface TransactionEnd {
  readonly isGood: boolean;
  /** What the package manager said was wrong; empty when nothing was. */
  readonly message: string;
  readonly lockHolder: LockHolder | null;
}

/**
 * Runs a command that changes packages, to its end whatever happens to this process; without a name for its record it ends
 * with this process, or when the machine's work is cancelled. Waiting for a lock is reported once, and who holds it.
 */
export async function runTransaction(
  machine: Machine,
  argv: Argv,
  recordName: string | null,
  report: (line: string) => void,
): Promise<TransactionEnd> {
  const waits: Promise<void>[] = [];
  const output = await machine.run({
    argv,
    environment: commandEnvironment,
    timeoutSeconds: null,
    ...(recordName === null ? {} : { uninterruptible: { recordName } }),
    onOutput: ({ text }) => {
      if (waits.length > 0 || !text.includes('Waiting for cache lock: ')) return;
      const holder = findLockHolder({
        exitCode: -1,
        stdout: '',
        stderr: text.replace('Waiting for cache lock: ', 'E: '),
      });
      const said = /Waiting for cache lock: (.*)/.exec(text)?.[1] ?? '';
      const words = holder === null ? Promise.resolve(said) : describeHolder(machine, holder);
      waits.push(words.then((text) => report(`Waiting: ${text}`)));
    },
  });
  await Promise.all(waits);
  const end = readEnd(output);
  if (end.lockHolder === null) return end;
  return { ...end, message: await describeHolder(machine, end.lockHolder) };
}

export function readEnd(output: CommandOutput): TransactionEnd {
  if (output.exitCode === 0) return { isGood: true, message: '', lockHolder: null };
  const lockHolder = findLockHolder({ ...output, exitCode: output.exitCode ?? -1 });
  if (lockHolder !== null) return { isGood: false, message: describeLock(lockHolder), lockHolder };
  return { isGood: false, message: describeFailure(output), lockHolder };
}

function describeLock({ path, processId, processName }: LockHolder): string {
  const process = processId === null || processId === 0 ? 'another process' : `process ${processId}`;
  return `${path} is held by ${process}${processName === null ? '' : ` (${processName})`}`;
}

const mostLines = 6;

/** dpkg names the package and its script says why just before; apt adds only that dpkg failed. */
function describeFailure(output: CommandOutput): string {
  if (output.exitCode === null) return 'the command was lost, and how it ended is not known';
  const lines = `${output.stdout}\n${output.stderr}`
    .split('\n')
    .map((line) => line.trimEnd())
    .filter(
      (line) =>
        line !== '' &&
        !/^(?:Reading |Building |\(Reading database |\d+ upgraded|Need to get|After this operation)/.test(line),
    );
  const errors = lines.filter((line) =>
    /^(?:dpkg: error|E: | ?installed .* script|Errors were|.*No space left)/.test(line),
  );
  const scriptEnd = lines.findIndex((line) => line.startsWith('dpkg: error processing'));
  const before = scriptEnd > 0 ? lines.slice(Math.max(0, scriptEnd - 2), scriptEnd + 2) : [];
  const told = [...new Set([...before, ...errors])].slice(0, mostLines);
  const text = (told.length > 0 ? told : lines.slice(-mostLines)).map((line) => line.trim()).join('; ');
  return `status ${output.exitCode}: ${text || 'no message'}`;
}

export interface LockPatience {
  readonly waitSeconds: number;
  /** Names each attempt's record; a name is used once. */
  readonly recordName: (attempt: number) => string;
}

const pauseSeconds = 2;

/** `dpkg --configure -a`, which unlike apt does not wait for the lock by itself. */
export async function configurePending(
  machine: Machine,
  patience: LockPatience,
  report: (line: string) => void,
): Promise<TransactionEnd> {
  const deadline = performance.now() + patience.waitSeconds * 1000;
  for (let attempt = 1; ; attempt += 1) {
    const end = await runTransaction(machine, configurePendingArgv, patience.recordName(attempt), report);
    if (end.lockHolder === null || performance.now() >= deadline) return end;
    if (attempt === 1) report(`Waiting: ${end.message}`);
    await wait(pauseSeconds * 1000);
  }
}
