import type { PatchRunEnd, PatchRunOrder } from '../patch-run.ts';
import { rebootExitCode } from '../patch-run.ts';
import type { PatchRunQueue } from '../patch-run-queue.ts';
import { awaitReboot, type RebootParts } from './await-reboot.ts';
import type { CommandLedger } from './command-ledger.ts';

export interface SettleParts extends RebootParts {
  readonly ledger: CommandLedger;
  readonly runs: PatchRunQueue;
}

/** A patcher that is gone without a result goes on at its checkpoint; one that is gone again and again has a fault. */
const mostRestartsAfterLoss = 2;
/** These and the one after a reboot. */
const mostRestarts = 4;

/**
 * Takes a run of the patcher to the end that is reported: starts it again where it was lost, and where it asked for a
 * reboot, reboots and lets it go on. The step stays open all the while, so the command stays InProgress. `order` is given
 * where an earlier agent was to start the run: what it certainly did not start is started now.
 */
export async function settlePatchRun(
  parts: SettleParts,
  commandId: string,
  first: PatchRunEnd,
  signal: AbortSignal,
  order: PatchRunOrder | null = null,
): Promise<PatchRunEnd> {
  const { ledger, runs, log, rebooter, timers } = parts;
  const restart = async (reboot: Parameters<PatchRunQueue['restart']>[1]): Promise<PatchRunEnd> => {
    ledger.countRestart(commandId);
    return await runs.restart(ledger.find(commandId)?.runId ?? commandId, reboot, signal, order);
  };
  let end = first;
  for (;;) {
    const entry = ledger.find(commandId);
    if (entry === null || end.kind === 'detached') return end;
    const isLost = end.kind === 'vanished' || (end.kind === 'not-started' && (order !== null || entry.restarts > 0));
    if (isLost && entry.restarts < mostRestartsAfterLoss) {
      log({ level: 'warning', message: `The patcher of ${commandId} was lost; it is started again and goes on.` });
      end = await restart(null);
      continue;
    }
    if (end.kind !== 'finished' || end.exitCode !== rebootExitCode || entry.restarts >= mostRestarts) return end;
    const requestedAt = entry.reboot?.requestedAt ?? timers.now().toISOString();
    const bootId = entry.reboot?.bootId ?? rebooter?.readBootId() ?? '';
    if (entry.reboot === null) {
      ledger.openReboot(commandId, { bootId, requestedAt, standardOutput: '', standardError: '' });
    }
    if (entry.isCancelled) {
      end = await restart({ bootId, requestedAt, problem: 'The command was cancelled' });
      continue;
    }
    const reboot = await awaitReboot(parts, bootId, commandId, signal);
    if (reboot.kind === 'stopped') return { kind: 'detached' };
    if (reboot.kind === 'rebooted') log({ level: 'info', message: `Rebooted; going on with ${commandId}.` });
    end = await restart({ bootId, requestedAt, problem: reboot.kind === 'refused' ? reboot.problem : null });
  }
}
