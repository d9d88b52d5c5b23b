import { type ImageBuildOrder, TakeImageBuild, type ToolVersion } from '@patchbay/contracts';
import type { PinnedKey } from '../authorization.ts';
import { type ControlPlaneClient, isAuthenticationError, retryDelay, ServerError } from '../client/index.ts';
import { describeError, type Log } from '../log.ts';
import type { Timers } from '../timers.ts';
import { verifyOrder } from './verify-order.ts';

export interface BuildLoopParts {
  readonly client: Pick<ControlPlaneClient, 'callPatchbay' | 'now'>;
  readonly instanceId: string;
  readonly key: PinnedKey;
  readonly tools: readonly ToolVersion[];
  /** Builds one image to its end, whatever that is. `slot` numbers the builds that run at once, from 0. */
  readonly build: (order: ImageBuildOrder, slot: number, signal: AbortSignal) => Promise<void>;
  readonly concurrency: number;
  readonly log: Log;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

const pollSeconds = 50;
const pollTimeoutSeconds = 70;
const pauseAfterRefusalMilliseconds = 60_000;
const pauseAfterFastAnswerMilliseconds = 2_000;
const fastAnswerMilliseconds = 1_000;

/** Asks for builds and builds them, so many at once, until the signal is aborted. */
export async function takeBuilds(parts: BuildLoopParts): Promise<void> {
  await Promise.all(Array.from({ length: parts.concurrency }, (_, slot) => workInSlot(parts, slot)));
}

async function workInSlot(parts: BuildLoopParts, slot: number): Promise<void> {
  const { client, instanceId, key, tools, build, log, timers, signal } = parts;
  let failures = 0;
  while (!signal.aborted) {
    const askedAt = timers.now().getTime();
    try {
      const options = { signal, attempts: 1, timeoutSeconds: pollTimeoutSeconds };
      const input = { tools: [...tools], pollSeconds };
      const { order, authorization } = await client.callPatchbay(TakeImageBuild, input, options);
      if (failures > 0) log({ level: 'info', message: 'Builds can be taken again.' });
      failures = 0;
      if (order !== null) {
        verifyOrder(order, authorization, { key, nodeId: instanceId, now: client.now() });
        log({ level: 'info', message: `Building ${order.imageBuildVersionArn}` });
        await build(order, slot, signal);
        continue;
      }
      const isFast = timers.now().getTime() - askedAt < fastAnswerMilliseconds;
      if (isFast) await timers.sleep(pauseAfterFastAnswerMilliseconds, signal);
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if (failures === 1) log({ level: 'warning', message: `No build can be taken for now: ${describeError(error)}` });
      const isRefused = isAuthenticationError(error) || (error instanceof ServerError && error.statusCode < 500);
      await timers.sleep(isRefused ? pauseAfterRefusalMilliseconds : retryDelay(failures + 1, timers.random()), signal);
    }
  }
}
