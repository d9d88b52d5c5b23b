import { hooksDocumentName } from '@patchbay/patching';
import type { PinnedKey } from '../authorization.ts';
import { type EndStatus, type InterruptedStep, runDocument, type StepResult } from '../documents/index.ts';
import type { JournalEntry } from '../journal/index.ts';
import type { Machine } from '../machine/index.ts';
import { type PatchRunEnd, type PatchRunOrder, type PatchRunRequest, rebootExitCode } from '../patch-run.ts';
import type { PatchRunQueue } from '../patch-run-queue.ts';
import { readNodePolicy } from '../policy/node-policy-file.ts';
import type { SelfUpdateSettings } from '../self-update/index.ts';
import { awaitReboot, type RebootParts } from './await-reboot.ts';
import type { CommandLedger } from './command-ledger.ts';
import { type CommandDecision, decideCommand, patchStep, updateStep } from './decide-command.ts';
import { openDownloads } from './open-downloads.ts';
import { resumeWithHooks, runWithHooks } from './patch-with-hooks.ts';
import { removeWorkFiles } from './remove-work-files.ts';
import { settlePatchRun } from './settle-patch-run.ts';

export interface ExecutionParts extends RebootParts {
  readonly ledger: CommandLedger;
  readonly runs: PatchRunQueue;
  readonly machine: Machine;
  readonly instanceId: string;
  readonly signingKey: PinnedKey;
  readonly policyFile: string;
  /** Null where this agent was not installed from its package. */
  readonly selfUpdate: SelfUpdateSettings | null;
  /** The control plane's time where it is known to differ: expiry is judged by it. */
  readonly now: () => Date;
}

/**
 * Takes a command from wherever the journal has it to its end. What had begun before a restart is never begun again. A
 * patcher that goes on when the agent is stopped leaves the command open, for the next start to end.
 */
export async function executeCommand(parts: ExecutionParts, commandId: string, signal: AbortSignal): Promise<void> {
  const { ledger } = parts;
  const entry = ledger.find(commandId);
  if (entry === null) return;
  if (entry.final !== null) ledger.answerAgain(entry);
  else if (entry.startedAt !== null && entry.documentName === hooksDocumentName) {
    await resumeWithHooks(parts, entry, signal);
  } else if (entry.runId !== null) {
    const resumed = await parts.runs.resume(entry.runId, signal);
    const end = await settlePatchRun(parts, commandId, resumed, signal, readOrder(parts, entry));
    finishPatch(parts, ledger.find(commandId) ?? entry, end);
  } else if (entry.reboot !== null) await goOnAfterReboot(parts, entry, signal);
  else if (entry.startedAt !== null) await endInterrupted(parts, entry);
  else if (entry.isCancelled) endCancelled(parts, commandId);
  else await begin(parts, entry, signal);
}

/** Everything about a command is checked as of the moment at which it began, or else now. */
function decide(parts: ExecutionParts, entry: JournalEntry): CommandDecision {
  const { instanceId, signingKey, policyFile, selfUpdate, log } = parts;
  const { commandId, payload } = entry;
  const policy = readNodePolicy(policyFile);
  if (policy.problem !== null) {
    log({ level: 'warning', message: `The policy file is not followed, only patching is allowed: ${policy.problem}` });
  }
  const now = entry.startedAt === null ? parts.now() : new Date(entry.startedAt);
  return decideCommand({ commandId, payload, instanceId, signingKey, policy, policyFile, selfUpdate, now });
}

/** What the patcher is asked for; null for a command that does not start it by itself, or is not carried out any more. */
function findPatcherRun(decision: CommandDecision): PatcherRun | null {
  if (decision.kind === 'update-agent') return { ...updateRun, update: decision.update };
  if (decision.kind !== 'patch') return null;
  const { kind: _kind, ...wanted } = decision;
  return { ...wanted, stepName: '', step: patchStep };
}

function readOrder(parts: ExecutionParts, entry: JournalEntry): PatchRunOrder | null {
  const run = entry.isCancelled ? null : findPatcherRun(decide(parts, entry));
  if (run === null) return null;
  const { step: _step, ...wanted } = run;
  return { runId: entry.commandId, commandId: entry.commandId, ...wanted };
}

