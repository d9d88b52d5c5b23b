import type { ColumnType } from 'kysely';

/** A maintenance window as it is now; deleting it removes it with its targets and tasks. */
export interface MaintenanceWindowsTable {
  accountId: ColumnType<string, string, never>;
  region: ColumnType<string, string, never>;
  windowId: ColumnType<string, string, never>;
  name: string;
  description: string | null;
  /** As the caller wrote them: AWS answers these two as text. */
  startDate: string | null;
  endDate: string | null;
  schedule: string;
  scheduleTimezone: string | null;
  scheduleOffset: number | null;
  /** Hours. */
  duration: number;
  /** Hours before the end from which nothing starts. */
  cutoff: number;
  allowUnassociatedTargets: boolean;
  enabled: boolean;
  createdDate: ColumnType<Date, Date, never>;
  modifiedDate: Date;
  /** When schedule, zone, offset or dates were last changed: a rate counts from there. */
  scheduleChangedAt: Date;
  /** The next occurrence that has not been taken yet; null when none is upcoming. */
  nextStartAt: Date | null;
}

export interface MaintenanceWindowTables {
  maintenanceWindows: MaintenanceWindowsTable;
}
