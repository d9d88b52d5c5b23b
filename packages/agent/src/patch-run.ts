import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { mostOutputBytes } from '@patchbay/contracts';
import { z } from 'zod';
import { AgentError } from './agent-error.ts';
import { withOwnScope } from './machine/own-scope.ts';
import {
  isProcessRunning,
  type ProcessIdentity,
  parseProcessStat,
  readJsonFile,
  readTextOrNull,
  syncDirectory,
  writeFileDurably,
} from './state/index.ts';
import type { Timers } from './timers.ts';

/** Which version of the agent to put in place of the one that runs. */
export const AgentUpdateRequest = z.object({
  /** Empty for the newest that the control plane serves. */
  version: z.string(),
  allowDowngrade: z.boolean(),
  /** How long the new version has to report in before the old one is put back. */
  reportInSeconds: z.number().int().positive(),
});
export type AgentUpdateRequest = z.infer<typeof AgentUpdateRequest>;

/** What the patcher is asked to do: the content of `request.json` in its run directory. */
export const PatchRunRequest = z.object({
  runId: z.string(),
  /** Null for facts that the agent submits by itself. */
  commandId: z.string().nullable(),
  /** The step of its document, where several patch. */
  stepName: z.string().default(''),
  operation: z.enum(['Scan', 'Install', 'Facts', 'UpdateAgent']),
  rebootOption: z.enum(['RebootIfNeeded', 'NoReboot']),
  /** Empty for none. */
  snapshotId: z.string(),
  stateDirectory: z.string(),
  /** Of the operation UpdateAgent. */
  update: AgentUpdateRequest.optional(),
});
export type PatchRunRequest = z.infer<typeof PatchRunRequest>;
/** The same without what the agent knows by itself. */
export type PatchRunOrder = Omit<z.input<typeof PatchRunRequest>, 'stateDirectory'>;

/** What the patcher writes as `result.json`, atomically, as its last deed. */
export const PatchRunResult = z.object({
  exitCode: z.number().int(),
  /** Where given, it takes the place of what the patcher printed. */
  standardOutput: z.string().optional(),
  finishedAt: z.string(),
  /** What the result says about the node; absent where there is none. */
  counts: z.object({ missing: z.number().int(), pendingReboot: z.number().int() }).optional(),
});
export type PatchRunResult = z.infer<typeof PatchRunResult>;

/** AWS's exit code that asks for a reboot of the machine and another run of the step (run-command guide). */
export const rebootExitCode = 194;

/** `reboot.json` in a run directory: the agent asked for the reboot that the patcher wanted, and what came of it. */
export const RebootNote = z.object({
  /** The boot in which it was asked for: another one now means that it happened. */
  bootId: z.string(),
  requestedAt: z.string(),
  /** Why it did not happen; null where it did. */
  problem: z.string().nullable(),
});
export type RebootNote = z.infer<typeof RebootNote>;

export type PatchRunEnd =
  | {
      readonly kind: 'finished';
      readonly exitCode: number;
      readonly standardOutput: string;
      readonly standardError: string;
      readonly counts?: PatchRunResult['counts'];
    }
  /** The patcher is gone without a result. */
  | { readonly kind: 'vanished'; readonly standardOutput: string; readonly standardError: string }
  /** It never began, and now never will. */
  | { readonly kind: 'not-started' }
  /** We stopped waiting; it goes on. */
  | { readonly kind: 'detached' };

/** The agent's side of the patcher, which is a program of its own so that nothing that ends the agent ends it. */
export interface PatchRuns {
  /** Returns as soon as it is started. @throws AgentError RUN_EXISTS: a run takes effect once */
  start(request: PatchRunOrder): void;
  /**
   * Starts the patcher of a run again that ended without a result, or with one that asked for a reboot. `request` is for a
   * run that an earlier agent had not come to write down.
   */
  restart(runId: string, reboot: RebootNote | null, request?: PatchRunOrder | null): void;
  /** Waits for a run that this or an earlier agent started. */
  awaitRun(runId: string, signal: AbortSignal): Promise<PatchRunEnd>;
  /** Asks a run to begin no further transaction. */
  requestCancel(runId: string): void;
  /** Runs that have not ended. */
  listUnfinished(): readonly string[];
  /** Removes what ended before a moment, and all but the newest few of the runs that no command asked for. */
  prune(before: Date): void;
}

