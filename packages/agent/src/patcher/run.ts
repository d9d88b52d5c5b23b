import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BeginPatchOperation, CompletePatchOperation, ProposePlan, SignedAuthorization } from '@patchbay/contracts';
import { type GroupOutcome, Plan, type Simulation } from '@patchbay/facts';
import { z } from 'zod';
import type { PinnedKey } from '../authorization.ts';
import { isTransient } from '../client/index.ts';
import { type Machine, openMachine } from '../machine/index.ts';
import type { PatchRunRequest, PatchRunResult } from '../patch-run.ts';
import { readJsonFile, writeFileDurably } from '../state/index.ts';
import { type CollectedFacts, collectFacts } from './collect-facts.ts';
import { executePlan } from './execute.ts';
import { PatcherError } from './patcher-error.ts';
import { simulateTargets } from './simulate.ts';
import { type ServerCalls, submitFacts } from './submit-facts.ts';

/** Where a run works and with whom it talks. */
export interface RunParts {
  readonly nodeId: string;
  readonly key: PinnedKey;
  /** Null for this host. */
  readonly root: string | null;
  /** The Machine's work directory. */
  readonly workDirectory: string;
  readonly cacheDirectory: string;
  readonly stateFile: string;
  readonly runDirectory: string;
  readonly server: ServerCalls;
  /** One line for whoever reads the command's output. */
  readonly report: (line: string) => void;
  /** One line that says why the run did not end well. */
  readonly complain: (line: string) => void;
  /** Told what the result says about the node. */
  readonly recordCounts: (counts: NonNullable<PatchRunResult['counts']>) => void;
}

/** What a run that starts again has to go on with: a plan was made, and from then on it is the plan that counts. */
const Checkpoint = z.object({
  operationId: z.string(),
  blocked: z.array(z.string()),
  plan: Plan,
  authorization: SignedAuthorization,
});
type Checkpoint = z.infer<typeof Checkpoint>;

/**
 * Carries out one request of the agent and answers the exit code: 1 when something failed or the machine cannot be
 * judged. Called again with the same run directory it goes on where it was.
 */
export async function runPatchOperation(request: PatchRunRequest, parts: RunParts): Promise<0 | 1> {
  if (request.operation === 'Install' && process.getuid?.() !== 0) {
    throw new PatcherError('NOT_ROOT', 'Only root can install packages: run the agent as root, or only scan with it.');
  }
  const checkpointFile = join(parts.runDirectory, 'checkpoint.json');
  const checkpoint = readJsonFile(checkpointFile, Checkpoint);
  if (checkpoint !== null) {
    parts.report(`Going on with plan ${checkpoint.plan.planId}`);
    return await carryOut(checkpoint, parts);
  }
  return await withMachine(parts, 'read-only', async (machine) => {
    const { collected, factsId } = await collectAndSubmit(machine, parts, true);
    if (request.operation === 'Facts') return 0;
    const begun = await parts.server.callPatchbay(BeginPatchOperation, {
      factsId,
      operation: request.operation,
      commandId: request.commandId,
      stepName: request.stepName,
      rebootOption: request.rebootOption,
      snapshotId: request.snapshotId,
    });
    parts.report(`Baseline ${begun.baseline.name} approves ${begun.targets.length} missing updates`);
    if (begun.targets.length > 0) parts.report('Asking the package manager what they would bring');
    const { operationId, targets, blocked } = begun;
    const simulation =
      targets.length === 0
        ? null
        : await simulateTargets({ machine, lists: collected.lists, facts: collected.facts, targets, blocked });
    if (request.operation === 'Scan' || simulation === null) {
      return await complete(parts, { operationId, factsId, simulation, outcomes: [] });
    }
    reportSimulation(parts, simulation);
    const proposed = await parts.server.callPatchbay(ProposePlan, { operationId, simulation });
    for (const { name, version, detail } of proposed.refused)
      parts.report(`Not in the plan: ${name} ${version}: ${detail}`);
    if (proposed.plan === null || proposed.authorization === null) {
      parts.report('Nothing may be installed');
      return await complete(parts, { operationId, factsId, simulation, outcomes: [] });
    }
    const decided: Checkpoint = {
      operationId,
      blocked,
      plan: proposed.plan,
      authorization: proposed.authorization,
    };
    writeFileDurably(checkpointFile, JSON.stringify(decided));
    return await carryOut(decided, parts);
  });
}

async function withMachine<Result>(
  { root, workDirectory }: RunParts,
  access: Machine['access'],
  work: (machine: Machine) => Promise<Result>,
): Promise<Result> {
  const machine = await openMachine({ root, workDirectory, access });
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
  const { cacheDirectory, stateFile, server } = parts;
  const collected = await collectFacts({ machine, cacheDirectory, stateFile, refresh, now: new Date() });
  const { facts, doubts } = collected;
  const faulty = facts.offers.archives.filter(({ status }) => status !== 'current');
  parts.report(
    `${facts.installed.packages.length} packages installed, ${facts.offers.archives.length} archives, ${faulty.length} of them not current`,
  );
  for (const { address, status, reason } of faulty) {
    parts.report(`  ${address.uri} ${address.suite}/${address.component}: ${status}: ${reason ?? ''}`);
  }
  for (const { message } of doubts) parts.report(`  ${message}`);
  return { collected, factsId: await submitFacts(server, collected) };
}

function reportSimulation({ report }: RunParts, { groups, refused }: Simulation): void {
  report(
    `${groups.flat().length} changes in ${groups.length} groups, ${refused.length} refused by the package manager`,
  );
}

async function carryOut(checkpoint: Checkpoint, parts: RunParts): Promise<0 | 1> {
  const { plan, authorization, operationId, blocked } = checkpoint;
  const { cacheDirectory, stateFile, server } = parts;
  const before = await withMachine(parts, 'read-only', async (machine) =>
    collectFacts({ machine, cacheDirectory, stateFile, refresh: false, now: new Date() }),
  );
  const outcomes = await withMachine(parts, 'read-write', async (machine) =>
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
      now: () => server.now(),
      report: parts.report,
      findHindrance: () =>
        existsSync(join(parts.runDirectory, 'cancel-requested')) ? 'The command was cancelled' : null,
    }),
  );
  const { factsId } = await withMachine(parts, 'read-only', async (machine) => collectAndSubmit(machine, parts, false));
  return await complete(parts, { operationId, factsId, simulation: null, outcomes });
}

interface Completion {
  readonly operationId: string;
  readonly factsId: string;
  readonly simulation: Simulation | null;
  readonly outcomes: GroupOutcome[];
}

async function complete(parts: RunParts, completion: Completion): Promise<0 | 1> {
  const result = await deliver(() => parts.server.callPatchbay(CompletePatchOperation, completion), parts.report);
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

const deliveryPauseSeconds = 30;
const deliveryAttempts = 60;

/** What was done must be told, also when the control plane is away for a while: then it is tried for half an hour. */
async function deliver<Result>(send: () => Promise<Result>, report: (line: string) => void): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      if (!isTransient(error) || attempt >= deliveryAttempts) throw error;
      if (attempt === 1) report('The control plane cannot be reached; the result is kept and sent later');
      await wait(deliveryPauseSeconds * 1000);
    }
  }
}
