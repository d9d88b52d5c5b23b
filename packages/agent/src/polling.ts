import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type ControlPlaneClient, explainRejection, isAuthenticationError, retryDelay } from './client/index.ts';
import { Message } from './commands/command-message.ts';
import { describeError, type Log } from './log.ts';
import { pauseAfterFailure } from './presence.ts';
import type { Timers } from './timers.ts';

export interface PollingParts {
  readonly client: Pick<ControlPlaneClient, 'callMessages'>;
  readonly instanceId: string;
  /** As in the pings: a copy of this node is found out by it. */
  readonly agentRunId: string;
  readonly accept: (message: Message, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

/** Below the minute after which proxies give up a silent connection. */
const pollSeconds = 50;
/** The rest is for slow networks. */
const pollTimeoutSeconds = 70;
const visibilityTimeoutSeconds = 10;
/** An empty answer that comes faster is no long poll: the agent must not spin. */
const fastAnswerMilliseconds = 1_000;
const pauseAfterFastAnswerMilliseconds = 2_000;

const Messages = z.object({ Messages: z.array(Message).default([]) });

/** Asks for messages again and again until the signal is aborted. */
export async function pollMessages(parts: PollingParts): Promise<void> {
  const { client, instanceId, agentRunId, log, timers, signal } = parts;
  let failures = 0;
  while (!signal.aborted) {
    const askedAt = timers.now().getTime();
    try {
      const input = {
        Destination: instanceId,
        MessagesRequestId: randomUUID(),
        VisibilityTimeoutInSeconds: visibilityTimeoutSeconds,
        PatchbayPollSeconds: pollSeconds,
        PatchbayAgentRunId: agentRunId,
      };
      const options = { signal, attempts: 1, timeoutSeconds: pollTimeoutSeconds };
      const answer = await client.callMessages('GetMessages', input, Messages, options);
      if (failures > 0) log({ level: 'info', message: 'Commands can be fetched again.' });
      failures = 0;
      for (const message of answer.Messages) await acceptSafely(parts, message);
      const isFast = timers.now().getTime() - askedAt < fastAnswerMilliseconds;
      if (answer.Messages.length === 0 && isFast) await timers.sleep(pauseAfterFastAnswerMilliseconds, signal);
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if (failures === 1) {
        const reason = explainRejection(error, instanceId) ?? describeError(error);
        log({ level: 'warning', message: `Commands cannot be fetched for now: ${reason}` });
      }
      const pause = isAuthenticationError(error)
        ? pauseAfterFailure(failures, true, timers.random())
        : retryDelay(failures + 1, timers.random());
      await timers.sleep(pause, signal);
    }
  }
}

/** One message that cannot be taken (a full disk, a damaged journal) must not end the polling. */
async function acceptSafely({ accept, log, signal }: PollingParts, message: Message): Promise<void> {
  try {
    await accept(message, signal);
  } catch (error) {
    log({ level: 'error', message: `The message ${message.MessageId} could not be taken: ${describeError(error)}` });
  }
}
