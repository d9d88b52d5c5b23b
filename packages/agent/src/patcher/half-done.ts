import { randomUUID } from 'node:crypto';
import type { Machine } from '../machine/index.ts';
import { isDpkgCutOff } from './dpkg-journal.ts';
import { hasHalfDone, readDpkgStatus } from './installed-state.ts';
import { configurePending } from './transaction.ts';

export interface CompletionRequest {
  readonly machine: Machine;
  /** How long to wait for whoever holds dpkg's lock. */
  readonly waitSeconds: number;
  /** Names the record of a step, so that it is found again. */
  readonly recordNameOf: (step: string) => string;
  readonly report: (line: string) => void;
}

/**
 * Completes what an earlier transaction left half done. Answers why nothing else may be begun; null where it may.
 * @throws ParseError when dpkg's status cannot be read
 */
export async function completeHalfDone(request: CompletionRequest): Promise<string | null> {
  const { machine, waitSeconds, recordNameOf, report } = request;
  if (!(await isDpkgCutOff(machine)) && !hasHalfDone(await readDpkgStatus(machine))) return null;
  report('Completing what was left half done (dpkg --configure -a)');
  const attempt = randomUUID();
  const recordName = (number: number) => recordNameOf(`configure.${attempt}.${number}`);
  const end = await configurePending(machine, { waitSeconds, recordName }, report);
  if (end.isGood) return null;
  report(`  not all could be completed: ${end.message}`);
  // A package that cannot be configured keeps only its own group from going in, and a newer version may mend it.
  const isStuck = end.lockHolder !== null || (await isDpkgCutOff(machine));
  return isStuck ? `dpkg --configure -a, which comes first, did not go through: ${end.message}` : null;
}
