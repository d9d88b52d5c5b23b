import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  BeginPatchOperation,
  type Begun,
  ProposePlan,
  SignedAuthorization,
  SubmitChangelogs,
} from '@patchbay/contracts';
import { GroupOutcome, type NodeFacts, Plan, Simulation } from '@patchbay/facts';
import { z } from 'zod';
import type { PinnedKey } from '../authorization.ts';
import type { Machine } from '../machine/index.ts';
import { type PatchRunRequest, type PatchRunResult, RebootNote, rebootExitCode } from '../patch-run.ts';
import { readJsonFile, writeFileDurably } from '../state/index.ts';
import { describeClock } from './clock-words.ts';
import { type CollectedFacts, collectFacts } from './collect-facts.ts';
import { type Completion, deliverCompletion, isOutdated, readCompletion, resultPatience } from './completion.ts';
import { findDiskShortage, noChanges } from './disk-preflight.ts';
import { executePlan } from './execute.ts';
import { completeHalfDone } from './half-done.ts';
import { awaitIdlePackageManager } from './lock-holder.ts';
import { PatcherError } from './patcher-error.ts';
import { readChangelogs } from './read-changelogs.ts';
import { restartByPolicy, tellServices } from './service-effects.ts';
import { simulateTargets } from './simulate.ts';
import { type ServerCalls, submitFacts } from './submit-facts.ts';

/** Where a run works and with whom it talks. */
export interface RunParts {
  readonly nodeId: string;
  readonly key: PinnedKey;
  readonly openMachine: (access: Machine['access']) => Promise<Machine>;
  /** As `ExecuteRequest` has it. */
  readonly isDisposable?: boolean;
  readonly cacheDirectory: string;
  readonly stateFile: string;
  readonly runDirectory: string;
  readonly server: ServerCalls;
  /** How far the machine's clock is ahead of the control plane's; null where that cannot be told. */
  readonly clockAheadSeconds: number | null;
  /** One line for whoever reads the command's output. */
  readonly report: (line: string) => void;
  /** One line that says why the run did not end well. */
  readonly complain: (line: string) => void;
  /** Told what the result says about the node. */
  readonly recordCounts: (counts: NonNullable<PatchRunResult['counts']>) => void;
  /** Told all facts that are handed in. */
  readonly recordFacts?: (facts: NodeFacts) => void;
}

/** What a run that starts again has to go on with: a plan was made, and from then on it is the plan that counts. */
const Checkpoint = z.object({
  operationId: z.string(),
  blocked: z.array(z.string()),
  /** Null where nothing is to be installed, and only a reboot is due. */
  signed: z.object({ plan: Plan, authorization: SignedAuthorization }).nullable(),
  simulation: Simulation.nullable(),
  /** What became of the plan; null until all of it was tried. */
  outcomes: z.array(GroupOutcome).nullable(),
  /** What of a patch plan was decided without touching anything: it is told at the end. */
  settled: z.array(GroupOutcome).default([]),
  /** Units of systemd that had failed before; null where nobody could tell. */
  failedUnits: z.array(z.string()).nullable(),
});
type Checkpoint = z.infer<typeof Checkpoint>;

export type ExitCode = 0 | 1 | typeof rebootExitCode;

export type PatchOperationRequest = PatchRunRequest & { readonly operation: 'Scan' | 'Install' | 'Facts' };

/**
 * Carries out one request of the agent and answers the exit code: 1 when something failed or the machine cannot be
 * judged, 194 when it has to be rebooted and this be called once more. Called again with the same run directory it goes
 * on where it was.
 */
