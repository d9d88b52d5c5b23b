import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { retryDelay } from '../client/index.ts';
import type { Timers } from '../timers.ts';

/** Files on their way to the control plane, numbered in the order they came: `000000000001.json`. */
export interface Outbox {
  list(): readonly string[];
  /** Where the next one is written to, without `.json`: it counts once it lies there and `announce` was called. */
  nextPath(): string;
  announce(): void;
  /**
   * Sends what is there and what comes, one after another, until the signal is aborted. `send` answers null when a file is
   * off our hands, otherwise why it stays; it is tried again.
   */
  deliver(parts: {
    readonly send: (path: string) => Promise<unknown>;
    /** A first failure, or null: it works again. */
    readonly onChange: (failure: unknown) => void;
    readonly signal: AbortSignal;
  }): Promise<void>;
}

export function openOutbox(directory: string, timers: Pick<Timers, 'sleep' | 'random'>): Outbox {
  const list = () =>
    readdirSync(directory)
      .filter((name) => /^\d{12}\.json$/.test(name))
      .sort()
      .map((name) => join(directory, name));
  let nextNumber =
    Number.parseInt(
      list()
        .at(-1)
        ?.slice(directory.length + 1) ?? '0',
      10,
    ) + 1;
  let wake = () => {};

  const waitForMore = async (signal: AbortSignal) => {
    await new Promise<void>((resolve) => {
      const stop = () => resolve();
      wake = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted || list().length > 0) wake();
    });
  };

  return {
    list,
    nextPath() {
      const path = join(directory, String(nextNumber).padStart(12, '0'));
      nextNumber += 1;
      return path;
    },
    announce: () => wake(),
    async deliver({ send, onChange, signal }) {
      let failures = 0;
      while (!signal.aborted) {
        const [path] = list();
        if (path === undefined) {
          await waitForMore(signal);
          continue;
        }
        const failure = await send(path);
        if (failure === null) {
          if (failures > 0) onChange(null);
          failures = 0;
          continue;
        }
        if (signal.aborted) return;
        failures += 1;
        if (failures === 1) onChange(failure);
        await timers.sleep(retryDelay(failures + 2, timers.random()), signal);
      }
    },
  };
}
