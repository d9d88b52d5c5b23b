import { describe, expect, it } from 'vitest';
import { decideExecution, endingOfCommand, type WindowAction } from './decide-execution.ts';
import type { InvocationState, TaskExecutionState, WindowExecutionState } from './execution-state.ts';

const before = 1000;
const cutoff = 2000;

function invocation(invocationId: string, parts: Partial<InvocationState> = {}): InvocationState {
  return { invocationId, status: 'PENDING', isErrorLimitExceeded: false, ...parts };
}

function task(taskExecutionId: string, parts: Partial<TaskExecutionState> = {}): TaskExecutionState {
  return {
    taskExecutionId,
    priority: 1,
    status: 'PENDING',
    cutoffBehavior: 'CONTINUE_TASK',
    refusal: null,
    hold: null,
    invocations: [],
    ...parts,
  };
}

function execution(tasks: TaskExecutionState[], parts: Partial<WindowExecutionState> = {}): WindowExecutionState {
  return { status: 'IN_PROGRESS', noStartsAfter: cutoff, tasks, ...parts };
}

/** `start-task a`, `end-task b FAILED`: enough to see what is decided. */
function told(actions: readonly WindowAction[]): string[] {
  return actions.map((action) => {
    const ending = 'ending' in action ? ` ${action.ending.status}` : '';
    if ('invocationId' in action) return `${action.kind} ${action.invocationId}${ending}`;
    return 'taskExecutionId' in action
      ? `${action.kind} ${action.taskExecutionId}${ending}`
      : `${action.kind}${ending}`;
  });
}

function decide(state: WindowExecutionState, now = before): string[] {
  return told(decideExecution(state, now));
}

describe('an open execution', () => {
  it('starts the tasks of the highest priority together', () => {
    const tasks = [task('a', { priority: 0 }), task('b', { priority: 0 }), task('c', { priority: 5 })];
    expect(decide(execution(tasks))).toEqual(['start-task a', 'start-task b']);
  });

  it('starts the next priority when all before have ended, however they ended', () => {
    const tasks = [task('a', { status: 'FAILED' }), task('b', { status: 'SUCCESS' }), task('c', { priority: 5 })];
    expect(decide(execution(tasks))).toEqual(['start-task c']);
  });

  it('waits while one of a higher priority runs', () => {
    const running = task('a', { status: 'IN_PROGRESS', invocations: [invocation('a1', { status: 'IN_PROGRESS' })] });
    expect(decide(execution([running, task('c', { priority: 5 })]))).toEqual([]);
  });

  it('runs the target groups of a task one after the other', () => {
    const groups = [invocation('1', { status: 'SUCCESS' }), invocation('2'), invocation('3')];
    expect(decide(execution([task('a', { status: 'IN_PROGRESS', invocations: groups })]))).toEqual([
      'start-invocation 2',
    ]);
    const busy = [invocation('1', { status: 'IN_PROGRESS' }), invocation('2')];
    expect(decide(execution([task('a', { status: 'IN_PROGRESS', invocations: busy })]))).toEqual([]);
  });

  it('goes on with the next group where nodes of one could not be reached', () => {
    const groups = [invocation('1', { status: 'TIMED_OUT' }), invocation('2')];
    expect(decide(execution([task('a', { status: 'IN_PROGRESS', invocations: groups })]))).toEqual([
      'start-invocation 2',
    ]);
  });

  it('starts no further group after one with more errors than MaxErrors allows', () => {
    const groups = [invocation('1', { status: 'FAILED', isErrorLimitExceeded: true }), invocation('2')];
    const state = execution([task('a', { status: 'IN_PROGRESS', invocations: groups })]);
    expect(decide(state)).toEqual(['end-invocation 2 CANCELLED']);
  });

  it('ends a task as the worst of its invocations', () => {
    const ended = (statuses: InvocationState['status'][]) =>
      decide(
        execution([
          task('a', {
            status: 'IN_PROGRESS',
            invocations: statuses.map((status, index) => invocation(String(index), { status })),
          }),
        ]),
      );
    expect(ended(['SUCCESS', 'SUCCESS'])).toEqual(['end-task a SUCCESS']);
    expect(ended(['CANCELLED', 'TIMED_OUT', 'SUCCESS'])).toEqual(['end-task a TIMED_OUT']);
    expect(ended(['TIMED_OUT', 'FAILED'])).toEqual(['end-task a FAILED']);
  });

  it('ends as the worst of its tasks', () => {
    expect(decide(execution([task('a', { status: 'SUCCESS' }), task('b', { status: 'TIMED_OUT' })]))).toEqual([
      'end-execution TIMED_OUT',
    ]);
  });

  it('ends at once, and well, where there are no tasks', () => {
    expect(decideExecution(execution([]), before)).toEqual([
      { kind: 'end-execution', ending: { status: 'SUCCESS', statusDetails: 'No tasks to execute.' } },
    ]);
  });

  it('fails a task of a kind that cannot run here, and says why', () => {
    const refusal = 'Automation is not here yet.';
    expect(decideExecution(execution([task('a', { refusal })]), before)).toEqual([
      { kind: 'end-task', taskExecutionId: 'a', ending: { status: 'FAILED', statusDetails: refusal } },
    ]);
  });
});

