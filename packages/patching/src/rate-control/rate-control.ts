/** How far one invocation of a command has come, as far as rate control cares. */
export const invocationProgresses = [
  /** Not yet allowed out. */
  'queued',
  /** Allowed out, not at its end. */
  'running',
  'succeeded',
  /** Counts against MaxErrors: it failed, or it ran out of time while it was executed. */
  'failed',
  /** Ended without success, and does not count: it could not be delivered in time. */
  'undelivered',
  /** The same: the agent could make nothing of it. */
  'undeliverable',
  'cancelled',
] as const;
export type InvocationProgress = (typeof invocationProgresses)[number];

/** How many invocations of a command have come how far. */
export type ProgressCounts = Readonly<Record<InvocationProgress, number>>;

/** Of a command without targets. */
export const noProgress: ProgressCounts = {
  queued: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  undelivered: 0,
  undeliverable: 0,
  cancelled: 0,
};

export interface RateLimits {
  /** `50`, or `10%` of the targets. */
  readonly maxConcurrency: string;
  /** `0`, or `10%` of the targets. */
  readonly maxErrors: string;
}

/** What is to be done next with a command's invocations. */
export interface DispatchDecision {
  /** How many more of the queued may go out now. */
  readonly dispatchCount: number;
  /** More errors than allowed: what is queued ends as Terminated. */
  readonly isErrorLimitExceeded: boolean;
  readonly isFinished: boolean;
}

/** A number, or a percentage of the targets rounded down: `10%` of 50 is 5, of 5 it is 0 (the common reading, SSM leaves it open). */
export function resolveLimit(limit: string, targetCount: number): number {
  return limit.endsWith('%') ? Math.floor((targetCount * Number(limit.slice(0, -1))) / 100) : Number(limit);
}

function countTargets(counts: ProgressCounts): number {
  return invocationProgresses.reduce((sum, progress) => sum + counts[progress], 0);
}

/**
 * Run Command, "Using concurrency and error controls": at most MaxConcurrency run at once; with MaxErrors N, nothing
 * more is started after error N+1. A percentage of concurrency that rounds to zero still lets one run. `room` is how many may
 * start at all, whatever the command allows.
 */
export function decideDispatch(
  limits: RateLimits,
  counts: ProgressCounts,
  room = Number.POSITIVE_INFINITY,
): DispatchDecision {
  const targetCount = countTargets(counts);
  const { queued, running, failed } = counts;
  const isErrorLimitExceeded = failed > resolveLimit(limits.maxErrors, targetCount);
  const mostAtOnce = Math.max(1, resolveLimit(limits.maxConcurrency, targetCount));
  return {
    dispatchCount: isErrorLimitExceeded ? 0 : Math.min(queued, Math.max(0, Math.min(mostAtOnce - running, room))),
    isErrorLimitExceeded,
    isFinished: running === 0 && (queued === 0 || isErrorLimitExceeded),
  };
}

/** The end of a command whose invocations have all ended (Run Command, "Understanding command statuses"). */
export function summarizeCommand(
  limits: RateLimits,
  counts: ProgressCounts,
): { readonly status: 'Success' | 'Failed' | 'Cancelled' | 'TimedOut'; readonly statusDetails: string } {
  const targetCount = countTargets(counts);
  if (targetCount === 0) return { status: 'Failed', statusDetails: 'NoInstancesInTag' };
  if (counts.succeeded === targetCount) return { status: 'Success', statusDetails: 'Success' };
  if (decideDispatch(limits, counts).isErrorLimitExceeded) return { status: 'Failed', statusDetails: 'Failed' };
  if (counts.cancelled > 0) return { status: 'Cancelled', statusDetails: 'Cancelled' };
  if (counts.undelivered + counts.undeliverable < targetCount) return { status: 'Failed', statusDetails: 'Incomplete' };
  // What no agent could read was delivered and did not time out: the command has failed then.
  return counts.undelivered > 0
    ? { status: 'TimedOut', statusDetails: 'DeliveryTimedOut' }
    : { status: 'Failed', statusDetails: 'Failed' };
}
