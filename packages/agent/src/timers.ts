import { setTimeout as delay } from 'node:timers/promises';

/** Time and chance as the agent sees them; tests bring their own. */
export interface Timers {
  now(): Date;
  /** Ends early, without an error, when the signal is aborted: callers look at the signal. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** From 0 up to but not including 1. */
  random(): number;
}

export const systemTimers: Timers = {
  now: () => new Date(),
  sleep: async (milliseconds, signal) => {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
    });
  },
  random: Math.random,
};
