import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PatchOrder } from '@patchbay/contracts';
import { AgentError } from '../agent-error.ts';
import { type HttpConnection, readSharedCredentials } from '../client/index.ts';
import { openPatchRuns, type PatchRunEnd, type PatchRuns, RebootNote, rebootExitCode } from '../patch-run.ts';
import { fetchReleaseFile, readReleaseIndex, UpdateError } from '../self-update/index.ts';
import {
  lockState,
  openStateDirectory,
  readJsonFile,
  type StateDirectory,
  writeBorrowedIdentity,
  writeFileDurably,
} from '../state/index.ts';
import type { Timers } from '../timers.ts';

export interface OrderParts {
  readonly stateDirectory: string;
  /** Digest (hex) of the package that this program came in. */
  readonly packageDigest: string;
  /** The AWS shared credentials file that the node's agent keeps. */
  readonly credentialsFile: string;
  readonly patcherProgram: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly connection: Pick<HttpConnection, 'get'>;
  readonly readBootId: () => string;
  readonly timers: Timers;
}

/** A patcher that is gone without a result goes on at its checkpoint; one that is gone again and again has a fault. */
const mostRestarts = 2;
const lookMilliseconds = 2_000;
const keptMilliseconds = 60 * 24 * 3_600_000;

/**
 * Runs the patcher once for a command that another agent took, and waits for it. Begun again for the same command, as
 * after a reboot, it goes on; for one that has ended it tells the same end. When this process is ended, the patcher begins
 * no further transaction and is not ended itself.
 *
 * @throws UpdateError NOT_SIGNED, NOT_SERVED; AgentError NOT_ENROLLED; UnreachableError: nothing was done then
 */
export async function carryOutOrder(order: PatchOrder, parts: OrderParts): Promise<PatchRunEnd> {
  await requireRelease(order, parts);
  readSharedCredentials(parts.credentialsFile);
  const state = openStateDirectory(parts.stateDirectory);
  const { timers } = parts;
  const runs = openPatchRuns({
    stateDirectory: state.path,
    directory: state.runs,
    patcherProgram: parts.patcherProgram,
    environment: parts.environment,
    timers,
  });
  const lock = await awaitTurn(order.commandId, state, runs, timers);
  try {
    const { instanceId, endpoint, region, signingKey } = order;
    const { credentialsFile } = parts;
    writeBorrowedIdentity(state.borrowedIdentityFile, { instanceId, endpoint, region, signingKey, credentialsFile });
    runs.prune(new Date(timers.now().getTime() - keptMilliseconds));
    return await perform(order, state, runs, parts);
  } finally {
    lock.release();
  }
}

/** What the command named as the patcher must be what the release key vouches for. */
async function requireRelease({ releaseKey }: PatchOrder, { connection, packageDigest }: OrderParts): Promise<void> {
  const index = readReleaseIndex(
    await fetchReleaseFile(connection, 'SHA256SUMS'),
    (await fetchReleaseFile(connection, 'SHA256SUMS.sig')).toString('utf8'),
    releaseKey,
  );
  if (index.some(({ sha256 }) => sha256 === packageDigest)) return;
  throw new UpdateError(
    'NOT_SIGNED',
    `The release key ${releaseKey.keyId} does not vouch for the package sha256:${packageDigest} of the patcher.`,
  );
}

/** One run at a time: other agents carry out several commands at once, and two patchers would want the same locks. */
async function awaitTurn(
  runId: string,
  state: StateDirectory,
  runs: PatchRuns,
  timers: Timers,
): Promise<{ release(): void }> {
  for (;;) {
    try {
      const lock = lockState(state.path);
      if (runs.listUnfinished().every((each) => each === runId)) return lock;
      lock.release();
    } catch (error) {
      if (!(error instanceof AgentError) || error.code !== 'STATE_IN_USE') throw error;
    }
    await timers.sleep(lookMilliseconds);
  }
}

async function perform(
  order: PatchOrder,
  state: StateDirectory,
  runs: PatchRuns,
  { readBootId, timers }: OrderParts,
): Promise<PatchRunEnd> {
  const runId = order.commandId;
  const directory = join(state.runs, runId);
  const noteFile = join(directory, 'reboot.json');
  const never = new AbortController().signal;
  const isNew = !existsSync(directory);
  if (isNew) {
    const { commandId, operation, rebootOption, snapshotId } = order;
    runs.start({ runId, commandId, operation, rebootOption, snapshotId });
  }
  const guard = cancelWhenEnded(directory);
  try {
    let end = await runs.awaitRun(runId, never);
    const note = readJsonFile(noteFile, RebootNote);
    if (!isNew && isRebootAsked(end) && note !== null) {
      const problem = note.bootId === readBootId() ? 'The agent of this node did not reboot it' : null;
      const beforeReboot = end;
      runs.restart(runId, { ...note, problem });
      end = withoutTold(await runs.awaitRun(runId, never), beforeReboot);
    }
    for (let restarts = 0; end.kind === 'vanished' && restarts < mostRestarts; restarts += 1) {
      runs.restart(runId, null);
      end = await runs.awaitRun(runId, never);
    }
    if (isRebootAsked(end) && readJsonFile(noteFile, RebootNote) === null) {
      const asked: RebootNote = { bootId: readBootId(), requestedAt: timers.now().toISOString(), problem: null };
      writeFileDurably(noteFile, JSON.stringify(asked));
    }
    return end;
  } finally {
    guard.dismiss();
  }
}

/** Amazon's agent puts the outputs of a step before and after a reboot together by itself. */
function withoutTold(end: PatchRunEnd, told: PatchRunEnd): PatchRunEnd {
  if (end.kind !== 'finished' || told.kind !== 'finished') return end;
  const rest = (whole: string, before: string) => (whole.startsWith(before) ? whole.slice(before.length) : whole);
  return {
    ...end,
    standardOutput: rest(end.standardOutput, told.standardOutput),
    standardError: rest(end.standardError, told.standardError),
  };
}

function isRebootAsked(end: PatchRunEnd): boolean {
  return end.kind === 'finished' && end.exitCode === rebootExitCode;
}

const guardScript = 'read -r word; [ "$word" = done ] || [ -e "$1/result.json" ] || : >"$1/cancel-requested"';

/**
 * Other agents end a cancelled script, and one whose time is up, with SIGKILL. A shell in a session of its own notices by
 * the end of its input, and asks the run to begin no further transaction.
 */
function cancelWhenEnded(directory: string): { dismiss(): void } {
  const guard = spawn('/bin/sh', ['-c', guardScript, 'sh', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  guard.on('error', () => {});
  guard.unref();
  return { dismiss: () => guard.stdin.end('done\n') };
}
