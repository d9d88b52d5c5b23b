import type { CommandDocument, DocumentStep, NestedDocuments, ParameterValues } from '@patchbay/patching';
import {
  findStoreReferences,
  readDocumentParameters,
  resolveParameters,
  substituteParameters,
} from '@patchbay/patching';
import { z } from 'zod';
import type { Machine } from '../machine/index.ts';
import { rebootExitCode } from '../patch-run.ts';
import { type Downloads, downloadContent } from './download-content.ts';
import { readLocalDocument } from './local-document.ts';
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
  /** What its steps may run, as the control plane signed it together with the command. */
  readonly nested: NestedDocuments;
  readonly machine: Machine;
  readonly downloads: Downloads;
  /** Which steps lead here from the command's own document; empty or absent for that itself. */
  readonly path?: readonly number[];
  /** Ends the running step: the agent stops. */
  readonly signal: AbortSignal;
  /** Looked at before every step. */
  readonly isCancelled: () => boolean;
  readonly now: () => Date;
  /** Results of an earlier run of the document that a reboot ended: their steps are not run again. */
  readonly earlier?: readonly StepResult[];
  /** What the step after those printed before the reboot. */
  readonly interrupted?: InterruptedStep | null;
  /** Why exit code 194 is a failure here; null where it leads to a reboot and another run of the step. */
  readonly rebootRefusal: string | null;
  /** Told before a step can have any effect. */
  readonly onStepStarted: (step: Pick<StepResult, 'name' | 'action' | 'startedAt'>) => void;
  readonly onStepFinished: (result: StepResult) => void;
}

/** What a step printed before the reboot that it asked for. */
export type InterruptedStep = Pick<StepResult, 'startedAt' | 'standardOutput' | 'standardError'>;

export interface DocumentRunEnd extends DocumentResult {
  /** Where the step after `steps` ended with exit code 194: the machine is to be rebooted and that step run again. */
  readonly reboot: InterruptedStep | null;
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
export async function runDocument(run: DocumentRun): Promise<DocumentRunEnd> {
  const steps: StepResult[] = [];
  let isEnded = false;
  const { earlier = [], interrupted = null } = run;
  for (const [index, step] of run.document.mainSteps.entries()) {
    const known = earlier[index];
    if (known !== undefined) {
      steps.push(known);
      isEnded ||= endsDocument(step, known);
      continue;
    }
    const before = index === earlier.length ? interrupted : null;
    const startedAt = before?.startedAt ?? run.now().toISOString();
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
    const outcome = continueOutput(before, await runStep(run, step, index));
    if (outcome.code === rebootExitCode && run.rebootRefusal === null) {
      const { standardOutput, standardError } = outcome;
      return { status: 'Success', trace: '', steps, reboot: { startedAt, standardOutput, standardError } };
    }
    const countsAsSuccess = outcome.status === 'Failed' && step.inputs.onFailure === 'successAndExit';
    finish(countsAsSuccess ? { ...outcome, status: 'Success' } : outcome);
    isEnded ||= endsDocument(step, outcome);
  }
  return { status: combineStatuses(steps), trace: '', steps, reboot: null };
}

function endsDocument(step: DocumentStep, { status, code }: Pick<StepOutcome, 'status' | 'code'>): boolean {
  const { onFailure, onSuccess } = step.inputs;
  return (
    // A failure that counts as success keeps its exit code.
    ((status === 'Failed' || status === 'TimedOut') && onFailure !== undefined) ||
    (status === 'Success' && code !== 0 && onFailure === 'successAndExit') ||
    (status === 'Success' && onSuccess === 'exit') ||
    code === exitDocumentWithSuccess ||
    code === exitDocumentWithFailure
  );
}

/** A step that ran before a reboot and again after it printed in both. */
function continueOutput(before: DocumentRun['interrupted'], outcome: StepOutcome): StepOutcome {
  if (before === null || before === undefined) return outcome;
  return {
    ...outcome,
    standardOutput: before.standardOutput + outcome.standardOutput,
    standardError: before.standardError + outcome.standardError,
  };
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
    operand === 'platformType' ? 'Linux' : writeText(substituteParameters(operand, values)),
  );
  return left === right;
}

