import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComponentDocument } from '@patchbay/patching';
import type { ComponentRunResult } from '../run-component-phase.ts';
import type { ComponentLine } from '../step-log.ts';
import { describeLine } from './describe-run.ts';

/** The folder that a run leaves behind, with the file names of AWSTOE. */
export interface LogDirectory {
  readonly path: string;
  write(line: ComponentLine): void;
  /** Null where the run was stopped. */
  finish(result: ComponentRunResult | null, endedAt: Date): void;
}

const onlyOwner = { mode: 0o600, flag: 'wx' } as const;

/**
 * Makes `TOE_<time>_UTC-0_<id>` in a directory. Only its owner may read it: what steps print and answer can hold secrets.
 * Inputs stand in it as the document has them, with references and not with their values.
 */
export function openLogDirectory(
  directory: string,
  run: { readonly document: ComponentDocument; readonly text: string; readonly startedAt: Date },
): LogDirectory {
  const executionId = randomUUID();
  const time = run.startedAt.toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '-');
  const path = join(directory, `TOE_${time}_UTC-0_${executionId}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(join(path, 'document.yaml'), run.text, onlyOwner);
  writeFileSync(join(path, 'console.log'), '', onlyOwner);
  return {
    path,
    write: (line) => appendFileSync(join(path, 'console.log'), `${describeLine(line)}\n`),
    finish(result, endedAt) {
      const times = { startTime: run.startedAt.toISOString(), endTime: endedAt.toISOString() };
      const outcome = { executionId, status: result?.status ?? 'Stopped', ...times };
      const detailed = { ...outcome, documents: [describeDocument(run.document, result, outcome)] };
      writeFileSync(join(path, 'detailedoutput.json'), `${JSON.stringify(detailed, null, 2)}\n`, onlyOwner);
      writeFileSync(join(path, 'chaining.json'), `${JSON.stringify(findOutputs(result), null, 2)}\n`, onlyOwner);
    },
  };
}

function describeDocument(document: ComponentDocument, result: ComponentRunResult | null, outcome: object) {
  return {
    ...outcome,
    name: document.name,
    description: document.description,
    phases: (result?.phases ?? []).map(({ name, status, steps }) => ({
      name,
      status,
      steps: steps.map((step) => {
        const written = document.phases
          .find((each) => each.name === name)
          ?.steps.find((each) => each.name === step.step);
        const time = result?.times.find((each) => each.phase === name && each.step === step.step);
        return {
          name: step.step,
          action: written?.action,
          status: step.status,
          failureMessage: step.failureMessage,
          failedIterations: step.failedIterations,
          attempts: step.attempts,
          maxAttempts: written?.maxAttempts,
          timeoutSeconds: written?.timeoutSeconds ?? -1,
          onFailure: written?.onFailure,
          startTime: time?.startedAt.toISOString() ?? null,
          endTime: time?.endedAt.toISOString() ?? null,
          inputs: written?.inputs,
          outputs: step.outputs,
        };
      }),
    })),
  };
}

/** What references to outputs stand for, by their text without braces. */
function findOutputs(result: ComponentRunResult | null): Record<string, string> {
  const values = new Map<string, string>();
  for (const { name, steps } of result?.phases ?? []) {
    for (const { step, outputs } of steps) {
      for (const [index, members] of (outputs ?? []).entries()) {
        for (const [member, value] of Object.entries(members)) {
          values.set(`${name}.${step}.outputs[${index}].${member}`, value);
        }
      }
    }
  }
  return Object.fromEntries(values);
}