export async function runPatchOperation(request: PatchOperationRequest, parts: RunParts): Promise<ExitCode> {
  if (request.operation === 'Install' && process.getuid?.() !== 0) {
    throw new PatcherError('NOT_ROOT', 'Only root can install packages: run the agent as root, or only scan with it.');
  }
  const completed = await completeAgain(parts);
  if (completed !== null) return completed;
  const checkpoint = readJsonFile(checkpointFileOf(parts), Checkpoint);
  if (checkpoint !== null) {
    const { signed } = checkpoint;
    parts.report(signed === null ? 'Going on' : `Going on with plan ${signed.plan.planId}`);
    return await carryOut(checkpoint, request, parts);
  }
  return await withMachine(parts, 'read-only', async (machine) => {
    const { collected, factsId } = await collectAndSubmit(machine, parts, true);
    if (request.operation === 'Facts') return 0;
    const first = await parts.server.callPatchbay(BeginPatchOperation, {
      factsId,
      operation: request.operation,
      commandId: request.commandId,
      stepName: request.stepName,
      rebootOption: request.rebootOption,
      snapshotId: request.snapshotId,
    });
    const begun = await dateUpdates(machine, parts, collected, first);
    const howMany =
      begun.settled === undefined
        ? `Baseline ${begun.baseline.name} approves ${begun.targets.length} missing updates`
        : `${begun.targets.length} updates of the plan are missing, and still approved by ${begun.baseline.name}`;
    parts.report(howMany);
    if (begun.targets.length > 0) parts.report('Asking the package manager what they would bring');
    const { operationId, targets, blocked } = begun;
    const simulation =
      targets.length === 0
        ? null
        : await simulateTargets({ machine, lists: collected.lists, facts: collected.facts, targets, blocked });
    if (request.operation === 'Scan') return await complete(parts, { operationId, factsId, simulation, outcomes: [] });
    const { signed, settled } =
      simulation === null
        ? { signed: null, settled: begun.settled ?? [] }
        : await propose(parts, operationId, simulation);
    reportSettled(parts, settled);
    const decided: Checkpoint = {
      operationId,
      blocked,
      signed,
      simulation,
      outcomes: signed === null ? [] : null,
      settled,
      failedUnits: collected.facts.overlay.failedUnits ?? null,
    };
    if (signed === null) {
      if (simulation !== null) parts.report('Nothing may be installed');
      const mended = await completeLeftovers(operationId, parts);
      const latest = mended ? await collectAndSubmit(machine, parts, false) : { collected, factsId };
      if (findRebootReasons(latest.collected, request, parts).length === 0) {
        return await complete(parts, { operationId, factsId: latest.factsId, simulation, outcomes: settled });
      }
    }
    writeFileDurably(checkpointFileOf(parts), JSON.stringify(decided));
    return await carryOut(decided, request, parts);
  });
}

function checkpointFileOf({ runDirectory }: RunParts): string {
  return join(runDirectory, 'checkpoint.json');
}

async function propose(
  parts: RunParts,
  operationId: string,
  simulation: Simulation,
): Promise<Pick<Checkpoint, 'signed' | 'settled'>> {
  reportSimulation(parts, simulation);
  const proposed = await parts.server.callPatchbay(ProposePlan, { operationId, simulation });
  for (const { name, version, detail } of proposed.refused) {
    parts.report(`Not in the plan: ${name} ${version}: ${detail}`);
  }
  const { plan, authorization, settled = [] } = proposed;
  return { signed: plan === null || authorization === null ? null : { plan, authorization }, settled };
}

function reportSettled({ report }: RunParts, settled: readonly GroupOutcome[]): void {
  for (const { targets, status, reason } of settled) {
    const names = targets.map(({ name, version }) => `${name} ${version}`).join(', ');
    report(status === 'installed' ? `In already: ${names}: ${reason}` : `Stopped: ${names}: ${reason}`);
  }
}

async function withMachine<Result>(
  { openMachine }: RunParts,
  access: Machine['access'],
  work: (machine: Machine) => Promise<Result>,
): Promise<Result> {
  const machine = await openMachine(access);
  try {
    return await work(machine);
  } finally {
    await machine.close();
  }
}

