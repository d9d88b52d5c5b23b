import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type ControlPlaneClient, isAuthenticationError, isTransient, retryDelay } from '../client/index.ts';
import { describeError, type Log } from '../log.ts';
import { readJsonFile, removeFileDurably, writeFileDurably } from '../state/index.ts';
import type { Timers } from '../timers.ts';

const SpooledReply = z.object({ messageId: z.string(), replyId: z.string(), payload: z.string() });

/** Replies on their way: on disk until the control plane took them, sent one after another in the order they came. */
export interface ReplySpool {
  /** On disk when it returns. */
  add(messageId: string, payload: string): void;
  /** Sends what is there and what comes, until the signal is aborted. */
  deliver(signal: AbortSignal): Promise<void>;
  /** Sends what is there, one attempt each, and stops at the first that does not get through. */
  deliverOnce(signal: AbortSignal): Promise<void>;
  waiting(): number;
}

export interface SpoolParts {
  readonly directory: string;
  readonly client: Pick<ControlPlaneClient, 'callMessages'>;
  readonly log: Log;
  readonly timers: Timers;
}

export function openReplySpool(parts: SpoolParts): ReplySpool {
  const { directory, log, timers } = parts;
  const list = () =>
    readdirSync(directory)
      .filter((name) => /^\d{12}\.json$/.test(name))
      .sort();
  let nextNumber = Number.parseInt(list().at(-1) ?? '0', 10) + 1;
  let wake = () => {};

  const waitForReply = async (signal: AbortSignal) => {
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

  const deliver = async (signal: AbortSignal) => {
    let failures = 0;
    while (!signal.aborted) {
      const [name] = list();
      if (name === undefined) {
        await waitForReply(signal);
        continue;
      }
      const failure = await sendReply(parts, join(directory, name), signal);
      if (failure === null) {
        if (failures > 0) log({ level: 'info', message: 'Replies get through again.' });
        failures = 0;
        continue;
      }
      if (signal.aborted) return;
      failures += 1;
      if (failures === 1) {
        log({
          level: 'warning',
          message: `A reply could not be delivered and is kept for later: ${describeError(failure)}`,
        });
      }
      await timers.sleep(retryDelay(failures + 2, timers.random()), signal);
    }
  };

  return {
    add(messageId, payload) {
      const reply = { messageId, replyId: randomUUID(), payload };
      writeFileDurably(join(directory, `${String(nextNumber).padStart(12, '0')}.json`), JSON.stringify(reply));
      nextNumber += 1;
      wake();
    },
    deliver,
    async deliverOnce(signal) {
      for (const name of list()) {
        if ((await sendReply(parts, join(directory, name), signal)) !== null) return;
      }
    },
    waiting: () => list().length,
  };
}

/** Null when the reply is off our hands; otherwise the error after which it stays. */
async function sendReply({ client, log }: SpoolParts, path: string, signal: AbortSignal): Promise<unknown> {
  try {
    const reply = readJsonFile(path, SpooledReply);
    if (reply !== null) {
      const input = { MessageId: reply.messageId, ReplyId: reply.replyId, Payload: reply.payload };
      await client.callMessages('SendReply', input, z.object({}), { signal, attempts: 1 });
    }
  } catch (error) {
    if (signal.aborted || isTransient(error) || isAuthenticationError(error)) return error;
    // The control plane knows the message no more, or the file is damaged: keeping it would hold up all that follow.
    log({ level: 'warning', message: `A reply was given up: ${describeError(error)}` });
  }
  removeFileDurably(path);
  return null;
}
