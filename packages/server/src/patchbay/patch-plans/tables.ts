import type { RebootForecast } from '@patchbay/patching';
import type { ColumnType } from 'kysely';
import type { CommandTarget } from '../../aws/ssm/commands/tables.ts';

/** What somebody wanted to know of many nodes before patching them. Written once. */
export interface PatchPlansTable {
  accountId: string;
  region: string;
  patchPlanId: string;
  createdAt: Date;
  expiresAt: Date;
  createdBy: string;
  windowId: string | null;
  targets: ColumnType<CommandTarget[], string, never>;
  commandId: string;
}

/** One node of a patch plan. What it answered is written once, and so is the operation that carries it out. */
export interface PatchPlanNodesTable {
  accountId: string;
  region: string;
  patchPlanId: string;
  instanceId: string;
  /** The scan that plans, once it has begun. */
  operationId: ColumnType<string | null, null, string>;
  plannedAt: ColumnType<Date | null, null, Date>;
  /** The frozen plan; null where nothing would change. */
  planId: ColumnType<string | null, null, string | null>;
  reboot: ColumnType<RebootForecast | null, null, string>;
  appliedOperationId: ColumnType<string | null, null, string>;
}

export interface PatchPlanTables {
  patchPlans: PatchPlansTable;
  patchPlanNodes: PatchPlanNodesTable;
}
