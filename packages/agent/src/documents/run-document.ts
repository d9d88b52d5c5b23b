import type { CommandDocument, DocumentStep, ParameterValues } from '@patchbay/patching';
import { substituteParameters } from '@patchbay/patching';
import type { Machine } from '../machine/index.ts';
import {
  exitDocumentWithFailure,
  exitDocumentWithSuccess,
  failedOutcome,
  runShellStep,
  type StepOutcome,
} from './shell-step.ts';
import { combineStatuses, type DocumentResult, type StepResult } from './step-result.ts';

export interface DocumentRun {
  readonly commandId: string;
  readonly document: CommandDocument;
  /** As `resolveParameters` gave them. */
  readonly values: ParameterValues;
  readonly machine: Machine;
  /** Ends the running step: the agent stops. */
  readonly signal: AbortSignal;
  /** Looked at before every step. */
  readonly isCancelled: () => boolean;
  readonly now: () => Date;
  /** Told before a step can have any effect. */
  readonly onStepStarted: (step: Pick<StepResult, 'name' | 'action' | 'startedAt'>) => void;
  readonly onStepFinished: (result: StepResult) => void;
}

/** Plugins that exist on Windows only: a 2.2 document skips them elsewhere, even without a precondition. */
const windowsPlugins = new Set([
  'aws:psModule',
  'aws:domainJoin',
  'aws:applications',
  'aws:cloudWatch',
  'aws:updateAgent',
]);

/**
 * Runs the steps of a 2.2 document one after another. A failed step does not stop later ones unless its inputs say so;
 * a `finallyStep` runs whatever ended the document before it, except a cancellation.
 */
export async function runDocument(run: DocumentRun): Promise<DocumentResult> {
  const steps: StepResult[] = [];
  let isEnded = false;
  for (const [index, step] of run.document.mainSteps.entries()) {
    const startedAt = run.now().toISOString();
    const finish = (outcome: StepOutcome): StepResult => {
      const result = { name: step.name, action: step.action, ...outcome, startedAt, endedAt: run.now().toISOString() };
      steps.push(result);
      run.onStepFinished(result);
      return result;
    };
    const notRun = explainNotRun(run, step, isEnded);
    if (notRun !== null) {
      finish(notRun);
      continue;
    }
    run.onStepStarted({ name: step.name, action: step.action, startedAt });
    const outcome = await runStep(run, step, index);
    const { onFailure, onSuccess } = step.inputs;
    const hasFailed = outcome.status === 'Failed' || outcome.status === 'TimedOut';
    const countsAsSuccess = outcome.status === 'Failed' && onFailure === 'successAndExit';
    finish(countsAsSuccess ? { ...outcome, status: 'Success' } : outcome);
    isEnded ||=
      (hasFailed && onFailure !== undefined) ||
      (outcome.status === 'Success' && onSuccess === 'exit') ||
      outcome.code === exitDocumentWithSuccess ||
      outcome.code === exitDocumentWithFailure;
  }
  return { status: combineStatuses(steps), trace: '', steps };
}

function explainNotRun(run: DocumentRun, step: DocumentStep, isEnded: boolean): StepOutcome | null {
  const note = (status: 'Cancelled' | 'Skipped' | 'Failed', reason: string): StepOutcome => ({
    status,
    code: status === 'Cancelled' ? 137 : 0,
    standardOutput: reason,
    standardError: '',
  });
  if (run.signal.aborted) return failedOutcome('Not run: the agent was stopped before this step.');
  if (run.isCancelled()) return note('Cancelled', 'Not run: the command was cancelled.');
  const { finallyStep } = step.inputs;
  if (isEnded && finallyStep !== true && finallyStep !== 'true') {
    return note('Skipped', 'Not run: an earlier step ended the document.');
  }
  if (!isPreconditionMet(step, run.values)) {
    return note(
      'Skipped',
      `Not run: the precondition ${step.precondition?.StringEquals.join(' = ') ?? ''} is not met.`,
    );
  }
  if (windowsPlugins.has(step.action)) return note('Skipped', `Not run: ${step.action} is for Windows.`);
  return null;
}

/** SSM user guide, "precondition": StringEquals over platformType or a parameter. */
function isPreconditionMet(step: DocumentStep, values: ParameterValues): boolean {
  if (step.precondition === undefined) return true;
  const [left, right] = step.precondition.StringEquals.map((operand) =>
    operand === 'platformType' ? 'Linux' : substituteParameters(operand, values),
  );
  return left === right;
}

async function runStep(run: DocumentRun, step: DocumentStep, index: number): Promise<StepOutcome> {
  if (step.action !== 'aws:runShellScript') {
    return failedOutcome(`This agent cannot run ${step.action}; it knows aws:runShellScript.`);
  }
  return await runShellStep(run.machine, {
    document: run.document,
    inputs: step.inputs,
    values: run.values,
    scriptPath: `documents/${run.commandId}/${index}/script`,
    signal: run.signal,
  });
}
