import { ArchiveAddress, GroupOutcome, NodeFacts, PatchCounts, Plan, Verdict } from '@patchbay/facts';
import { z } from 'zod';
import { defineContract } from './contract.ts';
import { PatchOperationKind } from './node-operations.ts';

const InstanceId = z.string().regex(/^mi-[0-9a-f]{17}$/);
const Timestamp = z.iso.datetime();
const page = {
  maxResults: z.number().int().min(1).max(100).optional(),
  nextToken: z.string().optional(),
};

export const PatchOperationSummary = z.object({
  operationId: z.string(),
  instanceId: InstanceId,
  operation: PatchOperationKind,
  commandId: z.string().nullable(),
  baselineId: z.string(),
  patchGroup: z.string(),
  startedAt: Timestamp,
  endedAt: Timestamp.nullable(),
  status: z.enum(['in-progress', 'compliant', 'non-compliant', 'unknown', 'abandoned']),
  counts: PatchCounts.nullable(),
  planId: z.string().nullable(),
  /** The patch plan that it made or carried out. */
  patchPlanId: z.string().nullable().default(null),
  /** What was used in place of the baseline, with the digest of its content; null for nothing. */
  override: z
    .object({ kind: z.enum(['install-list', 'baselines']), address: z.string(), digest: z.string() })
    .nullable()
    .default(null),
});
export type PatchOperationSummary = z.infer<typeof PatchOperationSummary>;

/** Today's verdict on the newest facts of a node, with the evidence for every item. Nothing is stored. */
export const GetNodeVerdict = defineContract(
  'GetNodeVerdict',
  'person',
  z.object({
    instanceId: InstanceId,
    /** Another baseline than the one that the node's patch group has. */
    baselineId: z.string().optional(),
  }),
  z.object({
    instanceId: InstanceId,
    patchGroup: z.string(),
    baselineName: z.string(),
    factsReceivedAt: Timestamp.nullable(),
    counts: PatchCounts,
    verdict: Verdict,
  }),
);

/** The newest facts of a node as they were submitted. */
export const GetNodeFacts = defineContract(
  'GetNodeFacts',
  'person',
  z.object({ instanceId: InstanceId }),
  z.object({
    instanceId: InstanceId,
    receivedAt: Timestamp,
    installedDigest: z.string(),
    offersDigest: z.string(),
    policyDigest: z.string(),
    facts: NodeFacts,
  }),
);

/** All scans and installs of a node, newest first; none is ever overwritten. */
export const ListPatchOperations = defineContract(
  'ListPatchOperations',
  'person',
  z.object({ instanceId: InstanceId, ...page }),
  z.object({ operations: z.array(PatchOperationSummary), nextToken: z.string().optional() }),
);

/** One scan or install with the verdict that it ended with, as it was stored then. */
export const GetPatchOperation = defineContract(
  'GetPatchOperation',
  'person',
  z.object({ operationId: z.string() }),
  z.object({ operation: PatchOperationSummary, verdict: Verdict.nullable(), outcomes: z.array(GroupOutcome) }),
);

/** A frozen plan, its digest, and what became of each of its groups. */
export const GetPlan = defineContract(
  'GetPlan',
  'person',
  z.object({ planId: z.string() }),
  z.object({ plan: Plan, digest: z.string(), outcomes: z.array(GroupOutcome) }),
);

/** When which version of a source package was first seen in which archive, and on which rung of the clock. */
export const ListFirstSeen = defineContract(
  'ListFirstSeen',
  'person',
  z.object({ source: z.string().min(1), ...page }),
  z.object({
    records: z.array(
      z.object({
        archive: ArchiveAddress,
        source: z.string(),
        sourceVersion: z.string(),
        rung: z.enum(['first-seen', 'undated']),
        firstSeenAt: Timestamp,
        /** The node whose report it was, or `archive-watch ID`. */
        reportedBy: z.string(),
      }),
    ),
    nextToken: z.string().optional(),
  }),
);
