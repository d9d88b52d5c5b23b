import type { Timers } from '../timers.ts';
import { isTransient, UnreachableError } from './call-errors.ts';

const firstDelayMilliseconds = 500;
const longestDelayMilliseconds = 20_000;

/** Waits before attempt 2, 3, …: doubling, and a random half of it so that nodes do not come back in step. */
export function retryDelay(failedAttempts: number, random: number): number {
  const full = Math.min(firstDelayMilliseconds * 2 ** (failedAttempts - 1), longestDelayMilliseconds);
  return full / 2 + (full / 2) * random;
}

/** Repeats what fails for a passing reason; every other error, and the last one, goes to the caller. */
export async function retryTransient<Result>(
  attempt: () => Promise<Result>,
  options: {
    readonly attempts: number;
    /** Where given, attempts go on for so long, however many they become. */
    readonly patienceSeconds?: number | undefined;
    readonly timers: Timers;
    readonly signal?: AbortSignal | undefined;
    /** Told once, when the first attempt failed and another follows. */
    readonly onRetry?: (error: unknown) => void;
  },
): Promise<Result> {
  const { attempts, patienceSeconds, timers } = options;
  const beganAt = timers.now().getTime();
  const isEnough = (failed: number) =>
    patienceSeconds === undefined ? failed >= attempts : timers.now().getTime() - beganAt >= patienceSeconds * 1000;
  for (let failed = 1; ; failed += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (isEnough(failed) || !isTransient(error) || isAborted(options.signal)) throw error;
      if (failed === 1) options.onRetry?.(error);
      await timers.sleep(retryDelay(failed, timers.random()), options.signal);
      if (isAborted(options.signal))
        throw new UnreachableError('ABORTED', 'The request was given up', { cause: error });
    }
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
