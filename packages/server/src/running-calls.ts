export interface RunningCalls {
  /** Answers what the call answers. */
  follow<Answer>(call: Promise<Answer>): Promise<Answer>;
  /** Until every call that was followed has ended, however it ended. */
  ended(): Promise<void>;
}

/**
 * Calls that are under way. A caller who hangs up ends the connection, not the call: a server that stops waits for these
 * too before it gives up its database.
 */
export function createRunningCalls(): RunningCalls {
  const running = new Set<Promise<unknown>>();
  return {
    follow: async (call) => {
      running.add(call);
      try {
        return await call;
      } finally {
        running.delete(call);
      }
    },
    ended: async () => {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
