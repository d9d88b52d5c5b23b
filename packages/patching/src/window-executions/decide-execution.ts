import {
  hasEnded,
  type InvocationState,
  type TaskExecutionState,
  type WindowExecutionState,
  type WindowExecutionStatus,
} from './execution-state.ts';

export interface Ending {
  readonly status: WindowExecutionStatus;
  /** For people, at most 250 characters. */
  readonly statusDetails: string;
}

/** What is to be done next. After it has been done, the question is asked again, until nothing is left. */
export type WindowAction =
  | { readonly kind: 'start-task'; readonly taskExecutionId: string }
  | { readonly kind: 'end-task'; readonly taskExecutionId: string; readonly ending: Ending }
  | { readonly kind: 'start-invocation'; readonly taskExecutionId: string; readonly invocationId: string }
  | { readonly kind: 'end-invocation'; readonly invocationId: string; readonly ending: Ending }
  /** Its command is cancelled, as far as that is possible; how it ended decides its end. */
  | { readonly kind: 'cancel-invocation'; readonly invocationId: string }
  | { readonly kind: 'end-execution'; readonly ending: Ending };

const cancelled: Ending = { status: 'CANCELLED', statusDetails: 'The execution was cancelled before this began.' };
const errorLimitExceeded: Ending = {
  status: 'CANCELLED',
  statusDetails: 'An earlier target group of the task had more errors than MaxErrors allows.',
};
const cutOff: Ending = {
  status: 'TIMED_OUT',
  statusDetails: 'The cutoff of the window was reached before this began.',
};

function cutOffUnder(hold: string | null): Ending {
  return hold === null
    ? cutOff
    : {
        ...cutOff,
        statusDetails: `The cutoff of the window was reached while nothing could start: ${hold}`.slice(0, 250),
      };
}

const worstFirst: readonly WindowExecutionStatus[] = ['FAILED', 'TIMED_OUT', 'CANCELLED'];

/** The end of a task by its invocations, and of an execution by its tasks. */
function summarize(statuses: readonly WindowExecutionStatus[]): WindowExecutionStatus {
  return worstFirst.find((status) => statuses.includes(status)) ?? 'SUCCESS';
}

const detailsOfTask = new Map<WindowExecutionStatus, string>([
  ['SUCCESS', 'Success'],
  ['FAILED', 'One or more invocations of the task failed.'],
  ['TIMED_OUT', 'One or more invocations of the task did not end, or did not begin, in the time of the window.'],
  ['CANCELLED', 'One or more invocations of the task were cancelled.'],
]);

const detailsOfExecution = new Map<WindowExecutionStatus, string>([
  ['SUCCESS', 'Success'],
  ['FAILED', 'One or more tasks failed.'],
  ['TIMED_OUT', 'One or more tasks did not end, or did not begin, in the time of the window.'],
  ['CANCELLED', 'One or more tasks were cancelled.'],
]);

function endTask({ taskExecutionId, invocations }: TaskExecutionState): WindowAction {
  const status = summarize(invocations.map((invocation) => invocation.status));
  return { kind: 'end-task', taskExecutionId, ending: { status, statusDetails: detailsOfTask.get(status) ?? '' } };
}

/** Why the invocations of a running task that have not begun never will; null while they may. */
function findEndOfPending(task: TaskExecutionState, state: WindowExecutionState, isCutOff: boolean): Ending | null {
  if (state.status === 'CANCELLING') return cancelled;
  if (task.invocations.some((invocation) => invocation.isErrorLimitExceeded)) return errorLimitExceeded;
  // CONTINUE_TASK: what has begun goes on with its remaining targets past the cutoff, unless it is being held then.
  if (isCutOff && (task.cutoffBehavior === 'CANCEL_TASK' || task.hold !== null)) return cutOffUnder(task.hold);
  return null;
}

