import { mostOutputBytes } from '@patchbay/contracts';
import type { ParameterValues } from '@patchbay/patching';
import { type CommandDocument, environmentVariableName, substituteParameters } from '@patchbay/patching';
import { z } from 'zod';
import { type CommandOutput, defaultEnvironment, type Machine, MachineError } from '../machine/index.ts';
import { markLoss, type StepResult } from './step-result.ts';

/** A parameter that is all of a line brings its own type along. */
const Line = z.union([z.string(), z.union([z.number(), z.boolean()]).transform(String)]);

/** Inputs of aws:runShellScript after parameters were written in. */
const ShellInputs = z.object({
  runCommand: z.union([z.string(), z.array(Line)]),
  timeoutSeconds: z
    .union([z.number(), z.string().regex(/^\s*\d{1,6}\s*$/)])
    .transform(Number)
    .pipe(z.number().int().min(1).max(172_800))
    .default(3600),
  workingDirectory: z.string().default(''),
});

/** 128 + SIGKILL, which the protocol has for what was ended by force. */
const killedExitCode = 137;
/** With room for what is said below an output. */
const outputLimitBytes = mostOutputBytes - 10_000;

/**
 * Parameters: script, working directory, then what runs it. Only root may read the script: it can hold parameters that
 * are nobody else's business.
 */
const launchScript = 'chmod 700 -- "$1" && cd -- "$2" && shift 2 && exec "$@"';

export interface ShellStepRequest {
  readonly document: CommandDocument;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly values: ParameterValues;
  /** Of the script below the work directory. */
  readonly scriptPath: string;
  readonly signal: AbortSignal;
}

export type StepOutcome = Pick<StepResult, 'status' | 'code' | 'standardOutput' | 'standardError'>;

/** Runs one aws:runShellScript step in a machine. An input that makes no sense is a failed step and never an exception. */
export async function runShellStep(machine: Machine, request: ShellStepRequest): Promise<StepOutcome> {
  const { text, environment } = splitByInterpolation(request.document, request.values);
  const inputs = ShellInputs.safeParse(substituteParameters(request.inputs, text));
  if (!inputs.success) {
    const [issue] = inputs.error.issues;
    return failedOutcome(`The input ${issue?.path.join('.') ?? ''} of the step is wrong: ${issue?.message ?? ''}`);
  }
  const { runCommand, timeoutSeconds, workingDirectory } = inputs.data;
  const script = `${[runCommand].flat().join('\n')}\n`;
  try {
    const inside = await machine.writeWorkFile(request.scriptPath, script);
    const runner = script.startsWith('#!') ? [inside] : ['/bin/sh', inside];
    const output = await machine.run({
      argv: ['/bin/sh', '-c', launchScript, 'sh', inside, workingDirectory || '/', ...runner],
      environment: { ...defaultEnvironment, HOME: '/root', ...environment },
      timeoutSeconds,
      outputLimitBytes,
      signal: request.signal,
    });
    return readOutcome(output, timeoutSeconds);
  } catch (error) {
    if (!(error instanceof MachineError)) throw error;
    return failedOutcome(`The step could not be run: ${error.message}`);
  }
}

export function failedOutcome(reason: string): StepOutcome {
  return { status: 'Failed', code: 1, standardOutput: '', standardError: reason };
}

/** ENV_VAR parameters go into the environment only: their text never becomes part of a script (SSM user guide). */
function splitByInterpolation(
  document: CommandDocument,
  values: ParameterValues,
): { text: ParameterValues; environment: Record<string, string> } {
  const isVariable = (name: string) => document.parameters[name]?.interpolationType === 'ENV_VAR';
  const entries = Object.entries(values);
  return {
    text: Object.fromEntries(entries.filter(([name]) => !isVariable(name))),
    environment: Object.fromEntries(
      entries
        .filter(([name]) => isVariable(name))
        .map(([name, value]) => [
          environmentVariableName(name),
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
    ),
  };
}

/** Which of the two streams was cut off: a machine says only that one was. */
function isFull(text: string): boolean {
  return Buffer.byteLength(text) >= outputLimitBytes - 4;
}

function readOutcome(output: CommandOutput, timeoutSeconds: number): StepOutcome {
  const standardOutput = markLoss(output.stdout, output.isTruncated && isFull(output.stdout));
  const standardErrorText = markLoss(output.stderr, output.isTruncated && isFull(output.stderr));
  const withNote = (note: string) => ({
    standardOutput,
    standardError: `${standardErrorText}${standardErrorText === '' || standardErrorText.endsWith('\n') ? '' : '\n'}${note}\n`,
  });
  if (output.isTimedOut) {
    return { status: 'TimedOut', code: killedExitCode, ...withNote(`Ended after ${timeoutSeconds} seconds.`) };
  }
  if (output.isAborted) {
    return { status: 'Failed', code: killedExitCode, ...withNote('Ended because the agent was stopped.') };
  }
  if (output.exitCode === null) {
    const how = output.signal === null ? 'in an unknown way' : `by ${output.signal}`;
    return { status: 'Failed', code: killedExitCode, ...withNote(`The script was ended ${how}.`) };
  }
  const status = output.exitCode === 0 || output.exitCode === exitDocumentWithSuccess ? 'Success' : 'Failed';
  return { status, code: output.exitCode, standardOutput, standardError: standardErrorText };
}

/** AWS's exit codes that end the whole document (run-command guide, "Handling reboots and exit codes"). */
export const exitDocumentWithSuccess = 168;
export const exitDocumentWithFailure = 169;