async function collectAndSubmit(
  machine: Machine,
  parts: RunParts,
  refresh: boolean,
): Promise<{ collected: CollectedFacts; factsId: string }> {
  parts.report(refresh ? 'Refreshing the package lists' : 'Looking at what is installed now');
  const { cacheDirectory, stateFile, server, clockAheadSeconds } = parts;
  const clock = describeClock(clockAheadSeconds);
  if (refresh && clock !== null) parts.complain(`Mind that ${clock}`);
  const request = { machine, cacheDirectory, stateFile, refresh, now: new Date(), clockAheadSeconds };
  const collected = await collectFacts(request);
  const { facts, doubts } = collected;
  parts.recordFacts?.(facts);
  const faulty = facts.offers.archives.filter(({ status }) => status !== 'current');
  parts.report(
    `${facts.installed.packages.length} packages installed, ${facts.offers.archives.length} archives, ${faulty.length} of them not current`,
  );
  for (const { address, status, reason } of faulty) {
    parts.report(`  ${address.uri} ${address.suite}/${address.component}: ${status}: ${reason ?? ''}`);
  }
  for (const { message } of doubts) parts.report(`  ${message}`);
  for (const sentence of facts.overlay.otherPatchers ?? []) parts.report(`Another patcher is active: ${sentence}`);
  return { collected, factsId: await submitFacts(server, collected, refresh ? {} : resultPatience) };
}

/** Reads the changelogs that the approval delays wait for, so that the targets are those of a clock that knows them. */
async function dateUpdates(machine: Machine, parts: RunParts, { lists }: CollectedFacts, begun: Begun): Promise<Begun> {
  const { operationId, changelogs } = begun;
  if (changelogs === undefined || changelogs.questions.length === 0) return begun;
  const { questions } = changelogs;
  parts.report(`Reading the changelogs of ${questions.length} updates that an approval delay is about`);
  const readings = await readChangelogs(machine, lists.source, questions, changelogs);
  const dated = readings.filter(({ dateLine }) => dateLine !== null);
  parts.report(`${dated.length} of them have a date`);
  return await parts.server.callPatchbay(SubmitChangelogs, { operationId, readings });
}

function reportSimulation({ report }: RunParts, { groups, refused }: Simulation): void {
  report(
    `${groups.flat().length} changes in ${groups.length} groups, ${refused.length} refused by the package manager`,
  );
}

/** Another package manager gets this long before a reboot, or a repair, is given up. */
const mostWaitSeconds = 600;

async function carryOut(checkpoint: Checkpoint, request: PatchRunRequest, parts: RunParts): Promise<ExitCode> {
  const { operationId, signed } = checkpoint;
  const outcomes = checkpoint.outcomes ?? (signed === null ? [] : await executeSigned(checkpoint, signed, parts));
  if (checkpoint.outcomes === null) {
    writeFileDurably(checkpointFileOf(parts), JSON.stringify({ ...checkpoint, outcomes }));
  }
  const reboot = readJsonFile(join(parts.runDirectory, 'reboot.json'), RebootNote);
  if (reboot !== null && reboot.problem === null) parts.report('The machine was rebooted; looking at it once more');
  const look = async () =>
    await withMachine(parts, 'read-only', async (machine) => collectAndSubmit(machine, parts, false));
  let { collected, factsId } = await look();
  const reasons = findRebootReasons(collected, request, parts);
  let obstacle = reboot?.problem ?? null;
  if (reboot === null && reasons.length > 0) {
    obstacle = await withMachine(parts, 'read-only', async (machine) =>
      awaitIdlePackageManager(machine, mostWaitSeconds, parts.report),
    );
    if (obstacle === null) {
      parts.report(`The machine has to be rebooted: ${reasons.join('; ')}`);
      return rebootExitCode;
    }
  }
  await withMachine(parts, 'read-write', async (machine) => {
    if (await restartByPolicy(machine, collected.facts.overlay, parts)) ({ collected, factsId } = await look());
    await tellServices(machine, collected.facts.overlay, checkpoint.failedUnits, parts);
  });
  const simulation = signed === null ? checkpoint.simulation : null;
  const told = [...outcomes, ...checkpoint.settled];
  const exitCode = await complete(parts, { operationId, factsId, simulation, outcomes: told });
  if (reasons.length === 0) return exitCode;
  // It is asked for once: what a boot did not settle, the next one would not either.
  parts.complain(
    obstacle === null
      ? `The machine was rebooted, and yet a reboot is due: ${reasons.join('; ')}`
      : `A reboot is due (${reasons.join('; ')}), and it did not happen: ${obstacle}`,
  );
  return 1;
}

/**
 * Completes what an earlier transaction left half done where no plan does so, because all of it counts as installed. True
 * where there was something.
 */