/** The next steps of a task that is running. Its target groups run one after the other (SSM API, Register…Task). */
function decideRunningTask(task: TaskExecutionState, state: WindowExecutionState, isCutOff: boolean): WindowAction[] {
  const { taskExecutionId, invocations } = task;
  if (invocations.every((invocation) => hasEnded(invocation.status))) return [endTask(task)];
  const pending = invocations.filter((invocation) => invocation.status === 'PENDING');
  const running = (status: InvocationState['status']) =>
    invocations.filter((invocation) => invocation.status === status);
  const ending = findEndOfPending(task, state, isCutOff);
  const actions: WindowAction[] =
    ending === null ? [] : pending.map(({ invocationId }) => ({ kind: 'end-invocation', invocationId, ending }));
  if (isCutOff && task.cutoffBehavior === 'CANCEL_TASK') {
    for (const { invocationId } of running('IN_PROGRESS')) actions.push({ kind: 'cancel-invocation', invocationId });
  }
  const [next] = pending;
  const isBusy = running('IN_PROGRESS').length + running('CANCELLING').length > 0;
  if (next && ending === null && !isBusy && task.hold === null) {
    actions.push({ kind: 'start-invocation', taskExecutionId, invocationId: next.invocationId });
  }
  return actions;
}

/**
 * What happens next in an open execution (SSM user guide, "Maintenance windows"): tasks start in the order of their
 * priority, equal ones together, the next when all before have ended, however they ended. Nothing starts from the cutoff on, nor
 * while it is held; what runs is left to end, or cancelled where its task says CANCEL_TASK. A cancelled execution starts
 * nothing more and ends with what is running.
 */
export function decideExecution(state: WindowExecutionState, now: number): WindowAction[] {
  if (hasEnded(state.status)) return [];
  const { tasks } = state;
  const isCutOff = now >= state.noStartsAfter;
  if (tasks.every((task) => hasEnded(task.status))) {
    return [{ kind: 'end-execution', ending: endingOf(state) }];
  }
  const open = tasks.filter((task) => !hasEnded(task.status));
  const priority = Math.min(...open.map((task) => task.priority));
  const actions: WindowAction[] = [];
  for (const task of open) {
    const { taskExecutionId, refusal } = task;
    if (task.status !== 'PENDING') actions.push(...decideRunningTask(task, state, isCutOff));
    else if (state.status === 'CANCELLING') actions.push({ kind: 'end-task', taskExecutionId, ending: cancelled });
    else if (isCutOff) actions.push({ kind: 'end-task', taskExecutionId, ending: cutOff });
    else if (task.priority !== priority) continue;
    else if (refusal !== null) {
      actions.push({ kind: 'end-task', taskExecutionId, ending: { status: 'FAILED', statusDetails: refusal } });
    } else actions.push({ kind: 'start-task', taskExecutionId });
  }
  return actions;
}

function endingOf({ status, tasks }: WindowExecutionState): Ending {
  if (tasks.length === 0) return { status: 'SUCCESS', statusDetails: 'No tasks to execute.' };
  const worst = summarize(tasks.map((task) => task.status));
  if (status === 'CANCELLING') return { status: 'CANCELLED', statusDetails: 'The execution was cancelled.' };
  return { status: worst, statusDetails: detailsOfExecution.get(worst) ?? '' };
}

/** How a command's end ends its invocation (reference: RUN_COMMAND's terminal mapping); null while it is open. */
export function endingOfCommand(
  command: { readonly status: string; readonly statusDetails: string; readonly errorCount: number },
  wasCutOff: boolean,
): (Ending & { readonly isErrorLimitExceeded: boolean }) | null {
  const { statusDetails, errorCount } = command;
  // Without an error the same words mean that no node could be reached.
  const isErrorLimitExceeded = command.status === 'Failed' && statusDetails === 'Failed' && errorCount > 0;
  switch (command.status) {
    case 'Success':
      return { status: 'SUCCESS', statusDetails, isErrorLimitExceeded };
    case 'Failed':
      return { status: 'FAILED', statusDetails, isErrorLimitExceeded };
    case 'TimedOut':
      return { status: 'TIMED_OUT', statusDetails, isErrorLimitExceeded };
    case 'Cancelled':
      return wasCutOff
        ? { status: 'TIMED_OUT', statusDetails: 'Cancelled at the cutoff of the window.', isErrorLimitExceeded }
        : { status: 'CANCELLED', statusDetails, isErrorLimitExceeded };
    default:
      return null;
  }
}