export interface PatchRunParts {
  readonly stateDirectory: string;
  /** `<state>/runs`. */
  readonly directory: string;
  /** Main file of the patcher and arguments that come before `--state` and `--run`. */
  readonly patcherProgram: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly timers: Timers;
}

const lookMilliseconds = 500;
/** The shell of a run that an earlier agent started gets this long to claim it. */
const looksBeforeClaim = 20;
/** A claim is one write of a shell: an empty file that stays so was cut off. */
const mostLooksAtEmptyClaim = 20;
const keptFactsRuns = 10;
/** Begins the ids of runs that no command asked for; the time that follows sorts them by age. */
export const factsRunPrefix = 'facts-';

/**
 * The shell writes who it is (boot id and /proc/PID/stat) and becomes the patcher. `set -C` makes the file a claim: an
 * agent that came back and found none took it, and then the patcher does not start any more.
 */
const claimScript = `set -eu
set -C
run=$1
shift
{ cat /proc/sys/kernel/random/boot_id "/proc/$$/stat"; } >"$run/process"
exec "$@"`;

export function openPatchRuns(parts: PatchRunParts): PatchRuns {
  const { directory, timers } = parts;
  /** Shells of this process's own runs that were not seen to end: their claim may still come, however slow the machine is. */
  const startingRuns = new Set<string>();
  const isUnfinished = (runId: string) => {
    const run = join(directory, runId);
    const claim = readClaim(run);
    return !existsSync(join(run, 'result.json')) && typeof claim === 'object' && isProcessRunning(claim);
  };
  const writeRequest = (run: string, request: PatchRunOrder) => {
    const full: z.input<typeof PatchRunRequest> = { ...request, stateDirectory: parts.stateDirectory };
    writeFileDurably(join(run, 'request.json'), JSON.stringify(full));
    syncDirectory(directory);
  };
  return {
    start(request) {
      const run = join(directory, checkRunId(request.runId));
      createRunDirectory(run, request.runId);
      writeRequest(run, request);
      startingRuns.add(request.runId);
      startDetached(parts, run, () => startingRuns.delete(request.runId));
    },
    restart(runId, reboot, request = null) {
      const run = join(directory, checkRunId(runId));
      if (request !== null && !existsSync(join(run, 'request.json'))) {
        mkdirSync(run, { recursive: true, mode: 0o700 });
        writeRequest(run, request);
      }
      if (reboot !== null) writeFileDurably(join(run, 'reboot.json'), JSON.stringify(reboot));
      // The claim first: whoever finds only a result deals with it once more.
      putAside(run, 'process');
      putAside(run, 'result.json');
      syncDirectory(run);
      startingRuns.add(runId);
      startDetached(parts, run, () => startingRuns.delete(runId));
    },
    async awaitRun(runId, signal) {
      const run = join(directory, checkRunId(runId));
      let emptyLooks = 0;
      for (let looks = 0; ; looks += 1) {
        const ended = readEnd(run);
        if (ended !== null) return ended;
        const claim = readClaim(run);
        const mayStillStart = startingRuns.has(runId) || looks < looksBeforeClaim;
        if (claim === 'none' && !mayStillStart && takeClaim(run)) return { kind: 'not-started' };
        if (claim === 'taken') return { kind: 'not-started' };
        // A shell of ours that still runs is only slow.
        if (claim === 'empty' && !startingRuns.has(runId)) emptyLooks += 1;
        const isGone = typeof claim === 'object' ? !isProcessRunning(claim) : emptyLooks > mostLooksAtEmptyClaim;
        // It may have written its result between the two looks.
        if (isGone) return readEnd(run) ?? { kind: 'vanished', ...readOutputs(run) };
        if (signal.aborted) return { kind: 'detached' };
        await timers.sleep(lookMilliseconds, signal);
      }
    },
    requestCancel(runId) {
      const run = join(directory, checkRunId(runId));
      if (existsSync(run)) writeFileSync(join(run, 'cancel-requested'), '', { mode: 0o600 });
    },
    listUnfinished: () => readdirSync(directory).filter(isUnfinished),
    prune(before) {
      const ended = readdirSync(directory)
        .filter((runId) => !isUnfinished(runId))
        .sort();
      const old = ended.filter((runId) => statSync(join(directory, runId)).mtimeMs < before.getTime());
      const surplus = ended.filter((runId) => runId.startsWith(factsRunPrefix)).slice(0, -keptFactsRuns);
      for (const runId of new Set([...old, ...surplus])) rmSync(join(directory, runId), { recursive: true });
    },
  };
}

