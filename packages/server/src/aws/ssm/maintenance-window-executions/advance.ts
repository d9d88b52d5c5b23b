import { AppError } from '@patchbay/facts';
import {
  decideExecution,
  type Ending,
  endingOfCommand,
  hasEnded,
  type WindowAction,
  type WindowExecutionState,
} from '@patchbay/patching';
import { runInSavepoint, runInTransaction } from '../../../database/transaction.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { holdErrors } from '../../../patchbay/change-freezes/errors.ts';
import { cancelCommand } from '../commands/cancel.ts';
import { findTarget } from '../maintenance-window-targets/repository.ts';
import type { WindowTarget } from '../maintenance-window-targets/tables.ts';
import {
  type FollowedInvocation,
  insertInvocations,
  isWindowThere,
  listFollowedInvocations,
  listTaskExecutions,
  lockExecution,
  type TaskExecution,
  updateExecution,
  updateInvocation,
  updateTaskExecution,
  type WindowExecution,
} from './repository.ts';
import { type RunContext, startCommand } from './run-command.ts';

/** Why a task's next command may not start at the moment; found out by trying. */
type Holds = Map<string, string>;

/** An execution as it stands, with what the database says of its commands. */
interface Situation {
  readonly execution: WindowExecution;
  readonly tasks: ReadonlyMap<string, TaskExecution>;
  readonly invocations: ReadonlyMap<string, FollowedInvocation>;
  readonly state: WindowExecutionState;
}

const mostDetails = 250;
/** How soon after the end of a freeze what it held back begins. */
const lookAgainMilliseconds = 5_000;

function refusalOf({ content }: TaskExecution): string | null {
  return content.taskType === 'RUN_COMMAND' ? null : `Tasks of the type ${content.taskType} cannot run here yet.`;
}

function endingOf(invocation: FollowedInvocation) {
  const { commandStatus, commandStatusDetails, commandErrorCount } = invocation;
  if (commandStatus === null) return null;
  return endingOfCommand(
    { status: commandStatus, statusDetails: commandStatusDetails ?? '', errorCount: commandErrorCount ?? 0 },
    invocation.status === 'CANCELLING',
  );
}

async function end(update: (change: Ending & { endedAt: Date }) => Promise<void>, ending: Ending, now: Date) {
  await update({ status: ending.status, statusDetails: ending.statusDetails.slice(0, mostDetails), endedAt: now });
}

/** Why a task's next command could not start when it was last tried: nothing is tried again after the cutoff. */
function heldBefore({ taskExecutionId }: TaskExecution, invocations: readonly FollowedInvocation[]): string | null {
  const next = invocations.find((each) => each.taskExecutionId === taskExecutionId && each.status === 'PENDING');
  return next && next.statusDetails !== '' ? next.statusDetails : null;
}

/** Reads everything, and ends the invocations whose commands have ended. */
async function readSituation(execution: WindowExecution, holds: Holds, { db, now }: RunContext): Promise<Situation> {
  const { windowExecutionId } = execution;
  const tasks = await listTaskExecutions(db, windowExecutionId);
  const invocations = await listFollowedInvocations(db, windowExecutionId);
  const followed: FollowedInvocation[] = [];
  for (const invocation of invocations) {
    const ending = hasEnded(invocation.status) ? null : endingOf(invocation);
    if (ending) await end((change) => updateInvocation(db, invocation.invocationId, change), ending, now);
    followed.push(ending ? { ...invocation, status: ending.status } : invocation);
  }
  const state: WindowExecutionState = {
    status: execution.status,
    noStartsAfter: execution.noStartsAfter.getTime(),
    tasks: tasks.map((task) => ({
      taskExecutionId: task.taskExecutionId,
      priority: task.content.priority,
      status: task.status,
      cutoffBehavior: task.content.cutoffBehavior ?? 'CONTINUE_TASK',
      refusal: refusalOf(task),
      hold: holds.get(task.taskExecutionId) ?? (now < execution.noStartsAfter ? null : heldBefore(task, followed)),
      invocations: followed
        .filter((invocation) => invocation.taskExecutionId === task.taskExecutionId)
        .map((invocation) => ({
          invocationId: invocation.invocationId,
          status: invocation.status,
          isErrorLimitExceeded: endingOf(invocation)?.isErrorLimitExceeded ?? false,
        })),
    })),
  };
  return {
    execution,
    tasks: new Map(tasks.map((task) => [task.taskExecutionId, task])),
    invocations: new Map(followed.map((invocation) => [invocation.invocationId, invocation])),
    state,
  };
}

/** One group of nodes: a registered target, or nodes that the task itself names. */
interface Group {
  readonly windowTargetId: string | null;
  readonly targets: readonly WindowTarget[];
}

