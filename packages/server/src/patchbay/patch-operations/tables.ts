import type { GroupOutcome, PatchCounts, RefusedTarget, Verdict } from '@patchbay/facts';
import type { ComplianceCounts } from '@patchbay/patching';
import type { ColumnType, Generated } from 'kysely';
import type { OverrideNote } from '../overrides/service.ts';

/** One scan or install of one node, from begin to end. */
export interface PatchOperationsTable {
  accountId: string;
  region: string;
  operationId: string;
  instanceId: string;
  operation: 'Scan' | 'Install';
  commandId: string | null;
  baselineId: string;
  baselineRevision: number;
  patchGroup: string;
  rebootOption: string;
  snapshotId: string;
  /** Which step of its command began it; empty where the document has one that patches. */
  stepName: Generated<string>;
  override: ColumnType<OverrideNote | null, string | null, never>;
  startedAt: Date;
  endedAt: Date | null;
  status: 'in-progress' | 'compliant' | 'non-compliant' | 'unknown' | 'abandoned';
  counts: ColumnType<PatchCounts | null, string | null, string | null>;
  /** How many listed patches of each level speak for and against compliance; null before the operation ended. */
  severities: ColumnType<ComplianceCounts | null, string | null | undefined, string | null>;
  factsId: string;
  planId: string | null;
  /** The patch plan that a Scan makes or an Install carries out; null for every other operation. */
  patchPlanId: ColumnType<string | null, string | null | undefined, never>;
  refused: ColumnType<RefusedTarget[], string, string>;
  outcomes: ColumnType<GroupOutcome[], string, string>;
}

/** The verdict that an operation ended with, as it was then. Partitioned by month of `evaluatedAt`. */
export interface OperationVerdictsTable {
  accountId: string;
  operationId: string;
  instanceId: string;
  evaluatedAt: Date;
  verdict: ColumnType<Verdict, string, never>;
}

/** Which operation speaks for a node: the last that ended. */
export interface NewestPatchOperationsTable {
  accountId: string;
  region: string;
  instanceId: string;
  operationId: string;
  endedAt: Date;
}

export interface PatchOperationTables {
  patchOperations: PatchOperationsTable;
  operationVerdicts: OperationVerdictsTable;
  newestPatchOperations: NewestPatchOperationsTable;
}
