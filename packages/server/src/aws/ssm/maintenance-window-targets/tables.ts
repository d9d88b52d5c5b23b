import type { ColumnType } from 'kysely';

/** `InstanceIds`, `tag:KEY` or `tag-key` with values; several entries must all hold. */
export interface WindowTarget {
  readonly key: string;
  readonly values: readonly string[];
}

/** Targets that are registered with a window. Who they are is found out when a task runs. */
export interface MaintenanceWindowTargetsTable {
  accountId: ColumnType<string, string, never>;
  region: ColumnType<string, string, never>;
  windowTargetId: ColumnType<string, string, never>;
  windowId: ColumnType<string, string, never>;
  resourceType: ColumnType<string, string, never>;
  targets: ColumnType<WindowTarget[], string, string>;
  ownerInformation: string | null;
  name: string | null;
  description: string | null;
  createdAt: ColumnType<Date, Date, never>;
}

export interface MaintenanceWindowTargetTables {
  maintenanceWindowTargets: MaintenanceWindowTargetsTable;
}