async function begin(parts: ExecutionParts, entry: JournalEntry, signal: AbortSignal): Promise<void> {
  const decision = decide(parts, entry);
  switch (decision.kind) {
    case 'refuse':
      refuseCommand(parts, entry, decision);
      return;
    case 'patch':
    case 'update-agent': {
      const run = findPatcherRun(decision);
      if (run !== null) await runPatcher(parts, entry, run, signal);
      return;
    }
    case 'hooks':
      await runWithHooks(parts, entry.commandId, decision, signal);
      return;
    case 'document':
      await runContent(parts, entry, decision, signal);
  }
}

function refuseCommand(
  { ledger, now, log }: ExecutionParts,
  { commandId, documentName }: JournalEntry,
  { reason, step }: Extract<CommandDecision, { kind: 'refuse' }>,
): void {
  log({ level: 'warning', message: `Refused ${documentName} (${commandId}): ${reason}` });
  const at = now().toISOString();
  if (step !== null) ledger.closeStep(commandId, makeStep(step, 'Failed', 1, '', reason, at, at));
  ledger.finish(commandId, { status: 'Failed', trace: reason });
}

const updateRun = {
  operation: 'UpdateAgent',
  rebootOption: 'NoReboot',
  snapshotId: '',
  stepName: '',
  step: updateStep,
} as const;

type PatcherRun = Omit<PatchRunRequest, 'runId' | 'commandId' | 'stateDirectory'> & {
  readonly step: { readonly name: string; readonly action: string };
};

async function runPatcher(
  parts: ExecutionParts,
  entry: JournalEntry,
  { step, ...wanted }: PatcherRun,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, runs, log, now } = parts;
  const { commandId } = entry;
  const request = { runId: commandId, commandId, ...wanted };
  const end = await runs.perform(request, signal, () => {
    // It may have been cancelled while it waited for another run.
    if (ledger.find(commandId)?.isCancelled === true) return false;
    log({ level: 'info', message: `Starting ${wanted.operation} for the command ${commandId}.` });
    ledger.start(commandId, commandId);
    ledger.openStep(commandId, { ...step, startedAt: now().toISOString() });
    return true;
  });
  const left = ledger.find(commandId);
  if (left !== null && left.startedAt !== null) {
    finishPatch(parts, left, await settlePatchRun(parts, commandId, end, signal));
  } else if (left?.isCancelled === true) endCancelled(parts, commandId);
}

/** A cancelled run that did not get through was cut short as asked, between two transactions. */
function statusOf(exitCode: number, { isCancelled }: JournalEntry): EndStatus {
  if (exitCode === 0) return 'Success';
  return isCancelled ? 'Cancelled' : 'Failed';
}

function finishPatch(parts: ExecutionParts, entry: JournalEntry, end: PatchRunEnd): void {
  const { ledger, log, now } = parts;
  const { commandId } = entry;
  const startedAt = entry.openStep?.startedAt ?? entry.startedAt ?? entry.receivedAt;
  const close = (status: EndStatus, code: number, standardOutput: string, standardError: string) => {
    const endedAt = now().toISOString();
    const step = entry.openStep ?? patchStep;
    // It may have been closed before the command could be ended.
    if (entry.openStep !== null || entry.steps.length === 0) {
      ledger.closeStep(commandId, makeStep(step, status, code, standardOutput, standardError, startedAt, endedAt));
    }
    ledger.finish(commandId);
    log({ level: 'info', message: `The command ${commandId} ended: ${status}.` });
  };
  switch (end.kind) {
    case 'finished':
      close(statusOf(end.exitCode, entry), end.exitCode, end.standardOutput, end.standardError);
      return;
    case 'vanished':
      close(
        'Failed',
        1,
        end.standardOutput,
        `${end.standardError}\nThe patcher ended without a result: it was killed, or the machine stopped. How far it came is unknown; a Scan shows what is there now.\n`,
      );
      return;
    case 'not-started':
      close('Failed', 1, '', 'The patcher could not be started, so nothing was scanned or installed.');
      return;
    case 'detached':
      log({
        level: 'info',
        message: `The patcher goes on with the command ${commandId}, now or after the reboot; the next start of the agent reports its result.`,
      });
  }
}

function endCancelled({ ledger, log }: ExecutionParts, commandId: string): void {
  ledger.finish(commandId, { status: 'Cancelled', trace: 'Cancelled before it started.' });
  log({ level: 'info', message: `The command ${commandId} was cancelled before it started.` });
}

async function runContent(
  parts: ExecutionParts,
  { commandId, documentName }: JournalEntry,
  decision: DocumentDecision,
  signal: AbortSignal,
): Promise<void> {
  parts.log({ level: 'info', message: `Starting ${documentName} (${commandId}).` });
  parts.ledger.start(commandId, null);
  await runSteps(parts, commandId, decision, null, signal);
}

