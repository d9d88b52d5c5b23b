import { z } from 'zod';
import { readJsonFile, writeFileDurably } from './durable-file.ts';
import { ProcessIdentity, readProcessIdentity } from './process-identity.ts';
import type { StateDirectory } from './state-directory.ts';

/** That an agent has reported in: which version, as which process. */
export const OnlineNote = z.object({ agentVersion: z.string(), process: ProcessIdentity });
export type OnlineNote = z.infer<typeof OnlineNote>;

/** Null where no agent ever reported in from this directory. */
export function readOnlineNote(state: Pick<StateDirectory, 'onlineFile'>): OnlineNote | null {
  return readJsonFile(state.onlineFile, OnlineNote);
}

/** Writes down that this process has reported in. */
export function writeOnlineNote(state: Pick<StateDirectory, 'onlineFile'>, agentVersion: string): void {
  const note = { agentVersion, process: readProcessIdentity(process.pid) };
  writeFileDurably(state.onlineFile, `${JSON.stringify(note)}\n`);
}
