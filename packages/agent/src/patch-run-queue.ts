import type { PatchRunEnd, PatchRunOrder, PatchRuns } from './patch-run.ts';

/** Lets one run of the patcher happen at a time: two would wait for the same locks of the package manager. */
export interface PatchRunQueue {
  /**
   * Waits for the runs before it, then starts and waits. `mayStart` is asked right before it can have an effect; where
   * it says no the end is `not-started`, and `detached` where we are stopped before.
   */
  perform(request: PatchRunOrder, signal: AbortSignal, mayStart?: () => boolean): Promise<PatchRunEnd>;
  /** Waits for a run that an earlier agent started. */
  resume(runId: string, signal: AbortSignal): Promise<PatchRunEnd>;
  requestCancel(runId: string): void;
}

export function createPatchRunQueue(runs: PatchRuns): PatchRunQueue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    perform(request, signal, mayStart = () => true) {
      const result = last.then(async (): Promise<PatchRunEnd> => {
        for (const other of runs.listUnfinished()) await runs.awaitRun(other, signal);
        if (signal.aborted) return { kind: 'detached' };
        if (!mayStart()) return { kind: 'not-started' };
        runs.start(request);
        return await runs.awaitRun(request.runId, signal);
      });
      last = result.catch(() => undefined);
      return result;
    },
    resume: (runId, signal) => runs.awaitRun(runId, signal),
    requestCancel: (runId) => runs.requestCancel(runId),
  };
}
