import type { PipelineStatus } from './pipeline-schedule.ts';

/** How the last builds of a pipeline ended, as far as it decides whether it goes on. */
export interface PipelineHealth {
  readonly status: PipelineStatus;
  /** Of builds that the schedule started. */
  readonly consecutiveFailures: number;
}

/** What of a build counts. */
export interface EndedBuild {
  readonly startedBy: 'schedule' | 'person';
}

export interface CountedFailure extends PipelineHealth {
  /** Why the pipeline was disabled now, if it was. */
  readonly disabledBecause: string | null;
}

/**
 * A failure of a build that the schedule started is counted, and disables the pipeline when as many followed one another as its
 * policy says (`failureCount`: those "that must fail before"; the model's text on consecutiveFailures says "exceeds"). Without a
 * policy it goes on. One that a person started leaves the count as it is. A build that was cancelled is no failure.
 */
export function countFailure(
  { status, consecutiveFailures }: PipelineHealth,
  { startedBy }: EndedBuild,
  autoDisablePolicy: { readonly failureCount: number } | null,
): CountedFailure {
  if (startedBy === 'person') return { status, consecutiveFailures, disabledBecause: null };
  const failures = consecutiveFailures + 1;
  if (status === 'DISABLED' || autoDisablePolicy === null || failures < autoDisablePolicy.failureCount) {
    return { status, consecutiveFailures: failures, disabledBecause: null };
  }
  return {
    status: 'DISABLED',
    consecutiveFailures: failures,
    disabledBecause: `${failures === 1 ? 'A scheduled build' : `${failures} scheduled builds in succession`} failed, and the pipeline's policy allows ${autoDisablePolicy.failureCount - 1}: it is disabled until it is updated to be enabled.`,
  };
}

/** A success ends the count, whoever started the build; it does not enable a pipeline that was disabled. */
export function countSuccess({ status }: PipelineHealth): PipelineHealth {
  return { status, consecutiveFailures: 0 };
}
