/**
 * Waits until there is a message, at most so long. It looks once before it waits, then on every wake, and no more at the
 * end of its time; a caller that hangs up ends it.
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
      // A signal that was aborted during the look tells nobody any more.
      if (message !== undefined || left <= 0 || signal.aborted) return message;
      // One promise for all three ends: this runs once for every idle node, and an AbortSignal more for each would cost.
      let isOver = false;
      const timer = setTimeout(() => {
        isOver = true;
        wake();
      }, left);
      signal.addEventListener('abort', wake, { once: true });
      await woken;
      signal.removeEventListener('abort', wake);
      clearTimeout(timer);
      // What came in this moment is there for the next call.
      if (isOver) return undefined;
    }
  } finally {
    unsubscribe();
  }
}