/** The groups of nodes that a task goes to, one invocation for each; who is in them is found out when it begins. */
async function startTask(
  execution: WindowExecution,
  task: TaskExecution,
  { db, now, dependencies }: RunContext,
): Promise<void> {
  const { taskExecutionId, content } = task;
  const groups = content.targets.flatMap(({ key, values }): Group[] =>
    key === 'WindowTargetIds'
      ? values.map((windowTargetId) => ({ windowTargetId, targets: [] }))
      : [{ windowTargetId: null, targets: [{ key, values }] }],
  );
  const invocations = [];
  for (const [position, { windowTargetId, targets }] of groups.entries()) {
    const registered =
      windowTargetId === null ? undefined : await findTarget(db, execution, execution.windowId, windowTargetId);
    const isGone = windowTargetId !== null && !registered;
    invocations.push({
      invocationId: dependencies.randomId(),
      taskExecutionId,
      position,
      windowTargetId,
      ownerInformation: registered?.ownerInformation ?? null,
      targets: JSON.stringify(registered?.targets ?? targets),
      executionId: null,
      parameters: null,
      status: isGone ? ('FAILED' as const) : ('PENDING' as const),
      statusDetails: isGone ? 'The target is no longer registered with the window.' : '',
      startedAt: isGone ? now : null,
      endedAt: isGone ? now : null,
    });
  }
  await insertInvocations(db, invocations);
  await updateTaskExecution(db, taskExecutionId, { status: 'IN_PROGRESS', startedAt: now });
}

/**
 * Sends an invocation's command. Where a freeze or a stop of all starts is in the way, it is tried again later; where it is
 * not taken for another reason, that is the end of the invocation. Nothing of the attempt is left.
 */
async function startInvocation(
  parts: Parameters<typeof startCommand>[0],
  holds: Holds,
  context: RunContext,
): Promise<void> {
  const { invocationId } = parts.invocation;
  try {
    await runInSavepoint(context.db, () => startCommand(parts, context));
  } catch (error) {
    const isTold = error instanceof AppError;
    if (isTold && Object.hasOwn(holdErrors, error.code)) {
      holds.set(parts.task.taskExecutionId, error.message);
      return await updateInvocation(context.db, invocationId, { statusDetails: error.message.slice(0, mostDetails) });
    }
    if (!isTold) context.dependencies.logger.error({ error, invocationId }, 'a window could not send its command');
    const statusDetails = isTold ? error.message : 'Internal error: the log of the control plane says more.';
    await updateInvocation(context.db, invocationId, { startedAt: context.now });
    const change = { status: 'FAILED', statusDetails } as const;
    await end((ended) => updateInvocation(context.db, invocationId, ended), change, context.now);
  }
}

async function carryOut(action: WindowAction, situation: Situation, holds: Holds, context: RunContext): Promise<void> {
  const { execution, tasks, invocations } = situation;
  const { db, now } = context;
  const taskOf = (taskExecutionId: string) => found(tasks.get(taskExecutionId));
  switch (action.kind) {
    case 'start-task':
      return await startTask(execution, taskOf(action.taskExecutionId), context);
    case 'end-task':
      return await end((change) => updateTaskExecution(db, action.taskExecutionId, change), action.ending, now);
    case 'start-invocation': {
      const task = taskOf(action.taskExecutionId);
      const invocation = found(invocations.get(action.invocationId));
      return await startInvocation({ execution, task, invocation }, holds, context);
    }
    case 'end-invocation':
      return await end((change) => updateInvocation(db, action.invocationId, change), action.ending, now);
    case 'cancel-invocation': {
      const { executionId } = found(invocations.get(action.invocationId));
      await updateInvocation(db, action.invocationId, { status: 'CANCELLING' });
      const { accountId, region, windowId } = execution;
      const principal = { kind: 'window', accountId, region, windowId } as const;
      return await cancelCommand(found(executionId), [], { ...context, accountId, region, principal, reach: [] });
    }
    case 'end-execution':
      return await end((change) => updateExecution(db, execution.windowExecutionId, change), action.ending, now);
  }
}

function found<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) throw new Error('A decision names what was not read');
  return value;
}

/**
 * Brings an execution forward as far as it goes at this moment. It is safe to call at any time and from any replica: the
 * locked row makes one caller wait for the other, and a command is stored in the same transaction as the note that it
 * was sent, so that each is sent once.
 */
export async function advanceExecution(windowExecutionId: string, context: RunContext): Promise<void> {
  const { db, now } = context;
  const execution = await lockExecution(db, windowExecutionId);
  if (!execution || execution.endedAt !== null) return;
  if (execution.status !== 'CANCELLING' && !(await isWindowThere(db, execution.windowId))) {
    execution.status = 'CANCELLING';
    await updateExecution(db, windowExecutionId, {
      status: 'CANCELLING',
      statusDetails: 'The window was deleted: what runs is left to end.',
    });
  }
  const holds: Holds = new Map();
  for (;;) {
    const situation = await readSituation(execution, holds, context);
    const actions = decideExecution(situation.state, now.getTime());
    for (const action of actions) await carryOut(action, situation, holds, context);
    if (actions.length === 0 || actions.some((action) => action.kind === 'end-execution')) break;
  }
  const times = holds.size > 0 ? [new Date(now.getTime() + lookAgainMilliseconds)] : [];
  if (now < execution.noStartsAfter) times.push(execution.noStartsAfter);
  const dueAt = times.toSorted((left, right) => left.getTime() - right.getTime())[0] ?? null;
  await updateExecution(db, windowExecutionId, { dueAt });
}

/** The same once the transaction of a call is committed. */
export function advanceExecutionAfterCommit(windowExecutionId: string, context: OperationContext): void {
  const { afterCommit, dependencies } = context;
  afterCommit((database) =>
    runInTransaction(database, (db) =>
      advanceExecution(windowExecutionId, { db, now: dependencies.clock(), dependencies }),
    ),
  );
}
