import {
  type MissedStartPolicy,
  missedWindowStart,
  nextStart,
  occurrencesBetween,
  scheduleOf,
  type WindowExecutionStatus,
} from '@patchbay/patching';
import type { Database } from '../../../database/tables.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { readTags } from '../tags/repository.ts';
import {
  type DueWindow,
  hasOpenExecution,
  insertExecution,
  insertTaskExecutions,
  listTasksToRun,
  lockDueWindow,
  setNextStart,
} from './repository.ts';
import type { OfflineNodePolicy } from './tables.ts';

const HOUR_MILLISECONDS = 3_600_000;

interface Context {
  /** A transaction: the window's row stays locked until what it starts is stored. */
  readonly db: Database;
  readonly now: Date;
  readonly dependencies: Pick<Dependencies, 'randomId'>;
}

/** The window's tag that says what happens where the control plane was down at its time: `skip`, or `run`. */
export const missedStartTag = 'patchbay:missed-start';

/** And the one that says what happens to nodes that are offline: `skip`, or `wait`. */
export const offlineNodesTag = 'patchbay:offline-nodes';

interface Policies {
  readonly missedStart: MissedStartPolicy;
  readonly offlineNodes: OfflineNodePolicy;
}

async function readPolicies(window: DueWindow, { db }: Context): Promise<Policies> {
  const tags = await readTags(db, window, { resourceType: 'MaintenanceWindow', resourceId: window.windowId });
  return {
    missedStart: tags[missedStartTag] === 'skip' ? 'skip' : 'run',
    offlineNodes: tags[offlineNodesTag] === 'skip' ? 'skip' : 'wait',
  };
}

/** The last occurrence that is due, and how many earlier ones were never taken. */
function findLastDue(first: Date, window: DueWindow, { now }: Context) {
  let scheduledAt = first;
  let skipped = 0;
  for (const occurrence of occurrencesBetween(scheduleOf(window), { after: first, until: now })) {
    scheduledAt = occurrence;
    skipped += 1;
  }
  return { scheduledAt, skipped };
}

/**
 * Takes a window whose time has come: stores its execution with its tasks as they are now, and when it is due next. Several replicas may do so at once: the window's row is locked, and an occurrence is stored once.
 */
export async function openDueWindow(windowId: string, context: Context): Promise<void> {
  const { db, now, dependencies } = context;
  const window = await lockDueWindow(db, windowId, now);
  if (!window?.nextStartAt) return;
  const { scheduledAt, skipped } = findLastDue(window.nextStartAt, window, context);
  await setNextStart(db, windowId, nextStart(window, now));
  const endsAt = new Date(scheduledAt.getTime() + window.duration * HOUR_MILLISECONDS);
  const noStartsAfter = new Date(endsAt.getTime() - window.cutoff * HOUR_MILLISECONDS);
  const policies = await readPolicies(window, context);
  const missed = missedWindowStart({
    scheduledAt: scheduledAt.getTime(),
    noStartsAfter: noStartsAfter.getTime(),
    now: now.getTime(),
    skipped,
    policy: policies.missedStart,
  });
  const beginning: { readonly status: WindowExecutionStatus; readonly statusDetails: string } =
    missed.ending ??
    ((await hasOpenExecution(db, window.windowId))
      ? { status: 'SKIPPED_OVERLAPPING', statusDetails: 'The execution before this one had not ended.' }
      : { status: 'IN_PROGRESS', statusDetails: missed.statusDetails });
  const isOpen = beginning.status === 'IN_PROGRESS';
  const windowExecutionId = dependencies.randomId();
  const { accountId, region, name, schedule, duration, cutoff } = window;
  const isNew = await insertExecution(db, {
    accountId,
    region,
    windowExecutionId,
    windowId,
    scheduledAt,
    noStartsAfter,
    endsAt,
    content: JSON.stringify({ name, schedule, duration, cutoff, offlineNodes: policies.offlineNodes }),
    ...beginning,
    startedAt: now,
    endedAt: isOpen ? null : now,
    dueAt: isOpen ? now : null,
  });
  if (isNew && isOpen) {
    const tasks = await listTasksToRun(db, windowId);
    await insertTaskExecutions(
      db,
      tasks.map(({ windowTaskId, taskArn, taskType, priority, registeredBy, content }, position) => ({
        taskExecutionId: dependencies.randomId(),
        windowExecutionId,
        windowTaskId,
        position,
        content: JSON.stringify({ ...content, taskArn, taskType, priority, registeredBy }),
        status: 'PENDING' as const,
        statusDetails: '',
        startedAt: null,
        endedAt: null,
      })),
    );
  }
}
