import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type {
  GroupOutcome,
  InstalledPackage,
  NodeFacts,
  PackageName,
  PatchBaseline,
  Plan,
  RefusedTarget,
  Verdict,
} from '@patchbay/facts';
import { AgentError } from '../agent-error.ts';
import { type Machine, type MachineNetwork, openMachine } from '../machine/index.ts';
import { runPatchOperation } from '../patcher/run.ts';
import { readBaselineFile } from '../scan/read-baseline.ts';
import { lockState } from '../state/index.ts';
import { type LeftAlone, openLocalControlPlane } from './local-control-plane.ts';
import { LocalControlPlaneError } from './local-control-plane-error.ts';

export interface PatchRootRequest {
  /** The directory of a root file system; null for this host. */
  readonly root: string | null;
  /** Of ours and private: lists, downloads, journals, what the approval clock saw. One patching at a time works in it. */
  readonly workDirectory: string;
  /** A baseline, the path of a file as GetPatchBaseline prints it, or null: the predefined one of the operating system. */
  readonly baseline: PatchBaseline | string | null;
  /** `plan` changes nothing and says what `install` would do. */
  readonly mode: 'plan' | 'install';
  /** Names of packages, each `*` for any text; empty or absent: all that is approved. */
  readonly include?: readonly string[];
  /** Not even as a dependency of others. */
  readonly exclude?: readonly string[];
  /** Where the approval clock is kept; in the work directory where absent. */
  readonly clockDirectory?: string;
  readonly now: () => Date;
  readonly report: (line: string) => void;
  /** Keeps the next transaction from beginning; what has begun is finished. */
  readonly signal?: AbortSignal;
  /** That of the host where absent. */
  readonly network?: MachineNetwork;
  /** Whether the root is thrown away where not all of the plan goes in. */
  readonly isDisposable?: boolean;
}

/** One package that is not what it was. */
export interface PackageChange extends PackageName {
  /** Null where it was not installed. */
  readonly fromVersion: string | null;
  /** Null where it is not installed any more. */
  readonly toVersion: string | null;
}

export interface PatchRootResult {
  /** All that differs in what is installed, found by comparing before with after. */
  readonly changes: readonly PackageChange[];
  /** Those of them that no plan announced: there should be none. */
  readonly unplannedChanges: readonly PackageChange[];
  readonly verdictBefore: Verdict;
  /** Of a plan: with what the package manager says about the targets. */
  readonly verdictAfter: Verdict;
  readonly baseline: PatchBaseline;
  /** Null where nothing is to be installed. */
  readonly plan: Plan | null;
  /** Approved updates that cannot go in, and why. */
  readonly refused: readonly RefusedTarget[];
  /** Approved updates that `include` and `exclude` keep out. */
  readonly leftAlone: readonly LeftAlone[];
  readonly outcomes: readonly GroupOutcome[];
  readonly factsAfter: NodeFacts;
  /** Why it did not end well; empty where it did. */
  readonly complaints: readonly string[];
}

/**
 * Brings the approved patches into a root file system without a control plane, or says what they are. Nothing is ever
 * rebooted.
 * @throws ScanError for the baseline, MachineError, PatcherError, LocalControlPlaneError ALREADY_RUNNING, CANCELLED
 */
