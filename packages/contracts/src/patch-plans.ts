import {
  ComplianceLevel,
  GroupOutcome,
  PackageName,
  SimulatedChange,
  UnknownReason,
  VerdictItem,
} from '@patchbay/facts';
import { z } from 'zod';
import { defineContract } from './contract.ts';

const InstanceId = z.string().regex(/^mi-[0-9a-f]{17}$/);
const Timestamp = z.iso.datetime();
const PlanId = z.uuid();
const Rate = z.string().regex(/^([1-9]\d{0,6}|[1-9]\d?%|100%)$/, 'Expected a number or a percentage such as 10%');
const ErrorRate = z.string().regex(/^(\d{1,7}|\d{1,2}%|100%)$/, 'Expected a number or a percentage such as 10%');
const page = (most: number) => ({
  maxResults: z.number().int().min(1).max(most).optional(),
  nextToken: z.string().optional(),
});

/** As SendCommand takes them: `tag:KEY`, `tag-key`, `InstanceIds`; several must all hold. */
export const PatchPlanTarget = z.object({
  key: z.string().min(1).max(163),
  values: z.array(z.string().max(256)).min(1).max(50),
});
export type PatchPlanTarget = z.infer<typeof PatchPlanTarget>;

/** How far the nodes of a plan are. */
const StatusCounts = z.object({
  waiting: z.number().int(),
  offline: z.number().int(),
  ready: z.number().int(),
  failed: z.number().int(),
});

export const PatchPlanSummary = z.object({
  planId: PlanId,
  createdAt: Timestamp,
  /** The plan is carried out before this moment, or not at all. */
  expiresAt: Timestamp,
  /** ARN of who asked for it. */
  createdBy: z.string(),
  windowId: z.string().nullable(),
  targets: z.array(z.object({ key: z.string(), values: z.array(z.string()) })),
  /** The command that makes it on the nodes. */
  commandId: z.string(),
  nodes: StatusCounts,
});
export type PatchPlanSummary = z.infer<typeof PatchPlanSummary>;

/** One change, and why it would happen. */
export const PlannedChange = SimulatedChange.extend({
  /** Changes of one group go in together or not at all. */
  group: z.number().int(),
  /** One sentence. */
  why: z.string(),
  /** `rule 2`, `ApprovedPatches: openssl`; null for what only comes along. */
  approvedBy: z.string().nullable(),
  /** Since when the baseline approves it; null where no date decided. */
  approvedSince: Timestamp.nullable(),
  classification: z.string(),
  complianceLevel: ComplianceLevel.nullable(),
  section: z.string(),
  priority: z.string(),
});
export type PlannedChange = z.infer<typeof PlannedChange>;

/** A newer version that would not come in, and why not. */
export const LeftOutChange = PackageName.extend({
  installedVersion: z.string().nullable(),
  version: z.string().nullable(),
  state: VerdictItem.shape.state,
  why: z.string(),
  /** When it will be approved, where it waits for that. */
  approvedFrom: Timestamp.nullable(),
});
export type LeftOutChange = z.infer<typeof LeftOutChange>;

export const PatchPlanNode = z.object({
  instanceId: InstanceId,
  name: z.string(),
  /** `offline`: it has not answered, and its agent is not connected. */
  status: z.enum(['waiting', 'offline', 'ready', 'failed']),
  /** Why it is not ready; empty where it is. */
  detail: z.string(),
  plannedAt: Timestamp.nullable(),
  /** The scan that planned it. */
  operationId: z.string().nullable(),
  baselineId: z.string().nullable(),
  baselineRevision: z.number().int().nullable(),
  /** The frozen plan of this node (GetPlan), and its digest; null where nothing would change. */
  nodePlanId: z.string().nullable(),
  digest: z.string().nullable(),
  changes: z.array(PlannedChange),
  leftOut: z.array(LeftOutChange),
  unknownReasons: z.array(UnknownReason),
  downloadBytes: z.number().int(),
  diskBytes: z.number().int(),
  reboot: z.object({ isExpected: z.boolean(), reasons: z.array(z.string()) }).nullable(),
  /** How it was carried out; null where it was not begun. */
  applied: z
    .object({
      operationId: z.string(),
      commandId: z.string().nullable(),
      startedAt: Timestamp,
      endedAt: Timestamp.nullable(),
      status: z.string(),
      outcomes: z.array(GroupOutcome),
    })
    .nullable(),
});
export type PatchPlanNode = z.infer<typeof PatchPlanNode>;

/**
 * Asks nodes what patching would change on them, by a command that changes nothing, and keeps the answers as a plan. A
 * window stands for the nodes that its tasks patch.
 */
export const CreatePatchPlan = defineContract(
  'CreatePatchPlan',
  'person',
  z
    .object({
      targets: z.array(PatchPlanTarget).min(1).max(5).optional(),
      instanceIds: z.array(InstanceId).min(1).max(1000).optional(),
      windowId: z
        .string()
        .regex(/^mw-[0-9a-f]{17}$/)
        .optional(),
      /** How many nodes look at once. */
      maxConcurrency: Rate.optional(),
    })
    .refine(
      ({ targets, instanceIds, windowId }) =>
        [targets, instanceIds, windowId].filter((each) => each !== undefined).length === 1,
      'Give one of targets, instanceIds and windowId',
    ),
  z.object({ plan: PatchPlanSummary }),
);

/** A plan with its nodes, in the order of their ids. */
export const GetPatchPlan = defineContract(
  'GetPatchPlan',
  'person',
  z.object({ planId: PlanId, ...page(50) }),
  z.object({ plan: PatchPlanSummary, nodes: z.array(PatchPlanNode), nextToken: z.string().optional() }),
);

/** The plans there are, newest first. */
export const ListPatchPlans = defineContract(
  'ListPatchPlans',
  'person',
  z.object(page(50)),
  z.object({ plans: z.array(PatchPlanSummary), nextToken: z.string().optional() }),
);

/** Carries out a plan on the nodes that it changes, by a command; on each node once. */
export const ApplyPatchPlan = defineContract(
  'ApplyPatchPlan',
  'person',
  z.object({
    planId: PlanId,
    maxConcurrency: Rate.optional(),
    maxErrors: ErrorRate.optional(),
    rebootOption: z.enum(['RebootIfNeeded', 'NoReboot']).default('RebootIfNeeded'),
  }),
  z.object({
    commandId: z.string(),
    instanceIds: z.array(InstanceId),
    /** Nodes of the plan that get no command, and why. */
    leftOut: z.array(z.object({ instanceId: InstanceId, why: z.string() })),
  }),
);
