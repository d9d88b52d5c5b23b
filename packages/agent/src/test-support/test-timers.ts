import type { Timers } from '../timers.ts';

/** A clock that tests set. Short sleeps pass at once; sleeps of a minute or more last until they are aborted. */
export interface TestTimers extends Timers {
  set(now: string): void;
  readonly slept: number[];
}

export function createTestTimers(start = '2026-11-22T10:00:00.000Z'): TestTimers {
  let now = new Date(start);
  const slept: number[] = [];
  return {
    slept,
    set: (text) => {
      now = new Date(text);
    },
    now: () => now,
    random: () => 0.5,
    sleep: async (milliseconds, signal) => {
      slept.push(milliseconds);
      if (milliseconds < 60_000) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        return;
      }
      await new Promise<void>((resolve) => {
        if (signal?.aborted === true) resolve();
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
    },
  };
}
