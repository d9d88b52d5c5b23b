import type { Plan } from '@patchbay/facts';
import type { ColumnType } from 'kysely';

/** A frozen plan: written once, never changed. */
export interface PlansTable {
  accountId: string;
  region: string;
  planId: string;
  instanceId: string;
  operationId: string;
  digest: string;
  content: ColumnType<Plan, string, never>;
  createdAt: Date;
}

export interface PlanTables {
  plans: PlansTable;
}
