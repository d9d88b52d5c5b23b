import { ReportPresence } from '@patchbay/contracts';
import { z } from 'zod';
import { type ControlPlaneClient, explainRejection, isAuthenticationError, ServerError } from './client/index.ts';
import { describeError, type Log } from './log.ts';
import type { Platform } from './platform.ts';
import type { Timers } from './timers.ts';

export const agentName = 'patchbay-agent';

export interface PresenceParts {
  readonly client: ControlPlaneClient;
  readonly instanceId: string;
  readonly agentVersion: string;
  readonly readPlatform: () => Promise<Platform>;
  readonly readMachine: () => Promise<{ readonly bootId: string; readonly machineIdHash: string }>;
  /** New with every start of the agent. */
  readonly agentRunId: string;
  readonly log: Log;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  /** Called once, after the first ping that was taken. */
  readonly onOnline: () => void;
}

const pingMilliseconds = 5 * 60_000;
const longestPauseMilliseconds = 60 * 60_000;
const firstRetryMilliseconds = 5_000;

/** Tells the control plane every five minutes that this node is there, until the signal is aborted. */
export async function stayPresent(parts: PresenceParts): Promise<void> {
  const { timers, signal, log } = parts;
  let failures = 0;
  let pings = 0;
  const reportRunning = createReport(parts);
  while (!signal.aborted) {
    try {
      await ping(parts);
      await reportRunning();
      if (failures > 0) log({ level: 'info', message: 'The control plane answers again.' });
      failures = 0;
      pings += 1;
      if (pings === 1) {
        log({ level: 'info', message: `Online as ${parts.instanceId}.` });
        parts.onOnline();
      }
      // The first repeat comes after a random part of the period: nodes started together spread out.
      await timers.sleep(pings === 1 ? pingMilliseconds * timers.random() : pingMilliseconds, signal);
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      const pause = pauseAfterFailure(failures, isAuthenticationError(error), timers.random());
      const reason = explainRejection(error, parts.instanceId) ?? describeError(error);
      log({ level: 'warning', message: `${reason} The next try is in ${Math.round(pause / 1000)} seconds.` });
      await timers.sleep(pause, signal);
    }
  }
}

type ReportParts = Pick<PresenceParts, 'client' | 'readMachine' | 'agentRunId' | 'timers' | 'log'>;

async function report(parts: ReportParts, state: 'running' | 'stopping', signal: AbortSignal): Promise<string | null> {
  const { client, readMachine, agentRunId, timers } = parts;
  const input = { state, agentRunId, ...(await readMachine()), agentClock: timers.now().toISOString() };
  return (await client.callPatchbay(ReportPresence, input, { signal, attempts: 1 })).quarantineReason;
}

/** Tells which machine speaks, and says it in the log once when the control plane has its doubts. */
function createReport(parts: PresenceParts): () => Promise<void> {
  let told: string | null = null;
  return async () => {
    try {
      const quarantine = await report(parts, 'running', parts.signal);
      if (quarantine !== null && quarantine !== told) {
        parts.log({ level: 'error', message: `The control plane holds this node in quarantine. ${quarantine}` });
      }
      told = quarantine;
    } catch (error) {
      // An older control plane does not know the operation. Any other trouble shows with the next ping.
      if (!(error instanceof ServerError)) throw error;
    }
  };
}

/** The last word of an agent that stops, so that its node does not look online meanwhile. One attempt: nobody waits for it. */
export async function sayGoodbye(parts: ReportParts, signal: AbortSignal): Promise<void> {
  try {
    await report(parts, 'stopping', signal);
  } catch (error) {
    parts.log({
      level: 'info',
      message: `The control plane was not told that this agent stops: ${describeError(error)}`,
    });
  }
}

/**
 * A server that is away is looked for soon and then at most every five minutes; one that refuses this node is asked
 * every five minutes and then less and less, as Amazon's agent does when it hibernates.
 */
export function pauseAfterFailure(failures: number, isRefused: boolean, random: number): number {
  const [first, longest] = isRefused
    ? [pingMilliseconds, longestPauseMilliseconds]
    : [firstRetryMilliseconds, pingMilliseconds];
  return Math.min(first * 2 ** (failures - 1), longest) * (0.75 + random / 4);
}

async function ping({ client, instanceId, agentVersion, readPlatform, signal }: PresenceParts): Promise<void> {
  const platform = await readPlatform();
  await client.callSsm(
    'UpdateInstanceInformation',
    {
      InstanceId: instanceId,
      AgentName: agentName,
      AgentStatus: 'Active',
      AgentVersion: agentVersion,
      ComputerName: platform.computerName,
      IPAddress: platform.ipAddress,
      PlatformName: platform.platformName,
      PlatformType: 'Linux',
      PlatformVersion: platform.platformVersion,
      SSMConnectionChannel: 'ec2messages',
    },
    z.object({}),
    { signal },
  );
}
