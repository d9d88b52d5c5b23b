/** What this process counts; metrics read it. */
export interface Counters {
  /** One more of a kind: `replies_refused` because of `not_delivered`. */
  count(name: string, reason: string): void;
  read(): readonly { readonly name: string; readonly reason: string; readonly count: number }[];
}

/** Counters that start at nothing. Names and reasons come from our code, never from callers, so there are few. */
export function createCounters(): Counters {
  const counts = new Map<string, { readonly name: string; readonly reason: string; count: number }>();
  return {
    count(name, reason) {
      const key = `${name} ${reason}`;
      const known = counts.get(key);
      if (known) known.count += 1;
      else counts.set(key, { name, reason, count: 1 });
    },
    read: () => [...counts.values()].map((each) => ({ ...each })),
  };
}