type DocumentDecision = Extract<CommandDecision, { kind: 'document' }>;

/** What asks for a reboot each time it runs would reboot the machine for ever. */
const mostReboots = 10;

async function runSteps(
  parts: ExecutionParts,
  commandId: string,
  { document, values, nested }: DocumentDecision,
  interrupted: InterruptedStep | null,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, machine, rebooter, timers, log, now } = parts;
  const entry = ledger.find(commandId);
  const { reboot, ...result } = await runDocument({
    commandId,
    document,
    values,
    nested,
    machine,
    downloads: openDownloads(parts),
    signal,
    isCancelled: () => ledger.find(commandId)?.isCancelled === true,
    now,
    earlier: entry?.steps ?? [],
    interrupted,
    rebootRefusal: explainNoReboot(rebooter === null, entry?.reboots ?? 0),
    onStepStarted: (step) => ledger.openStep(commandId, step),
    onStepFinished: (step) => ledger.closeStep(commandId, step),
  });
  if (reboot !== null) {
    const { standardOutput, standardError } = reboot;
    const bootId = rebooter?.readBootId() ?? '';
    ledger.openReboot(commandId, { bootId, requestedAt: timers.now().toISOString(), standardOutput, standardError });
    const rebooting = ledger.find(commandId);
    if (rebooting !== null) await goOnAfterReboot(parts, rebooting, signal);
    return;
  }
  ledger.finish(commandId, result);
  log({ level: 'info', message: `The command ${commandId} ended: ${result.status}.` });
  await removeWorkFiles(parts, commandId);
}

function explainNoReboot(isRoot: boolean, reboots: number): string | null {
  if (isRoot) return 'Exit code 194 asks for a reboot, and a root file system has no boot.';
  if (reboots < mostReboots) return null;
  return `Exit code 194 asks for a reboot, and the machine was rebooted ${reboots} times for this command.`;
}

/** Reboots where that has not happened yet, then runs the step again that asked for it, and what follows. */
async function goOnAfterReboot(parts: ExecutionParts, entry: JournalEntry, signal: AbortSignal): Promise<void> {
  const { ledger, now } = parts;
  const { commandId, reboot, openStep } = entry;
  if (reboot === null || openStep === null) return;
  const end = await awaitReboot(parts, reboot.bootId, commandId, signal);
  if (end.kind === 'stopped') return;
  const decision = decide(parts, entry);
  if (end.kind === 'refused' || decision.kind !== 'document') {
    const reason = end.kind === 'refused' ? end.problem : 'After the reboot the command may not run here any more';
    const outputs = [reboot.standardOutput, `${reboot.standardError}\n${reason}\n`] as const;
    const at = now().toISOString();
    ledger.closeStep(commandId, makeStep(openStep, 'Failed', rebootExitCode, ...outputs, openStep.startedAt, at));
    ledger.finish(commandId, { status: 'Failed', trace: reason });
    await removeWorkFiles(parts, commandId);
    return;
  }
  ledger.closeReboot(commandId);
  await runSteps(parts, commandId, decision, { ...reboot, startedAt: openStep.startedAt }, signal);
}

/** A shell step died with the agent, and nothing can tell what it did: it must not run twice. */
async function endInterrupted(parts: ExecutionParts, entry: JournalEntry): Promise<void> {
  const { ledger, now, log } = parts;
  const { commandId, openStep } = entry;
  const reason =
    openStep === null
      ? 'The agent ended between two steps of this command; the remaining steps were not run.'
      : `The agent ended while the step ${openStep.name} ran. How far it came is unknown, and it is not run again.`;
  if (openStep !== null) {
    ledger.closeStep(commandId, makeStep(openStep, 'Failed', 1, '', reason, openStep.startedAt, now().toISOString()));
  }
  ledger.finish(commandId, { status: 'Failed', trace: reason });
  log({ level: 'warning', message: `${reason} (command ${commandId})` });
  await removeWorkFiles(parts, commandId);
}

function makeStep(
  { name, action }: { readonly name: string; readonly action: string },
  status: EndStatus,
  code: number,
  standardOutput: string,
  standardError: string,
  startedAt: string,
  endedAt: string,
): StepResult {
  return { name, action, status, code, standardOutput, standardError, startedAt, endedAt };
}