function writeText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function runStep(run: DocumentRun, step: DocumentStep, index: number): Promise<StepOutcome> {
  if (step.action === 'aws:runDocument') return await runNested(run, step, index);
  const path = [...(run.path ?? []), index].join('/');
  if (step.action === 'aws:downloadContent') {
    return await downloadContent(run.machine, run.downloads, {
      inputs: substituteParameters(step.inputs, run.values),
      nested: run.nested,
      directory: downloadDirectory(run),
      temporaryPath: `documents/${run.commandId}/${path}/content`,
      signal: run.signal,
    });
  }
  if (step.action !== 'aws:runShellScript') {
    return failedOutcome(
      `This agent cannot run ${step.action}; it knows aws:runShellScript, aws:runDocument and aws:downloadContent.`,
    );
  }
  const outcome = await runShellStep(run.machine, {
    document: run.document,
    inputs: step.inputs,
    values: run.values,
    scriptPath: `documents/${run.commandId}/${path}/script`,
    signal: run.signal,
  });
  if (outcome.code !== rebootExitCode || run.rebootRefusal === null) return outcome;
  return { ...outcome, standardError: `${outcome.standardError}\n${run.rebootRefusal}\n` };
}

/** How deep documents may run documents (SSM user guide, aws:runDocument). */
const deepestNesting = 3;

const NestedInputs = z.object({
  documentType: z.enum(['SSMDocument', 'LocalPath']),
  documentPath: z.string(),
  documentParameters: z.unknown().optional(),
});

/** What the steps of a command download, until the command has ended. */
function downloadDirectory({ machine, commandId }: Pick<DocumentRun, 'machine' | 'commandId'>): string {
  return `${machine.workDirectory.inside}/documents/${commandId}/downloads`;
}

async function runNested(run: DocumentRun, step: DocumentStep, index: number): Promise<StepOutcome> {
  const inputs = NestedInputs.safeParse(substituteParameters(step.inputs, run.values));
  if (!inputs.success) {
    const [issue] = inputs.error.issues;
    return failedOutcome(`The input ${issue?.path.join('.') ?? ''} of the step is wrong: ${issue?.message ?? ''}`);
  }
  const parameters = readDocumentParameters(inputs.data.documentParameters);
  if (parameters === null) return failedOutcome('The input documentParameters of the step is no JSON object.');
  const { documentType, documentPath } = inputs.data;
  const inner = { ...run, path: [...(run.path ?? []), index] };
  if (documentType === 'SSMDocument') return await runNestedDocument(inner, documentPath, parameters);
  const local = await readLocalDocument(run.machine, downloadDirectory(run), documentPath);
  return 'problem' in local ? failedOutcome(local.problem) : await runInner(inner, documentPath, local, parameters);
}

/** Runs a document that came along with the command as one step: its outputs are those of its steps, one after another. */
export async function runNestedDocument(
  run: Omit<DocumentRun, 'document' | 'values'>,
  name: string,
  parameters: Readonly<Record<string, readonly string[]>>,
): Promise<StepOutcome> {
  const document = run.nested.get(name);
  if (document === undefined) return failedOutcome(`The control plane did not sign the document ${name} along.`);
  return await runInner(run, name, document, parameters);
}

/** After a reboot the step of the outer document would begin anew, and with it every step of this one. */
const nestedRebootRefusal =
  'Exit code 194 asks for a reboot, which only a step of the document that was sent can have.';

async function runInner(
  run: Omit<DocumentRun, 'document' | 'values'>,
  name: string,
  document: CommandDocument,
  parameters: Readonly<Record<string, readonly string[]>>,
): Promise<StepOutcome> {
  if ((run.path ?? []).length > deepestNesting) {
    return failedOutcome(`${name} is nested deeper than ${deepestNesting} documents.`);
  }
  const resolved = resolveParameters(document, parameters);
  if (!resolved.ok) return failedOutcome(resolved.problems.map(({ message }) => message).join('; '));
  // The control plane has looked at what it sent, and not at what was downloaded.
  const storeReferences = findStoreReferences(document, resolved.values);
  if (storeReferences.length > 0) return failedOutcome(storeReferences.join('; '));
  const { status, steps } = await runDocument({
    ...run,
    earlier: [],
    interrupted: null,
    rebootRefusal: run.rebootRefusal ?? nestedRebootRefusal,
    document,
    values: resolved.values,
    onStepStarted: () => {},
    onStepFinished: () => {},
  });
  const decisive = steps.find((each) => each.status === status) ?? steps.at(-1);
  const join = (stream: 'standardOutput' | 'standardError') =>
    steps.map((each) => (steps.length > 1 && each[stream] ? `${each.name}:\n${each[stream]}` : each[stream])).join('');
  return {
    status: status === 'Skipped' ? 'Success' : status,
    // For the outer document the refused code must not ask again.
    code: decisive?.code === rebootExitCode && run.rebootRefusal === null ? 1 : (decisive?.code ?? 0),
    standardOutput: join('standardOutput'),
    standardError: join('standardError'),
  };
}
