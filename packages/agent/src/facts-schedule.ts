import { createHash } from 'node:crypto';
import { z } from 'zod';
import { describeError, type Log } from './log.ts';
import { factsRunPrefix } from './patch-run.ts';
import type { PatchRunQueue } from './patch-run-queue.ts';
import { readJsonFile, type StateDirectory, writeFileDurably } from './state/index.ts';
import type { Timers } from './timers.ts';

const LastFacts = z.object({ submittedAt: z.iso.datetime() });

const minute = 60_000;
const period = 12 * 60 * minute;
const earliestFirst = 5 * minute;
const latestFirst = 30 * minute;
const pauseAfterFailure = 60 * minute;

export interface FactsScheduleParts {
  readonly state: Pick<StateDirectory, 'factsFile'>;
  readonly instanceId: string;
  readonly runs: PatchRunQueue;
  readonly prune: () => void;
  readonly log: Log;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

/** Hands in facts every twelve hours without being asked, each node at a time of day of its own. */
export async function submitFactsRegularly(parts: FactsScheduleParts): Promise<void> {
  const { state, instanceId, timers, signal, log } = parts;
  const startedAt = timers.now();
  let notBefore = startedAt;
  while (!signal.aborted) {
    const last = readLastFacts(state.factsFile, log);
    const due = nextFactsTime(instanceId, last, startedAt);
    const wait = Math.max(due.getTime(), notBefore.getTime()) - timers.now().getTime();
    if (wait > 0) {
      // Sleeps are short, so that a clock that is set, or a machine that slept, is noticed.
      await timers.sleep(Math.min(wait, 10 * minute), signal);
      continue;
    }
    const hasSucceeded = await submitFacts(parts);
    const now = timers.now();
    if (!hasSucceeded || !noteFacts(parts, now)) notBefore = new Date(now.getTime() + pauseAfterFailure);
  }
}

function noteFacts({ state, log }: FactsScheduleParts, now: Date): boolean {
  try {
    writeFileDurably(state.factsFile, JSON.stringify({ submittedAt: now.toISOString() }));
    return true;
  } catch (error) {
    // Facts once too often do no harm; an agent that ends for want of room on the disk does.
    log({ level: 'warning', message: `When facts were handed in could not be noted: ${describeError(error)}` });
    return false;
  }
}

/**
 * The next time on the node's own grid of twelve hours after the last one. A node that never handed in facts does so
 * within half an hour of its first start: what is not known of is counted as unknown.
 */
export function nextFactsTime(instanceId: string, last: Date | null, startedAt: Date): Date {
  const spread = createHash('sha256').update(instanceId).digest().readUInt32BE(0) / 2 ** 32;
  if (last === null) return new Date(startedAt.getTime() + earliestFirst + spread * (latestFirst - earliestFirst));
  const offset = Math.floor(spread * period);
  return new Date((Math.floor((last.getTime() - offset) / period) + 1) * period + offset);
}

function readLastFacts(path: string, log: Log): Date | null {
  try {
    const last = readJsonFile(path, LastFacts);
    return last === null ? null : new Date(last.submittedAt);
  } catch (error) {
    // Facts once too often do no harm.
    log({ level: 'warning', message: describeError(error) });
    return null;
  }
}

async function submitFacts({ runs, prune, timers, signal, log }: FactsScheduleParts): Promise<boolean> {
  const runId = `${factsRunPrefix}${timers
    .now()
    .toISOString()
    .replaceAll(/[^0-9]/g, '')}`;
  try {
    const request = { runId, commandId: null, operation: 'Facts', rebootOption: 'NoReboot', snapshotId: '' } as const;
    const end = await runs.perform(request, signal);
    if (end.kind === 'detached') return false;
    prune();
    if (end.kind === 'finished' && end.exitCode === 0) {
      log({ level: 'info', message: 'Facts were handed in.' });
      return true;
    }
    const reason =
      end.kind === 'not-started' ? 'the patcher could not be started' : end.standardError.trim().slice(-500);
    log({ level: 'warning', message: `Facts could not be handed in: ${reason || 'no reason was given'}` });
  } catch (error) {
    log({ level: 'warning', message: `Facts could not be handed in: ${describeError(error)}` });
  }
  return false;
}
