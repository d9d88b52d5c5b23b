import { applyDocumentName, planDocumentName } from '@patchbay/patching';
import { sendCommand } from '../../aws/ssm/commands/service.ts';
import type { CommandTarget } from '../../aws/ssm/commands/tables.ts';
import { resolveTargets } from '../../aws/ssm/commands/targets.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { principalArn } from '../../operations/principal.ts';
import { PatchPlanError } from './errors.ts';
import {
  countNodesOfPlans,
  findPatchPlan,
  insertPatchPlan,
  listNodesOfPlan,
  type NodeOfPlan,
  type StatusCounts,
  type StoredPatchPlan,
} from './repository.ts';
import { findNodesOfWindow } from './window-nodes.ts';

/** A week: from looking on Monday to the window on Sunday. */
const lifetimeMilliseconds = 7 * 24 * 3_600_000;

const notThere = 'is no registered node, or was archived because it was silent for long.';

export interface PlanRequest {
  readonly targets?: readonly CommandTarget[] | undefined;
  readonly instanceIds?: readonly string[] | undefined;
  readonly windowId?: string | undefined;
  readonly maxConcurrency?: string | undefined;
}

/** These nodes, whether they are online or not. */
function named(instanceIds: readonly string[]): CommandTarget[] {
  return [{ key: 'InstanceIds', values: instanceIds }];
}

/** Nodes that are named are taken whether they are online or not: the plan says which did not answer. */
async function findNodes(request: PlanRequest, context: OperationContext): Promise<string[]> {
  if (request.windowId !== undefined) return await findNodesOfWindow(request.windowId, context);
  if (request.instanceIds === undefined) return await resolveTargets([], request.targets ?? [], context);
  const wanted = [...new Set(request.instanceIds)];
  const found = await resolveTargets([], named(wanted), context);
  const foundIds = new Set(found);
  const beyond = wanted.find((instanceId) => !foundIds.has(instanceId));
  if (beyond !== undefined) throw new PatchPlanError('PATCH_PLAN_TARGETS', `${beyond} ${notThere}`);
  return found;
}

export interface CountedPlan {
  readonly plan: StoredPatchPlan;
  readonly nodes: StatusCounts;
}

/** Asks the nodes, by a command that changes nothing, and keeps who was asked. */
export async function createPatchPlan(request: PlanRequest, context: OperationContext): Promise<CountedPlan> {
  const { db, now, accountId, region, principal, dependencies } = context;
  const instanceIds = await findNodes(request, context);
  if (instanceIds.length === 0) {
    throw new PatchPlanError('PATCH_PLAN_TARGETS', 'No registered node is meant by these targets.');
  }
  const patchPlanId = dependencies.randomId();
  const { commandId } = await sendCommand(
    {
      documentName: planDocumentName,
      instanceIds: [],
      targets: named(instanceIds),
      parameters: { PlanId: [patchPlanId] },
      comment: `patch plan ${patchPlanId}`,
      maxConcurrency: request.maxConcurrency,
      // One node that cannot answer says nothing about the others.
      maxErrors: '100%',
    },
    context,
  );
  const targets = request.targets ?? (request.instanceIds ? named(instanceIds) : []);
  await insertPatchPlan(
    db,
    {
      accountId,
      region,
      patchPlanId,
      createdAt: now,
      expiresAt: new Date(now.getTime() + lifetimeMilliseconds),
      createdBy: principalArn(principal),
      windowId: request.windowId ?? null,
      targets: JSON.stringify(targets),
      commandId,
    },
    instanceIds,
  );
  return await requirePatchPlan(patchPlanId, context);
}

/** A plan of which the caller reaches a node. */
export async function requirePatchPlan(patchPlanId: string, context: OperationContext): Promise<CountedPlan> {
  const plan = await findPatchPlan(context.db, context, patchPlanId);
  const counts = plan && (await countNodesOfPlans(context.db, context, [patchPlanId], context.reach, context.now));
  const nodes = counts?.get(patchPlanId);
  if (!plan || !nodes) throw new PatchPlanError('PATCH_PLAN_NOT_FOUND', `There is no patch plan ${patchPlanId}.`);
  return { plan, nodes };
}

export interface ApplyRequest {
  readonly planId: string;
  readonly maxConcurrency?: string | undefined;
  readonly maxErrors?: string | undefined;
  readonly rebootOption: string;
}

export interface Applied {
  readonly commandId: string;
  readonly instanceIds: string[];
  readonly leftOut: { readonly instanceId: string; readonly why: string }[];
}

/** Why a node gets no command; null where it gets one. */
function explainNoCommand({ status, planId, appliedOperationId }: NodeOfPlan): string | null {
  if (status !== 'ready') return status === 'failed' ? 'It could not be planned.' : 'It has not answered.';
  if (planId === null) return 'Nothing would change.';
  return appliedOperationId === null
    ? null
    : `The plan was carried out there already (operation ${appliedOperationId}).`;
}

/** Sends the command that carries a plan out, to those of its nodes that it changes. */
export async function applyPatchPlan(request: ApplyRequest, context: OperationContext): Promise<Applied> {
  const { db, now, reach } = context;
  const { plan } = await requirePatchPlan(request.planId, context);
  const { patchPlanId, expiresAt } = plan;
  if (expiresAt <= now) {
    throw new PatchPlanError(
      'PATCH_PLAN_EXPIRED',
      `The patch plan ${patchPlanId} expired at ${expiresAt.toISOString()}: make another one.`,
    );
  }
  const leftOut: { instanceId: string; why: string }[] = [];
  const instanceIds: string[] = [];
  for (const node of await listNodesOfPlan(db, context, { patchPlanId, reach, now })) {
    const why = explainNoCommand(node);
    if (why === null) instanceIds.push(node.instanceId);
    else leftOut.push({ instanceId: node.instanceId, why });
  }
  const present = instanceIds.length === 0 ? [] : await resolveTargets([], named(instanceIds), context);
  const presentIds = new Set(present);
  for (const instanceId of instanceIds) {
    if (!presentIds.has(instanceId)) leftOut.push({ instanceId, why: `It ${notThere}` });
  }
  if (present.length === 0) {
    const reasons = [...new Set(leftOut.map(({ why }) => why))].join(' ');
    throw new PatchPlanError('PATCH_PLAN_NOTHING', `The plan has nothing left to do on any node. ${reasons}`);
  }
  const { commandId } = await sendCommand(
    {
      documentName: applyDocumentName,
      instanceIds: [],
      targets: named(present),
      parameters: { PlanId: [patchPlanId], RebootOption: [request.rebootOption] },
      comment: `patch plan ${patchPlanId}`,
      maxConcurrency: request.maxConcurrency,
      maxErrors: request.maxErrors,
    },
    context,
  );
  return { commandId, instanceIds: present, leftOut };
}
