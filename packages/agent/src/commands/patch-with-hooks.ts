import { decideHookStep, type HookStep } from '@patchbay/patching';
import { runNestedDocument, type StepResult } from '../documents/index.ts';
import type { JournalEntry } from '../journal/index.ts';
import type { PatchRunEnd } from '../patch-run.ts';
import { CommandPayload, parsePayload } from './command-message.ts';
import { type HooksRequest, readHooksRequest } from './decide-command.ts';
import type { ExecutionParts } from './execute-command.ts';
import { openDownloads } from './open-downloads.ts';
import { removeWorkFiles } from './remove-work-files.ts';
import { settlePatchRun } from './settle-patch-run.ts';

type Outcome = Pick<StepResult, 'status' | 'code' | 'standardOutput' | 'standardError' | 'counts'>;

/** The id of the run of the patcher that carries out a step; it can be started once. */
function runIdOf(commandId: string, step: HookStep): string {
  return `${commandId}-${step.name}`;
}

/** Carries out AWS-RunPatchBaselineWithHooks step by step; the journal says at any moment which have ended. */
export async function runWithHooks(
  parts: ExecutionParts,
  commandId: string,
  request: HooksRequest,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, log, now } = parts;
  if (ledger.find(commandId)?.startedAt === null) {
    log({ level: 'info', message: `Starting ${request.operation} with hooks for the command ${commandId}.` });
    ledger.start(commandId, null);
  }
  for (;;) {
    const entry = ledger.find(commandId);
    if (entry === null || entry.final !== null) return;
    const decision = decideHookStep(request, entry.steps);
    if (decision.kind === 'end') break;
    const { step } = decision;
    const at = now().toISOString();
    const about = { name: step.name, action: actionOf(step), startedAt: at };
    const close = (outcome: Outcome) =>
      ledger.closeStep(commandId, { ...about, ...outcome, endedAt: now().toISOString() });
    if (entry.isCancelled) close({ ...ended('Cancelled', 'Not run: the command was cancelled.'), code: 137 });
    else if (decision.kind === 'skip') close(ended('Skipped', `Not run: ${decision.reason}`));
    else if (step.kind === 'evaluate') close(ended('Success', ''));
    else if (step.kind === 'hook') {
      ledger.openStep(commandId, about);
      close(await runHook(parts, commandId, request, step.name, signal));
    } else {
      const end = await patchStep(parts, commandId, request, step, signal);
      if (end.kind === 'detached') return;
      close(outcomeOf(end, ledger.find(commandId)?.isCancelled === true));
    }
  }
  ledger.finish(commandId);
  log({ level: 'info', message: `The command ${commandId} ended.` });
  await removeWorkFiles(parts, commandId);
}

/**
 * Goes on after a restart: waits for a patcher that went on, and takes a hook that ran for failed, since nobody can tell
 * how far it came.
 */
export async function resumeWithHooks(parts: ExecutionParts, entry: JournalEntry, signal: AbortSignal): Promise<void> {
  const { ledger, runs, now } = parts;
  const { commandId, openStep } = entry;
  const payload = parsePayload(entry.payload, CommandPayload);
  const request = payload === null ? null : readHooksRequest(payload);
  if (request === null) {
    ledger.finish(commandId, { status: 'Failed', trace: 'The command cannot be read any more.' });
    return;
  }
  if (openStep !== null) {
    const decision = decideHookStep(request, entry.steps);
    const close = (outcome: Outcome) =>
      ledger.closeStep(commandId, { ...openStep, ...outcome, endedAt: now().toISOString() });
    if (decision.kind === 'run' && decision.step.kind === 'patch') {
      const resumed = await runs.resume(runIdOf(commandId, decision.step), signal);
      const end = await settlePatchRun(parts, commandId, resumed, signal);
      if (end.kind === 'detached') return;
      close(outcomeOf(end, entry.isCancelled));
    } else {
      const reason = 'The agent ended while this step ran. How far it came is unknown, and it is not run again.';
      close({ status: 'Failed', code: 1, standardOutput: '', standardError: reason });
    }
  }
  await runWithHooks(parts, commandId, request, signal);
}

function actionOf(step: HookStep): string {
  return step.kind === 'hook' ? 'aws:runDocument' : 'aws:runShellScript';
}

function ended(status: StepResult['status'], standardOutput: string): Outcome {
  return { status, code: 0, standardOutput, standardError: '' };
}

async function runHook(
  parts: ExecutionParts,
  commandId: string,
  { hookNames, nested }: HooksRequest,
  stepName: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { machine, ledger, now } = parts;
  const run = {
    commandId,
    nested,
    machine,
    downloads: openDownloads(parts),
    path: [[...hookNames.keys()].indexOf(stepName)],
    signal,
    isCancelled: () => ledger.find(commandId)?.isCancelled === true,
    now,
    rebootRefusal: 'A hook cannot reboot the machine: patching does, where it is needed.',
    onStepStarted: () => {},
    onStepFinished: () => {},
  };
  return await runNestedDocument(run, hookNames.get(stepName) ?? '', {});
}

async function patchStep(
  parts: ExecutionParts,
  commandId: string,
  { snapshotId }: HooksRequest,
  step: Extract<HookStep, { readonly kind: 'patch' }>,
  signal: AbortSignal,
): Promise<PatchRunEnd> {
  const { runs, ledger, now } = parts;
  const runId = runIdOf(commandId, step);
  const { operation, rebootOption, name: stepName } = step;
  const order = { runId, commandId, stepName, operation, rebootOption, snapshotId };
  const end = await runs.perform(order, signal, () => {
    if (ledger.find(commandId)?.isCancelled === true) return false;
    ledger.openStep(commandId, { name: stepName, action: actionOf(step), startedAt: now().toISOString() }, runId);
    return true;
  });
  return end.kind === 'not-started' ? end : await settlePatchRun(parts, commandId, end, signal);
}

function outcomeOf(end: Exclude<PatchRunEnd, { readonly kind: 'detached' }>, isCancelled: boolean): Outcome {
  const failure = isCancelled ? 'Cancelled' : 'Failed';
  switch (end.kind) {
    case 'finished': {
      const { exitCode: code, standardOutput, standardError, counts } = end;
      return { status: code === 0 ? 'Success' : failure, code, standardOutput, standardError, counts };
    }
    case 'vanished':
      return {
        status: 'Failed',
        code: 1,
        standardOutput: end.standardOutput,
        standardError: `${end.standardError}\nThe patcher ended without a result. How far it came is unknown; a Scan shows what is there now.\n`,
      };
    case 'not-started':
      return { ...ended(failure, ''), code: 1, standardError: 'The patcher was not started.' };
  }
}
