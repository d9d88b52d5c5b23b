import { createHash } from 'node:crypto';
import { mkdirSync, statSync, utimesSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type {
  ArchiveObservation,
  NodeOverlay,
  OperatingSystemFacts,
  PatchBaseline,
  PatchCounts,
  Simulation,
  UnknownReason,
  Verdict,
} from '@patchbay/facts';
import {
  blockedPackages,
  type CompiledBaseline,
  countPatches,
  defaultEvaluationSettings,
  type EvaluationInput,
  evaluate,
  findChangelogQuestions,
  predefinedBaselineFor,
  selectTargets,
} from '@patchbay/patching';
import { AgentError } from '../agent-error.ts';
import { type Machine, MachineError, type MachineNetwork, openMachine } from '../machine/index.ts';
import { type CollectedFacts, type CollectPhase, collectFacts } from '../patcher/collect-facts.ts';
import { describeError } from '../patcher/patcher-error.ts';
import { readChangelogs } from '../patcher/read-changelogs.ts';
import { simulateTargets } from '../patcher/simulate.ts';
import { lockState } from '../state/index.ts';
import { observeLocally, rememberChangelogs } from './local-clock.ts';
import { printScan } from './print.ts';
import { pruneLists } from './prune-cache.ts';
import { compileCheckedBaseline, readBaselineFile } from './read-baseline.ts';
import { ScanError } from './scan-error.ts';

export interface ScanRequest {
  /** The directory of a root file system; null for this host. */
  readonly root: string | null;
  /** What the root is, where its path says nothing: each mount of an image has another one. */
  readonly subject?: {
    /** For the report. */
    readonly name: string;
    /** Names its directory in the cache. */
    readonly cacheName: string;
    /** Where the approval clock is kept, which many images share. */
    readonly clockDirectory: string;
  };
  /** A file as GetPatchBaseline prints it; null for the predefined baseline of the operating system. */
  readonly baselineFile: string | null;
  /** The only place that is written to; each machine has a directory of its own in it. */
  readonly cacheDirectory: string;
  /** Whether apt fetches its lists first (into the cache directory). */
  readonly refresh: boolean;
  /** Of a root: what its commands are in; the network of this host where absent. */
  readonly network?: MachineNetwork;
  readonly now: () => Date;
  /** Where the report goes; null when only the returned value is wanted. */
  readonly output: { readonly format: 'table' | 'json'; readonly write: (text: string) => void } | null;
  readonly onPhase?: (phase: CollectPhase | 'simulation', milliseconds: number) => void;
}

export interface ScanReport {
  readonly status: Verdict['status'];
  /** 0 compliant, 1 not, 2 cannot tell. */
  readonly exitStatus: 0 | 1 | 2;
  readonly machine: {
    readonly root: string | null;
    /** Of an image; absent otherwise. */
    readonly name?: string;
    readonly operatingSystem: OperatingSystemFacts;
    readonly architecture: string;
    readonly installedCount: number;
    readonly rebootReasons: NodeOverlay['rebootReasons'];
    readonly archives: readonly ArchiveObservation[];
    /** `private`: fetched by a scan; `machine`: the machine's own. */
    readonly lists: { readonly source: 'private' | 'machine'; readonly asOf: string | null };
  };
  readonly baseline: PatchBaseline;
  readonly counts: PatchCounts;
  readonly verdict: Verdict;
  /** What the package manager answered to the approved targets; null when it was not asked. */
  readonly simulation: Simulation | null;
}

const exitStatuses = { compliant: 0, 'non-compliant': 1, unknown: 2 } as const;

/**
 * Judges a machine without a control plane and without writing to it.
 * @throws ScanError; MachineError when the machine cannot be entered
 */
export async function runScan(request: ScanRequest): Promise<ScanReport> {
  const baselineFile = request.baselineFile === null ? null : readBaselineFile(request.baselineFile);
  if (request.root !== null) requireDirectory(request.root);
  const directory = machineDirectory(request);
  const lock = lockScan(directory);
  // In use now, whatever is written there: nobody else's clean-up shall take it away.
  utimesSync(join(directory, 'facts'), request.now(), request.now());
  pruneLists(resolve(request.cacheDirectory), request.now());
  try {
    const machine = await openMachine({
      root: request.root,
      workDirectory: join(directory, 'work'),
      access: 'read-only',
      ...(request.network === undefined ? {} : { network: request.network }),
    });
    try {
      const report = await scanMachine(request, machine, directory, baselineFile);
      if (request.output !== null) request.output.write(printScan(report, request.output.format));
      return report;
    } finally {
      await machine.close();
    }
  } finally {
    lock.release();
  }
}

async function scanMachine(
  request: ScanRequest,
  machine: Machine,
  directory: string,
  baselineFile: PatchBaseline | null,
): Promise<ScanReport> {
  const now = request.now();
  const collected = await collectFacts({
    machine,
    cacheDirectory: join(directory, 'facts'),
    stateFile: null,
    refresh: request.refresh,
    now,
    ...(request.onPhase === undefined ? {} : { onPhase: request.onPhase }),
  });
  const { facts, lists } = collected;
  // Whatever the baseline: what is not known is unknown under every one.
  const baseline = baselineFile ?? predefinedBaselineFor(facts.operatingSystem.operatingSystem ?? 'DEBIAN');
  const compiled = compileCheckedBaseline(baseline);
  const observedAt =
    request.refresh || lists.asOf === null ? now : new Date(Math.min(now.getTime(), Date.parse(lists.asOf)));
  const clockDirectory = request.subject?.clockDirectory ?? directory;
  let history = observeLocally(clockDirectory, facts, observedAt);
  const furtherDoubts = [...collected.doubts, ...findStaleLists(request, collected, now)];
  const inputOf = (simulation: Simulation | null): EvaluationInput => ({
    facts,
    factsReceivedAt: now,
    baseline: compiled,
    history,
    simulation,
    now,
    settings: defaultEvaluationSettings,
    furtherDoubts,
  });
  const judge = (simulation: Simulation | null): Verdict => evaluate(inputOf(simulation));
  // Without a refresh nothing is fetched at all.
  const questions = request.refresh ? findChangelogQuestions(inputOf(null)) : [];
  if (questions.length > 0) {
    const { changelogPackageBytes, changelogRunBytes } = defaultEvaluationSettings;
    const limits = { packageBytes: changelogPackageBytes, runBytes: changelogRunBytes };
    const readings = await readChangelogs(machine, lists.source, questions, limits);
    history = rememberChangelogs(clockDirectory, questions, readings, now);
  }
  const start = performance.now();
  const simulation = await simulate(machine, collected, compiled, judge(null), furtherDoubts);
  request.onPhase?.('simulation', performance.now() - start);
  const verdict = judge(simulation);
  return {
    status: verdict.status,
    exitStatus: exitStatuses[verdict.status],
    machine: {
      root: request.root,
      ...(request.subject === undefined ? {} : { name: request.subject.name }),
      operatingSystem: facts.operatingSystem,
      architecture: facts.policy.architecture,
      installedCount: facts.installed.packages.length,
      rebootReasons: facts.overlay.rebootReasons,
      archives: facts.offers.archives,
      lists: { source: lists.source, asOf: lists.asOf },
    },
    baseline,
    counts: countPatches(verdict),
    verdict,
    simulation,
  };
}

async function simulate(
  machine: Machine,
  { facts, lists }: CollectedFacts,
  compiled: CompiledBaseline,
  verdict: Verdict,
  doubts: UnknownReason[],
): Promise<Simulation | null> {
  const targets = selectTargets(verdict);
  if (targets.length === 0) return null;
  const blocked = blockedPackages(compiled.baseline, facts.policy).rejected;
  try {
    return await simulateTargets({ machine, lists, facts, targets, blocked });
  } catch (error) {
    const message = `apt could not simulate the missing updates: ${describeError(error)}`;
    doubts.push({ code: 'package-status', message, archive: null });
    return null;
  }
}

/** Without a refresh the lists may be of any age, and what is not in them would look as if it did not exist. */
function findStaleLists({ refresh }: ScanRequest, { lists }: CollectedFacts, now: Date): UnknownReason[] {
  if (refresh) return [];
  const hours = defaultEvaluationSettings.verdictMaxAgeHours;
  if (lists.asOf !== null && now.getTime() - Date.parse(lists.asOf) <= hours * 3_600_000) return [];
  const age =
    lists.asOf === null ? 'The package lists are of an unknown age' : `The package lists are of ${lists.asOf}`;
  const message = `${age}, and older than ${hours} hours proves nothing: scan without --no-refresh`;
  return [{ code: 'stale-facts', message, archive: null }];
}

/** Nothing is kept for a root that does not exist. */
function requireDirectory(root: string): void {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new MachineError('ROOT_MISSING', `There is no directory ${JSON.stringify(root)} to scan.`);
}

/** One directory for each machine: a root is known by its path and by the directory that is there now. */
function machineDirectory({ root, cacheDirectory, subject }: ScanRequest): string {
  const status = root === null ? null : statSync(root, { throwIfNoEntry: false });
  const identity = root === null ? 'host' : `${resolve(root)} ${status?.dev} ${status?.ino}`;
  const name = subject?.cacheName ?? createHash('sha256').update(identity).digest('hex').slice(0, 16);
  const directory = join(resolve(cacheDirectory), name);
  try {
    mkdirSync(join(directory, 'facts'), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ScanError(
      'CACHE_NOT_WRITABLE',
      `${cacheDirectory} cannot be written by this user, and a scan keeps its package lists there: name another directory with --cache.`,
      { cause: error },
    );
  }
  return directory;
}

function lockScan(directory: string): { release(): void } {
  try {
    return lockState(directory);
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'STATE_IN_USE') throw error;
    throw new ScanError('ALREADY_RUNNING', `Another scan of this machine is running (it uses ${directory})`, {
      cause: error,
    });
  }
}
