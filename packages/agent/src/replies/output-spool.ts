import { readFileSync, rmSync } from 'node:fs';
import { mostChunkBytes, OutputStream, UploadCommandOutput } from '@patchbay/contracts';
import { z } from 'zod';
import { type ControlPlaneClient, isAuthenticationError, isTransient } from '../client/index.ts';
import { capOutput, type StepResult } from '../documents/index.ts';
import { describeError, type Log } from '../log.ts';
import { readJsonFile, syncDirectory, writeFileDurably } from '../state/index.ts';
import type { Timers } from '../timers.ts';
import { openOutbox } from './outbox.ts';

/** An output on its way; its bytes are in the file of the same number that ends in `.text`. */
const SpooledOutput = z.object({ commandId: z.string(), stepName: z.string(), stream: OutputStream });
type SpooledOutput = z.infer<typeof SpooledOutput>;

/** Outputs that no reply can hold: on disk until the control plane has them whole. */
export interface OutputSpool {
  /** Puts long outputs of a step on disk and answers the step as a reply and the journal can hold it. */
  keep(commandId: string, step: StepResult): StepResult;
  /** Uploads what is there and what comes, until the signal is aborted. */
  deliver(signal: AbortSignal): Promise<void>;
  waiting(): number;
}

export interface OutputSpoolParts {
  readonly directory: string;
  readonly client: Pick<ControlPlaneClient, 'callPatchbay'>;
  readonly log: Log;
  readonly timers: Timers;
}

/** GetCommandInvocation shows 24,000 characters of stdout; what is shorter than this travels in the reply alone. */
const mostInlineCharacters = 50_000;

export function openOutputSpool(parts: OutputSpoolParts): OutputSpool {
  const { directory, log, timers } = parts;
  const outbox = openOutbox(directory, timers);
  const add = (output: SpooledOutput, text: string) => {
    const path = outbox.nextPath();
    writeFileDurably(`${path}.text`, text);
    writeFileDurably(`${path}.json`, JSON.stringify(output));
    outbox.announce();
  };

  return {
    keep(commandId, step) {
      const { standardOutput, standardError } = step;
      const kept = { ...step };
      if (standardOutput.length > mostInlineCharacters) {
        add({ commandId, stepName: step.name, stream: 'stdout' }, standardOutput);
        kept.standardOutput = capOutput(standardOutput, mostInlineCharacters);
        kept.standardOutputBytes = Buffer.byteLength(standardOutput);
      }
      if (standardError.length > mostInlineCharacters) {
        add({ commandId, stepName: step.name, stream: 'stderr' }, standardError);
        kept.standardError = capOutput(standardError, mostInlineCharacters);
        kept.standardErrorBytes = Buffer.byteLength(standardError);
      }
      return kept;
    },
    async deliver(signal) {
      await outbox.deliver({
        send: (path) => upload(parts, path.replace(/\.json$/, ''), signal),
        onChange: (failure) =>
          log(
            failure === null
              ? { level: 'info', message: 'Outputs get through again.' }
              : { level: 'warning', message: `An output is kept to be uploaded later: ${describeError(failure)}` },
          ),
        signal,
      });
    },
    waiting: () => outbox.list().length,
  };
}

/** Null when the output is off our hands; otherwise the error after which it stays. */
async function upload(
  { client, log, directory }: OutputSpoolParts,
  path: string,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    const output = readJsonFile(`${path}.json`, SpooledOutput);
    if (output !== null) await uploadParts(client, output, readFileSync(`${path}.text`), signal);
  } catch (error) {
    if (signal.aborted || isTransient(error) || isAuthenticationError(error)) return error;
    // The control plane wants it no more, or is too old for it, or the file is damaged: it must not hold up what follows.
    log({ level: 'warning', message: `An output was given up: ${describeError(error)}` });
  }
  rmSync(`${path}.json`, { force: true });
  rmSync(`${path}.text`, { force: true });
  syncDirectory(directory);
  return null;
}

async function uploadParts(
  client: Pick<ControlPlaneClient, 'callPatchbay'>,
  output: SpooledOutput,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<void> {
  let startByte = 0;
  while (startByte < bytes.length) {
    const content = bytes.subarray(startByte, startByte + mostChunkBytes).toString('base64');
    const { nextByte, isFull } = await client.callPatchbay(
      UploadCommandOutput,
      { ...output, startByte, content },
      { signal, attempts: 1 },
    );
    // The control plane has more than we knew, after a restart, or less, after a restore: it says where to go on.
    if (isFull || nextByte === startByte) return;
    startByte = nextByte;
  }
}