export async function patchRoot(request: PatchRootRequest): Promise<PatchRootResult> {
  const { workDirectory, now, report, signal } = request;
  const baseline = typeof request.baseline === 'string' ? readBaselineFile(request.baseline) : request.baseline;
  requireNotCancelled(signal);
  const directory = resolve(workDirectory);
  const clockDirectory = request.clockDirectory ?? directory;
  const runId = randomUUID();
  const runDirectory = join(directory, 'runs', runId);
  for (const made of [directory, clockDirectory]) mkdirSync(made, { recursive: true, mode: 0o700 });
  const lock = lockWork(directory);
  // Of runs that were killed: nobody goes on with them.
  rmSync(join(directory, 'runs'), { recursive: true, force: true });
  mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
  const cancel = () => writeFileSync(join(runDirectory, 'cancel-requested'), '');
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted === true) cancel();
  const complaints: string[] = [];
  const plane = openLocalControlPlane({
    baseline,
    clockDirectory,
    selection: { include: request.include ?? [], exclude: request.exclude ?? [] },
    now,
    randomId: randomUUID,
  });
  try {
    await runPatchOperation(
      {
        runId,
        commandId: null,
        stepName: '',
        operation: request.mode === 'plan' ? 'Scan' : 'Install',
        rebootOption: 'NoReboot',
        snapshotId: '',
        stateDirectory: directory,
      },
      {
        nodeId: plane.nodeId,
        key: plane.key,
        openMachine: async (access) => openCancellable(request, join(directory, 'work'), access),
        isDisposable: request.isDisposable ?? false,
        cacheDirectory: join(directory, 'facts'),
        // What failed in another root, or before it was made anew, did not fail in this one.
        stateFile: join(runDirectory, 'patcher-state.json'),
        runDirectory,
        server: plane.server,
        clockAheadSeconds: null,
        report,
        complain: (line) => complaints.push(line),
        recordCounts: () => {},
      },
    );
  } catch (error) {
    requireNotCancelled(signal, error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    rmSync(join(directory, 'runs'), { recursive: true, force: true });
    lock.release();
  }
  requireNotCancelled(signal);
  const { decisions } = plane;
  const { baseline: used, factsBefore, factsAfter, verdictBefore, verdictAfter, ...decided } = decisions();
  if (used === null || factsBefore === null || factsAfter === null || verdictBefore === null || verdictAfter === null) {
    throw new Error('The patcher ended without having completed its operation');
  }
  const changes = compareInstalled(factsBefore.installed.packages, factsAfter.installed.packages);
  const { plan, refused, leftAlone, outcomes } = decided;
  const planned = new Set(plan?.groups.flatMap((group) => group.changes.map(describeVersion)));
  return {
    changes,
    unplannedChanges: changes.filter((change) => !planned.has(describeVersion(change))),
    verdictBefore,
    verdictAfter,
    baseline: used,
    plan,
    refused,
    leftAlone,
    outcomes,
    factsAfter,
    complaints,
  };
}

/** What differs between two states of one machine, in the order of names. */
export function compareInstalled(
  before: readonly InstalledPackage[],
  after: readonly InstalledPackage[],
): PackageChange[] {
  const was = new Map(before.map((each) => [identify(each), each]));
  const is = new Map(after.map((each) => [identify(each), each]));
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((key) => {
    const [old, current] = [was.get(key), is.get(key)];
    const known = current ?? old;
    if (known === undefined || old?.version === current?.version) return [];
    const { name, architecture } = known;
    return [{ name, architecture, fromVersion: old?.version ?? null, toVersion: current?.version ?? null }];
  });
}

function identify({ name, architecture }: PackageName): string {
  return `${name}.${architecture}`;
}

function describeVersion(change: PackageName & { readonly toVersion: string | null }): string {
  return `${identify(change)} ${change.toVersion ?? ''}`;
}

/** A machine whose commands end with the signal; transactions of the package manager go on to their end as ever. */
async function openCancellable(
  { root, signal, network }: PatchRootRequest,
  workDirectory: string,
  access: Machine['access'],
): Promise<Machine> {
  const machine = await openMachine({ root, workDirectory, access, ...(network === undefined ? {} : { network }) });
  if (signal === undefined) return machine;
  return { ...machine, run: (command) => machine.run({ signal, ...command }) };
}

function requireNotCancelled(signal: AbortSignal | undefined, cause?: unknown): void {
  if (signal?.aborted !== true) return;
  throw new LocalControlPlaneError('CANCELLED', 'It was cancelled.', { cause });
}

function lockWork(directory: string): { release(): void } {
  try {
    return lockState(directory);
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'STATE_IN_USE') throw error;
    throw new LocalControlPlaneError('ALREADY_RUNNING', `Another patching is at work in ${directory}.`, {
      cause: error,
    });
  }
}
