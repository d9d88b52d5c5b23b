import { hooksDocumentName } from '@patchbay/patching';
import type { PinnedKey } from '../authorization.ts';
import { type EndStatus, runDocument, type StepResult } from '../documents/index.ts';
import type { JournalEntry } from '../journal/index.ts';
import { describeError, type Log } from '../log.ts';
import type { Machine } from '../machine/index.ts';
import type { PatchRunEnd } from '../patch-run.ts';
import type { PatchRunQueue } from '../patch-run-queue.ts';
import { readNodePolicy } from '../policy/node-policy-file.ts';
import type { CommandLedger } from './command-ledger.ts';
import { type CommandDecision, decideCommand, patchStep } from './decide-command.ts';
import { resumeWithHooks, runWithHooks } from './patch-with-hooks.ts';

export interface ExecutionParts {
  readonly ledger: CommandLedger;
  readonly runs: PatchRunQueue;
  readonly machine: Machine;
  readonly instanceId: string;
  readonly signingKey: PinnedKey;
  readonly policyFile: string;
  /** The control plane's time where it is known to differ: expiry is judged by it. */
  readonly now: () => Date;
  readonly log: Log;
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
    const end = await parts.runs.resume(entry.runId, signal);
    finishPatch(parts, ledger.find(commandId) ?? entry, end);
  } else if (entry.startedAt !== null) endInterrupted(parts, entry);
  else if (entry.isCancelled) endCancelled(parts, commandId);
  else await begin(parts, entry, signal);
}

async function begin(parts: ExecutionParts, entry: JournalEntry, signal: AbortSignal): Promise<void> {
  const { instanceId, signingKey, policyFile, log } = parts;
  const { commandId, payload } = entry;
  const policy = readNodePolicy(policyFile);
  if (policy.problem !== null) {
    log({ level: 'warning', message: `The policy file is not followed, only patching is allowed: ${policy.problem}` });
  }
  const decision = decideCommand({ commandId, payload, instanceId, signingKey, policy, policyFile, now: parts.now() });
  switch (decision.kind) {
    case 'refuse':
      refuseCommand(parts, entry, decision);
      return;
    case 'patch':
      await patch(parts, entry, decision, signal);
      return;
    case 'hooks':
      await runWithHooks(parts, commandId, decision, signal);
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

async function patch(
  parts: ExecutionParts,
  entry: JournalEntry,
  decision: Extract<CommandDecision, { kind: 'patch' }>,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, runs, log, now } = parts;
  const { commandId } = entry;
  const { operation, rebootOption, snapshotId } = decision;
  const request = { runId: commandId, commandId, operation, rebootOption, snapshotId };
  const end = await runs.perform(request, signal, () => {
    // It may have been cancelled while it waited for another run.
    if (ledger.find(commandId)?.isCancelled === true) return false;
    log({ level: 'info', message: `Starting ${operation} for the command ${commandId}.` });
    ledger.start(commandId, commandId);
    ledger.openStep(commandId, { ...patchStep, startedAt: now().toISOString() });
    return true;
  });
  const left = ledger.find(commandId);
  if (left !== null && left.startedAt !== null) finishPatch(parts, left, end);
  else if (left?.isCancelled === true) endCancelled(parts, commandId);
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
    ledger.closeStep(commandId, makeStep(patchStep, status, code, standardOutput, standardError, startedAt, endedAt));
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
        message: `The patcher goes on with the command ${commandId}; the next start of the agent reports its result.`,
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
  { document, values, nested }: Extract<CommandDecision, { kind: 'document' }>,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, machine, log, now } = parts;
  log({ level: 'info', message: `Starting ${documentName} (${commandId}).` });
  ledger.start(commandId, null);
  const result = await runDocument({
    commandId,
    document,
    values,
    nested,
    machine,
    signal,
    isCancelled: () => ledger.find(commandId)?.isCancelled === true,
    now,
    onStepStarted: (step) => ledger.openStep(commandId, step),
    onStepFinished: (step) => ledger.closeStep(commandId, step),
  });
  ledger.finish(commandId, result);
  log({ level: 'info', message: `The command ${commandId} ended: ${result.status}.` });
  await removeScripts(parts, commandId);
}

/** Removed from inside: what runs in a root file system could have put a symlink where our own path leads. */
async function removeScripts({ machine, log }: ExecutionParts, commandId: string): Promise<void> {
  const directory = `${machine.workDirectory.inside}/documents/${commandId}`;
  try {
    await machine.run({ argv: ['rm', '-rf', '--', directory], timeoutSeconds: 60 });
  } catch (error) {
    log({ level: 'warning', message: `${directory} could not be removed: ${describeError(error)}` });
  }
}

/** A shell step died with the agent, and nothing can tell what it did: it must not run twice. */
function endInterrupted({ ledger, now, log }: ExecutionParts, entry: JournalEntry): void {
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