describe('the cutoff', () => {
  const groups = [invocation('1', { status: 'IN_PROGRESS' }), invocation('2')];

  it('ends what has not begun as TIMED_OUT', () => {
    expect(decide(execution([task('a'), task('b', { priority: 2 })]), cutoff)).toEqual([
      'end-task a TIMED_OUT',
      'end-task b TIMED_OUT',
    ]);
  });

  it('lets a task that continues go on with its remaining groups', () => {
    const going = [invocation('1', { status: 'SUCCESS' }), invocation('2')];
    expect(decide(execution([task('a', { status: 'IN_PROGRESS', invocations: going })]), cutoff)).toEqual([
      'start-invocation 2',
    ]);
  });

  it('cancels what runs of a task that says so, and starts no more of it', () => {
    const cancelling = task('a', { status: 'IN_PROGRESS', cutoffBehavior: 'CANCEL_TASK', invocations: groups });
    expect(decide(execution([cancelling]), cutoff)).toEqual(['end-invocation 2 TIMED_OUT', 'cancel-invocation 1']);
    const told = groups.slice(0, 1).map((one) => ({ ...one, status: 'CANCELLING' as const }));
    expect(decide(execution([{ ...cancelling, invocations: told }]), cutoff)).toEqual([]);
  });
});

describe('a hold', () => {
  const hold = 'the freeze "Christmas" ends on 2 January';

  const groups = [invocation('1', { status: 'SUCCESS' }), invocation('2')];
  const held = task('a', { status: 'IN_PROGRESS', invocations: groups, hold });

  it('keeps the next group from starting, and ends nothing', () => {
    expect(decide(execution([held]))).toEqual([]);
  });

  it('concerns only its own task', () => {
    expect(decide(execution([held, task('b')]))).toEqual(['start-task b']);
  });

  it('is named where the cutoff comes first', () => {
    const actions = decideExecution(execution([held]), cutoff);
    expect(actions).toMatchObject([{ kind: 'end-invocation', invocationId: '2', ending: { status: 'TIMED_OUT' } }]);
    expect(JSON.stringify(actions)).toContain('Christmas');
  });
});

describe('a cancelled execution', () => {
  const cancelling = { status: 'CANCELLING' } as const;

  it('starts nothing more and leaves what runs to end', () => {
    const groups = [invocation('1', { status: 'IN_PROGRESS' }), invocation('2')];
    const running = task('a', { status: 'IN_PROGRESS', invocations: groups });
    expect(decide(execution([running, task('b', { priority: 2 })], cancelling))).toEqual([
      'end-invocation 2 CANCELLED',
      'end-task b CANCELLED',
    ]);
  });

  it('is CANCELLED when that has ended', () => {
    const tasks = [task('a', { status: 'SUCCESS' }), task('b', { status: 'CANCELLED' })];
    expect(decide(execution(tasks, cancelling))).toEqual(['end-execution CANCELLED']);
  });
});

describe('the end of a command', () => {
  it.each([
    ['Success', 'Success', 'SUCCESS'],
    ['Failed', 'Incomplete', 'FAILED'],
    ['Failed', 'NoInstancesInTag', 'FAILED'],
    ['TimedOut', 'DeliveryTimedOut', 'TIMED_OUT'],
    ['Cancelled', 'Cancelled', 'CANCELLED'],
  ])('%s, %s makes %s of its invocation', (status, statusDetails, expected) => {
    expect(endingOfCommand({ status, statusDetails, errorCount: 0 }, false)?.status).toBe(expected);
  });

  it('is TIMED_OUT where the cutoff cancelled it', () => {
    expect(endingOfCommand({ status: 'Cancelled', statusDetails: 'Cancelled', errorCount: 0 }, true)?.status).toBe(
      'TIMED_OUT',
    );
  });

  it('tells that MaxErrors was exceeded from what was merely incomplete', () => {
    const failed = { status: 'Failed', errorCount: 1 };
    const isExceeded = (command: Parameters<typeof endingOfCommand>[0]) =>
      endingOfCommand(command, false)?.isErrorLimitExceeded;
    expect(isExceeded({ ...failed, statusDetails: 'Failed' })).toBe(true);
    expect(isExceeded({ ...failed, statusDetails: 'Incomplete' })).toBe(false);
    expect(isExceeded({ ...failed, statusDetails: 'Failed', errorCount: 0 })).toBe(false);
  });

  it('is none while it runs', () => {
    expect(endingOfCommand({ status: 'InProgress', statusDetails: 'InProgress', errorCount: 0 }, false)).toBeNull();
  });
});
