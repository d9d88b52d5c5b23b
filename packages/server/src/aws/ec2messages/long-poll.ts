import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until there is a message, at most so long. It looks once before it waits, then on every wake; a caller that hangs
 * up ends it.
 */
export async function waitForMessage<Message>(
  source: {
    readonly subscribe: (callback: () => void) => () => void;
    readonly take: () => Promise<Message | undefined>;
  },
  longestMilliseconds: number,
  signal: AbortSignal,
): Promise<Message | undefined> {
  const deadline = performance.now() + longestMilliseconds;
  let wake = () => {};
  // Subscribed before the first look, so that nothing falls between the two.
  const unsubscribe = source.subscribe(() => wake());
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (signal.aborted) return undefined;
      const message = await source.take();
      const left = deadline - performance.now();
      if (message !== undefined || left <= 0) return message;
      const pause = new AbortController();
      const stop = () => pause.abort();
      signal.addEventListener('abort', stop, { once: true });
      await Promise.race([woken, sleep(left, undefined, { signal: pause.signal }).catch(() => {})]);
      signal.removeEventListener('abort', stop);
      stop();
    }
  } finally {
    unsubscribe();
  }
}