function checkRunId(runId: string): string {
  if (!/^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/.test(runId)) throw new RangeError(`${runId} is not a run id`);
  return runId;
}

function createRunDirectory(run: string, runId: string): void {
  try {
    mkdirSync(run, { mode: 0o700 });
  } catch (error) {
    if (!existsSync(run)) throw error;
    throw new AgentError('RUN_EXISTS', `The run ${runId} was already started`, { cause: error });
  }
}

/** Keeps a file of an earlier start under another name. */
function putAside(run: string, name: string): void {
  if (!existsSync(join(run, name))) return;
  let number = 1;
  while (existsSync(join(run, `${name}.${number}`))) number += 1;
  renameSync(join(run, name), join(run, `${name}.${number}`));
}

function startDetached(parts: PatchRunParts, run: string, onEnd: () => void): void {
  // An agent that was started while its package was being replaced knows its runtime by the name of a removed file.
  const runtime = process.execPath.replace(/ \(deleted\)$/, '');
  const patcher = [runtime, ...parts.patcherProgram, '--state', parts.stateDirectory, '--run', run];
  const [program, ...parameters] = withOwnScope(['/bin/sh', '-c', claimScript, 'sh', run, ...patcher]);
  const outputs = ['stdout', 'stderr'].map((name) => openSync(join(run, name), 'a', 0o600));
  const child = spawn(program, parameters, {
    detached: true,
    stdio: ['ignore', ...outputs],
    env: { ...parts.environment },
    cwd: '/',
  });
  // Why it could not start is found by awaitRun, which takes the claim.
  child.on('error', onEnd);
  child.on('exit', onEnd);
  child.unref();
  for (const descriptor of outputs) closeSync(descriptor);
}

const takenByAgent = 'taken by the agent: the patcher had not started\n';

function readClaim(run: string): ProcessIdentity | 'none' | 'empty' | 'taken' {
  const text = readTextOrNull(join(run, 'process'));
  if (text === null) return 'none';
  if (text === takenByAgent) return 'taken';
  const [bootId = '', statLine = ''] = text.split('\n');
  const stat = parseProcessStat(statLine);
  return stat === null ? 'empty' : { bootId: bootId.trim(), pid: stat.pid, startTicks: stat.startTicks };
}

function takeClaim(run: string): boolean {
  if (!existsSync(run)) return true;
  try {
    writeFileSync(join(run, 'process'), takenByAgent, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function readEnd(run: string): PatchRunEnd | null {
  const result = readJsonFile(join(run, 'result.json'), PatchRunResult);
  if (result === null) return null;
  const outputs = readOutputs(run);
  return {
    kind: 'finished',
    exitCode: result.exitCode,
    standardOutput: result.standardOutput ?? outputs.standardOutput,
    standardError: outputs.standardError,
    counts: result.counts,
  };
}

function readOutputs(run: string): { standardOutput: string; standardError: string } {
  return { standardOutput: readStart(join(run, 'stdout')), standardError: readStart(join(run, 'stderr')) };
}

function readStart(path: string): string {
  if (!existsSync(path)) return '';
  if (statSync(path).size <= mostOutputBytes) return readFileSync(path, 'utf8');
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(mostOutputBytes);
    return buffer.subarray(0, readSync(file, buffer, 0, mostOutputBytes, 0)).toString('utf8');
  } finally {
    closeSync(file);
  }
}
