/** How far one invocation of a command has come, as far as rate control cares. */
export type InvocationProgress =
  /** Not yet allowed out. */
  | 'queued'
  /** Allowed out, not at its end. */
  | 'running'
  | 'succeeded'
  /** Counts against MaxErrors: it failed, or it ran out of time while it was executed. */
  | 'failed'
  /** Ended without success, and does not count: it could not be delivered in time. */
  | 'undelivered'
  | 'cancelled';

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

/**
 * Run Command, "Using concurrency and error controls": at most MaxConcurrency run at once; with MaxErrors N, nothing
 * more is started after error N+1. A percentage of concurrency that rounds to zero still lets one run.
 */
export function decideDispatch(limits: RateLimits, invocations: readonly InvocationProgress[]): DispatchDecision {
  const count = (progress: InvocationProgress) => invocations.filter((each) => each === progress).length;
  const queued = count('queued');
  const running = count('running');
  const isErrorLimitExceeded = count('failed') > resolveLimit(limits.maxErrors, invocations.length);
  const mostAtOnce = Math.max(1, resolveLimit(limits.maxConcurrency, invocations.length));
  return {
    dispatchCount: isErrorLimitExceeded ? 0 : Math.min(queued, Math.max(0, mostAtOnce - running)),
    isErrorLimitExceeded,
    isFinished: running === 0 && (queued === 0 || isErrorLimitExceeded),
  };
}

/** The end of a command whose invocations have all ended (Run Command, "Understanding command statuses"). */
export function summarizeCommand(
  limits: RateLimits,
  invocations: readonly InvocationProgress[],
): { readonly status: 'Success' | 'Failed' | 'Cancelled' | 'TimedOut'; readonly statusDetails: string } {
  if (invocations.length === 0) return { status: 'Failed', statusDetails: 'NoInstancesInTag' };
  const has = (progress: InvocationProgress) => invocations.includes(progress);
  if (invocations.every((each) => each === 'succeeded')) return { status: 'Success', statusDetails: 'Success' };
  if (decideDispatch(limits, invocations).isErrorLimitExceeded) return { status: 'Failed', statusDetails: 'Failed' };
  if (has('cancelled')) return { status: 'Cancelled', statusDetails: 'Cancelled' };
  if (invocations.every((each) => each === 'undelivered')) {
    return { status: 'TimedOut', statusDetails: 'DeliveryTimedOut' };
  }
  return { status: 'Failed', statusDetails: 'Incomplete' };
}
