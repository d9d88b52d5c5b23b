/** Does pieces of work one after the other; a signal ends the waiting for one's turn. */
export type InTurn = <Result>(work: () => Promise<Result>, signal: AbortSignal) => Promise<Result>;

export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return async (work, signal) => {
    const before = last;
    const mine = Promise.withResolvers<void>();
    last = Promise.all([before, mine.promise]);
    try {
      signal.throwIfAborted();
      const aborted = Promise.withResolvers<void>();
      const give = () => aborted.resolve();
      signal.addEventListener('abort', give, { once: true });
      await Promise.race([before, aborted.promise]);
      signal.removeEventListener('abort', give);
      signal.throwIfAborted();
      return await work();
    } finally {
      mine.resolve();
    }
  };
}
