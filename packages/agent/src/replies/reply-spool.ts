import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type ControlPlaneClient, isAuthenticationError, isTransient } from '../client/index.ts';
import { describeError, type Log } from '../log.ts';
import { readJsonFile, removeFileDurably, writeFileDurably } from '../state/index.ts';
import type { Timers } from '../timers.ts';
import { openOutbox } from './outbox.ts';

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
  const outbox = openOutbox(directory, timers);
  return {
    add(messageId, payload) {
      const reply = { messageId, replyId: randomUUID(), payload };
      writeFileDurably(`${outbox.nextPath()}.json`, JSON.stringify(reply));
      outbox.announce();
    },
    async deliver(signal) {
      await outbox.deliver({
        send: (path) => sendReply(parts, path, signal),
        onChange: (failure) =>
          log(
            failure === null
              ? { level: 'info', message: 'Replies get through again.' }
              : {
                  level: 'warning',
                  message: `A reply could not be delivered and is kept for later: ${describeError(failure)}`,
                },
          ),
        signal,
      });
    },
    async deliverOnce(signal) {
      for (const path of outbox.list()) {
        if ((await sendReply(parts, path, signal)) !== null) return;
      }
    },
    waiting: () => outbox.list().length,
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
