/** AWS's states of a window's execution, of a task in it, and of an invocation of the task. */
export type WindowExecutionStatus =
  | 'PENDING'
  | 'IN_PROGRESS'
  | 'SUCCESS'
  | 'FAILED'
  | 'TIMED_OUT'
  | 'CANCELLING'
  | 'CANCELLED'
  | 'SKIPPED_OVERLAPPING';

/** One call of a task for one of its targets: for RUN_COMMAND one command. */
export interface InvocationState {
  readonly invocationId: string;
  readonly status: WindowExecutionStatus;
  /** It ended because more nodes failed than MaxErrors allows. */
  readonly isErrorLimitExceeded: boolean;
}

export interface TaskExecutionState {
  readonly taskExecutionId: string;
  /** 0 is the highest. */
  readonly priority: number;
  readonly status: WindowExecutionStatus;
  readonly cutoffBehavior: 'CONTINUE_TASK' | 'CANCEL_TASK';
  /** Why a task of this kind cannot run here; null for one that can. */
  readonly refusal: string | null;
  /**
   * Why its next invocation may not start at the moment (a freeze, a stop of all starts), for people; null when it may. From
   * the cutoff on: why it could not start when it was last tried.
   */
  readonly hold: string | null;
  /** In the order in which they run. */
  readonly invocations: readonly InvocationState[];
}

/** One opening of a window, as far as what happens next depends on it. */
export interface WindowExecutionState {
  readonly status: WindowExecutionStatus;
  /** Milliseconds since 1970: the cutoff, from which no task starts. */
  readonly noStartsAfter: number;
  readonly tasks: readonly TaskExecutionState[];
}

const endings: ReadonlySet<WindowExecutionStatus> = new Set([
  'SUCCESS',
  'FAILED',
  'TIMED_OUT',
  'CANCELLED',
  'SKIPPED_OVERLAPPING',
]);

export function hasEnded(status: WindowExecutionStatus): boolean {
  return endings.has(status);
}
