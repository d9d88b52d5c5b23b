import type { TagLimit } from '@patchbay/contracts';
import type { FreezeTime } from '@patchbay/patching';
import type { ColumnType } from 'kysely';

/** A freeze; one that was deleted stays on record. */
export interface ChangeFreezesTable {
  accountId: ColumnType<string, string, never>;
  freezeId: ColumnType<string, string, never>;
  name: ColumnType<string, string, never>;
  reason: ColumnType<string, string, never>;
  time: ColumnType<FreezeTime, string, never>;
  /** Empty for the whole account. */
  tagLimits: ColumnType<TagLimit[], string, never>;
  createdBy: ColumnType<string, string, never>;
  createdAt: ColumnType<Date, Date, never>;
  deletedBy: string | null;
  deletedAt: Date | null;
}

/** Leave for one person or window to change something in spite of a freeze. */
export interface ChangeFreezeOverridesTable {
  freezeId: ColumnType<string, string, never>;
  /** The ARN of the person or the window. */
  principal: ColumnType<string, string, never>;
  reason: ColumnType<string, string, never>;
  createdBy: ColumnType<string, string, never>;
  createdAt: ColumnType<Date, Date, never>;
  until: ColumnType<Date, Date, never>;
}

/** Each time that every start was stopped; at most one of an account is in force. */
export interface StartStopsTable {
  accountId: ColumnType<string, string, never>;
  stopId: ColumnType<string, string, never>;
  reason: ColumnType<string, string, never>;
  stoppedBy: ColumnType<string, string, never>;
  stoppedAt: ColumnType<Date, Date, never>;
  resumeReason: string | null;
  resumedBy: string | null;
  resumedAt: Date | null;
}

export interface ChangeFreezeTables {
  changeFreezes: ChangeFreezesTable;
  changeFreezeOverrides: ChangeFreezeOverridesTable;
  startStops: StartStopsTable;
}
