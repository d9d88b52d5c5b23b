import type { Log } from '../log.ts';
import type { Rebooter } from '../machine/index.ts';
import type { Timers } from '../timers.ts';

export interface RebootParts {
  /** Null where the node is a root file system. */
  readonly rebooter: Rebooter | null;
  readonly timers: Pick<Timers, 'now' | 'sleep'>;
  readonly log: Log;
}

export type RebootEnd =
  | { readonly kind: 'rebooted' }
  | { readonly kind: 'refused'; readonly problem: string }
  /** We are being stopped, by the reboot or by somebody else: the next start finds out which. */
  | { readonly kind: 'stopped' };

const patienceMinutes = 10;
const lookMilliseconds = 5_000;

/** Asks for a reboot that is in the journal already, unless it has happened, and waits until it ends us. */
export async function awaitReboot(
  { rebooter, timers, log }: RebootParts,
  bootId: string,
  commandId: string,
  signal: AbortSignal,
): Promise<RebootEnd> {
  if (rebooter === null) return { kind: 'refused', problem: 'A root file system has no boot' };
  const hasHappened = () => rebooter.readBootId() !== bootId;
  if (hasHappened()) return { kind: 'rebooted' };
  if (signal.aborted) return { kind: 'stopped' };
  log({ level: 'warning', message: `Rebooting the machine, as the command ${commandId} asks for.` });
  const refusal = await rebooter.request();
  if (refusal !== null) return { kind: 'refused', problem: `The machine refused to reboot: ${refusal}` };
  for (let waited = 0; waited < patienceMinutes * 60_000; waited += lookMilliseconds) {
    await timers.sleep(lookMilliseconds, signal);
    if (hasHappened()) return { kind: 'rebooted' };
    if (signal.aborted) return { kind: 'stopped' };
  }
  const problem = `The machine was told to reboot and ${patienceMinutes} minutes later still runs the same boot`;
  log({ level: 'error', message: `${problem} (command ${commandId}).` });
  return { kind: 'refused', problem };
}
