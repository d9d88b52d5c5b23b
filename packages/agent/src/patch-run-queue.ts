import type { PatchRunEnd, PatchRunOrder, PatchRuns, RebootNote } from './patch-run.ts';

/** Lets one run of the patcher happen at a time: two would wait for the same locks of the package manager. */
export interface PatchRunQueue {
  /**
   * Waits for the runs before it, then starts and waits. `mayStart` is asked right before it can have an effect; where
   * it says no the end is `not-started`, and `detached` where we are stopped before.
   */
  perform(request: PatchRunOrder, signal: AbortSignal, mayStart?: () => boolean): Promise<PatchRunEnd>;
  /** Waits for a run that an earlier agent started. */
  resume(runId: string, signal: AbortSignal): Promise<PatchRunEnd>;
  /** Starts the patcher of an ended run once more, after the runs before it, and waits. */
  restart(
    runId: string,
    reboot: RebootNote | null,
    signal: AbortSignal,
    request?: PatchRunOrder | null,
  ): Promise<PatchRunEnd>;
  requestCancel(runId: string): void;
}

export function createPatchRunQueue(runs: PatchRuns): PatchRunQueue {
  let last: Promise<unknown> = Promise.resolve();
  const startInTurn = (runId: string, start: () => boolean, signal: AbortSignal): Promise<PatchRunEnd> => {
    const result = last.then(async (): Promise<PatchRunEnd> => {
      for (const other of runs.listUnfinished()) await runs.awaitRun(other, signal);
      if (signal.aborted) return { kind: 'detached' };
      if (!start()) return { kind: 'not-started' };
      return await runs.awaitRun(runId, signal);
    });
    last = result.catch(() => undefined);
    return result;
  };
  return {
    perform(request, signal, mayStart = () => true) {
      const start = () => {
        const isAllowed = mayStart();
        if (isAllowed) runs.start(request);
        return isAllowed;
      };
      return startInTurn(request.runId, start, signal);
    },
    restart(runId, reboot, signal, request) {
      const start = () => {
        runs.restart(runId, reboot, request);
        return true;
      };
      return startInTurn(runId, start, signal);
    },
    resume: (runId, signal) => runs.awaitRun(runId, signal),
    requestCancel: (runId) => runs.requestCancel(runId),
  };
}
