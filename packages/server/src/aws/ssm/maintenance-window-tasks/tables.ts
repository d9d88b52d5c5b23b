import type {
  AlarmConfiguration,
  LoggingInfo,
  MaintenanceWindowTaskInvocationParameters,
  MaintenanceWindowTaskParameterValueExpression,
} from '@aws-sdk/client-ssm';
import type { ColumnType } from 'kysely';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import type { WindowTarget } from '../maintenance-window-targets/tables.ts';

export type TaskType = 'RUN_COMMAND' | 'AUTOMATION' | 'LAMBDA' | 'STEP_FUNCTIONS';

/** What a task is told to do, in AWS's members; whatever was not given is absent. */
export interface WindowTaskContent {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** `WindowTargetIds`, or `InstanceIds` where the window allows it. */
  readonly targets: readonly WindowTarget[];
  readonly serviceRoleArn?: string | undefined;
  readonly taskParameters?:
    | Readonly<Record<string, CamelCased<MaintenanceWindowTaskParameterValueExpression>>>
    | undefined;
  readonly taskInvocationParameters?: CamelCased<MaintenanceWindowTaskInvocationParameters> | undefined;
  readonly maxConcurrency?: string | undefined;
  readonly maxErrors?: string | undefined;
  readonly loggingInfo?: CamelCased<LoggingInfo> | undefined;
  readonly cutoffBehavior?: 'CONTINUE_TASK' | 'CANCEL_TASK' | undefined;
  readonly alarmConfiguration?: CamelCased<AlarmConfiguration> | undefined;
}

/** A task of a window. */
export interface MaintenanceWindowTasksTable {
  accountId: ColumnType<string, string, never>;
  region: ColumnType<string, string, never>;
  windowTaskId: ColumnType<string, string, never>;
  windowId: ColumnType<string, string, never>;
  taskArn: string;
  taskType: ColumnType<TaskType, TaskType, never>;
  content: ColumnType<WindowTaskContent, string, string>;
  /** Lower ones first. */
  priority: number;
  /** The ARN of who registered or last changed it. */
  registeredBy: string;
  createdAt: ColumnType<Date, Date, never>;
}

export interface MaintenanceWindowTaskTables {
  maintenanceWindowTasks: MaintenanceWindowTasksTable;
}