async function completeLeftovers(operationId: string, parts: RunParts): Promise<boolean> {
  if (isCancelled(parts)) return false;
  let isAny = false;
  const problem = await withMachine(
    parts,
    'read-write',
    async (machine) =>
      (await findDiskShortage(machine, noChanges)) ??
      (await completeHalfDone({
        machine,
        waitSeconds: mostWaitSeconds,
        recordNameOf: (step) => `${operationId}.${step}`,
        report: (line) => {
          isAny = true;
          parts.report(line);
        },
      })),
  );
  // Without room nothing was begun; what is half done is told with the verdict.
  if (problem !== null && isAny) parts.complain(problem);
  return isAny;
}

async function executeSigned(
  { operationId, blocked }: Checkpoint,
  { plan, authorization }: NonNullable<Checkpoint['signed']>,
  parts: RunParts,
): Promise<GroupOutcome[]> {
  const { cacheDirectory, stateFile, server } = parts;
  const before = await withMachine(parts, 'read-only', async (machine) =>
    collectFacts({ machine, cacheDirectory, stateFile, refresh: false, now: new Date() }),
  );
  return await withMachine(parts, 'read-write', async (machine) =>
    executePlan({
      machine,
      lists: before.lists,
      facts: before.facts,
      plan,
      authorization,
      key: parts.key,
      nodeId: parts.nodeId,
      operationId,
      blocked,
      runDirectory: parts.runDirectory,
      stateFile,
      isDisposable: parts.isDisposable ?? false,
      now: () => server.now(),
      report: parts.report,
      findHindrance: () => (isCancelled(parts) ? 'The command was cancelled' : null),
    }),
  );
}

function isCancelled({ runDirectory }: RunParts): boolean {
  return existsSync(join(runDirectory, 'cancel-requested'));
}

/**
 * Why this machine has to be rebooted now; empty where it need not or must not. Whether everything went in plays no
 * part: what did go in waits for the boot all the same.
 */
function findRebootReasons(
  { facts: { overlay } }: CollectedFacts,
  { operation, rebootOption }: PatchRunRequest,
  parts: RunParts,
): string[] {
  if (operation !== 'Install' || overlay.bootId === '') return [];
  const names = overlay.pendingReboot.map(({ name }) => name);
  const reasons = [
    ...overlay.rebootReasons,
    ...(names.length === 0 ? [] : [`installed since the last boot: ${names.join(', ')}`]),
  ];
  if (reasons.length === 0) return [];
  const hindrance =
    rebootOption === 'NoReboot' ? 'the command says NoReboot' : isCancelled(parts) ? 'the command was cancelled' : null;
  if (hindrance === null) return reasons;
  parts.report(`A reboot is due and not done, because ${hindrance}: ${reasons.join('; ')}`);
  return [];
}

/**
 * The completion of a run that was lost while it told it: the control plane may have taken it, and answers the very same
 * one as before. Null where there is none, or where it came too late to speak for the machine.
 */
async function completeAgain(parts: RunParts): Promise<0 | 1 | null> {
  const completion = readCompletion(parts.runDirectory);
  if (completion === null) return null;
  try {
    return await complete(parts, completion);
  } catch (error) {
    if (!isOutdated(error)) throw error;
    parts.report('What was told before does not count any more; looking once more');
    return null;
  }
}

async function complete(parts: RunParts, completion: Completion): Promise<0 | 1> {
  const result = await deliverCompletion(completion, parts);
  const { missingCount: missing, installedPendingRebootCount: pendingReboot } = result.counts;
  parts.recordCounts({ missing, pendingReboot });
  for (const line of result.report) parts.report(line);
  const undone = completion.outcomes.filter(({ status }) => status !== 'installed');
  const [first] = undone;
  if (first !== undefined) {
    parts.complain(
      `${undone.length} of ${completion.outcomes.length} groups did not go in; the first, because: ${first.reason}`,
    );
  }
  for (const { message } of result.unknownReasons) parts.complain(`The node cannot be judged: ${message}`);
  return undone.length === 0 && result.status !== 'unknown' ? 0 : 1;
}
