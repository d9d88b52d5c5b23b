import type { PatchOperationKind } from '@patchbay/contracts';
import type { NodeOverlay, Plan } from '@patchbay/facts';
import { foreseeReboot } from '@patchbay/patching';
import type { OperationContext } from '../../operations/operation.ts';
import { PatchOperationError } from '../patch-operations/errors.ts';
import type { PatchOperation } from '../patch-operations/repository.ts';
import { findPlan } from '../plans/repository.ts';
import { findPatchPlan, findPatchPlanNode, updatePatchPlanNode } from './repository.ts';

type Context = Pick<OperationContext, 'db' | 'now' | 'accountId' | 'region'>;

export interface PlannedOperation {
  readonly patchPlanId: string;
  readonly instanceId: string;
  readonly operationId: string;
  readonly operation: PatchOperationKind;
}

/** What of an operation says whether a patch plan is about it. */
export type TiedOperation = Pick<PatchOperation, 'operationId' | 'instanceId' | 'operation' | 'patchPlanId'>;

function refuse(message: string): PatchOperationError {
  return new PatchOperationError('PATCH_OPERATION_PLAN', message);
}

/**
 * Ties an operation to its node's part of a patch plan: a Scan makes it, an Install carries it out. Each happens once, so
 * that what somebody looked at is what is done.
 */
export async function tieToPatchPlan(
  { patchPlanId, instanceId, operationId, operation }: PlannedOperation,
  context: Context,
): Promise<void> {
  const { db } = context;
  const plan = await findPatchPlan(db, context, patchPlanId);
  if (!plan) throw refuse(`There is no patch plan ${patchPlanId}. Nothing was done.`);
  const node = await findPatchPlanNode(db, patchPlanId, instanceId);
  if (!node) {
    throw refuse(`The patch plan ${patchPlanId} was not made for ${instanceId}. Nothing was done: make a plan for it.`);
  }
  if (operation === 'Scan') {
    if (node.plannedAt !== null) throw refuse(`${instanceId} has its part of the patch plan ${patchPlanId} already.`);
    await updatePatchPlanNode(db, patchPlanId, instanceId, { operationId });
    return;
  }
  if (node.plannedAt === null) {
    throw refuse(`${instanceId} never answered the patch plan ${patchPlanId}. Nothing was done: make another plan.`);
  }
  if (node.planId === null) throw refuse(`The patch plan ${patchPlanId} holds no change for ${instanceId}.`);
  if (node.appliedOperationId !== null) {
    throw refuse(
      `The patch plan ${patchPlanId} was carried out on ${instanceId} already (operation ${node.appliedOperationId}). A plan is for once: make another one.`,
    );
  }
  if (plan.expiresAt <= context.now) {
    throw refuse(
      `The patch plan ${patchPlanId} expired at ${plan.expiresAt.toISOString()}. Nothing was done: make another one.`,
    );
  }
  await updatePatchPlanNode(db, patchPlanId, instanceId, { appliedOperationId: operationId });
}

/** The frozen plan that an operation has to keep to; null where it keeps to the baseline only. */
export async function findBindingPlan(
  { patchPlanId, instanceId, operation, operationId }: TiedOperation,
  context: Context,
): Promise<Plan | null> {
  if (patchPlanId === null || operation !== 'Install') return null;
  const node = await findPatchPlanNode(context.db, patchPlanId, instanceId);
  const stored = node?.planId ? await findPlan(context.db, context, node.planId) : undefined;
  if (!stored) throw new Error(`The plan that operation ${operationId} carries out is gone`);
  return stored.content;
}

/** Whether an operation makes its node's part of a patch plan. */
export function isPlanning({ patchPlanId, operation }: Pick<PatchOperation, 'patchPlanId' | 'operation'>): boolean {
  return patchPlanId !== null && operation === 'Scan';
}

/** Keeps what a node answered: its frozen plan, or that nothing would change. */
export async function keepAnswer(
  { patchPlanId, instanceId }: Pick<PatchOperation, 'patchPlanId' | 'instanceId'>,
  plan: Plan | null,
  overlay: NodeOverlay,
  { db, now }: Context,
): Promise<void> {
  if (patchPlanId === null) return;
  const changes = plan?.groups.flatMap((group) => group.changes) ?? [];
  await updatePatchPlanNode(db, patchPlanId, instanceId, {
    plannedAt: now,
    planId: plan?.planId ?? null,
    reboot: JSON.stringify(foreseeReboot(changes, overlay)),
  });
}
