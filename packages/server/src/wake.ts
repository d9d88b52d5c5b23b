import type { Database } from './database/tables.ts';

/** Wakes whoever waits for something to happen to an entity, on every replica. Losing one only costs a poll. */
export interface Wake {
  /** Takes effect when the transaction commits. */
  notify(db: Database, topic: string, keys: readonly string[]): Promise<void>;
  /** Calls back on each notification until the returned function is called. */
  subscribe(topic: string, key: string, callback: () => void): () => void;
}
