import { join } from 'node:path';
import { CompletePatchOperation } from '@patchbay/contracts';
import type { z } from 'zod';
import { type CallOptions, ServerError } from '../client/index.ts';
import { readJsonFile, writeFileDurably } from '../state/index.ts';
import type { ServerCalls } from './submit-facts.ts';

/** What was done, as the control plane is told. */
export const Completion = CompletePatchOperation.input;
export type Completion = z.infer<typeof Completion>;

/**
 * What was done must be told, also when the control plane is away: for a day, every twenty seconds in the end. Until
 * then nothing was lost, and a run that is started again in its directory goes on telling.
 */
export const resultPatience: CallOptions = { patienceSeconds: 24 * 3600 };

const fileIn = (runDirectory: string) => join(runDirectory, 'completion.json');

/** What an earlier start of this run had to tell; null when it had not come so far. */
export function readCompletion(runDirectory: string): Completion | null {
  return readJsonFile(fileIn(runDirectory), Completion);
}

/** Writes down what is to be told, and tells it. The same again is answered the same: it counts once. */
export async function deliverCompletion(
  completion: Completion,
  { server, runDirectory }: { readonly server: ServerCalls; readonly runDirectory: string },
): Promise<z.output<(typeof CompletePatchOperation)['output']>> {
  writeFileDurably(fileIn(runDirectory), JSON.stringify(completion));
  return await server.callPatchbay(CompletePatchOperation, completion, resultPatience);
}

/** Whether the control plane wants newer facts with it: others were handed in since. */
export function isOutdated(error: unknown): boolean {
  return error instanceof ServerError && error.code === 'ValidationException';
}
