import type { WindowExecutionStatus } from '@patchbay/patching';
import type { ColumnType } from 'kysely';
import type { WindowTarget } from '../maintenance-window-targets/tables.ts';
import type { TaskType, WindowTaskContent } from '../maintenance-window-tasks/tables.ts';

/** The window as it was when the execution began. */
export interface ExecutedWindow {
  readonly name: string;
  readonly schedule: string;
  readonly duration: number;
  readonly cutoff: number;
  /** Whether its commands wait for nodes that are offline, as long as it lasts. */
  readonly offlineNodes: OfflineNodePolicy;
}

export type OfflineNodePolicy = 'wait' | 'skip';

/** One opening of a window. Its occurrence is unique: whoever takes it first, on whichever replica, starts it. */
export interface MaintenanceWindowExecutionsTable {
  accountId: ColumnType<string, string, never>;
  region: ColumnType<string, string, never>;
  windowExecutionId: ColumnType<string, string, never>;
  windowId: ColumnType<string, string, never>;
  scheduledAt: ColumnType<Date, Date, never>;
  /** The cutoff: no task starts from then on. */
  noStartsAfter: ColumnType<Date, Date, never>;
  endsAt: ColumnType<Date, Date, never>;
  content: ColumnType<ExecutedWindow, string, never>;
  status: WindowExecutionStatus;
  statusDetails: string;
  startedAt: ColumnType<Date, Date, never>;
  endedAt: Date | null;
  /** When time alone will change something, the cutoff say; null while it waits for its commands. */
  dueAt: Date | null;
}

/** A task as it was when the window opened. */
export interface ExecutedTask extends WindowTaskContent {
  readonly taskArn: string;
  readonly taskType: TaskType;
  readonly priority: number;
  readonly registeredBy: string;
}

export interface MaintenanceWindowTaskExecutionsTable {
  taskExecutionId: ColumnType<string, string, never>;
  windowExecutionId: ColumnType<string, string, never>;
  windowTaskId: ColumnType<string, string, never>;
  /** Ascending by priority. */
  position: ColumnType<number, number, never>;
  content: ColumnType<ExecutedTask, string, never>;
  status: WindowExecutionStatus;
  statusDetails: string;
  startedAt: Date | null;
  endedAt: Date | null;
}

/** One call of a task for one of its targets: for RUN_COMMAND one command. */
export interface MaintenanceWindowInvocationsTable {
  invocationId: ColumnType<string, string, never>;
  taskExecutionId: ColumnType<string, string, never>;
  /** The target groups of a task run one after the other in this order. */
  position: ColumnType<number, number, never>;
  windowTargetId: ColumnType<string | null, string | null, never>;
  ownerInformation: ColumnType<string | null, string | null, never>;
  targets: ColumnType<WindowTarget[], string, never>;
  /** The command. */
  executionId: string | null;
  /** What was asked for, as JSON. */
  parameters: string | null;
  status: WindowExecutionStatus;
  statusDetails: string;
  startedAt: Date | null;
  endedAt: Date | null;
}

export interface MaintenanceWindowExecutionTables {
  maintenanceWindowExecutions: MaintenanceWindowExecutionsTable;
  maintenanceWindowTaskExecutions: MaintenanceWindowTaskExecutionsTable;
  maintenanceWindowInvocations: MaintenanceWindowInvocationsTable;
}
