import { readQuarantines } from '../../aws/ssm/instances/repository.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { PatchOperationError } from './errors.ts';
import { findPatchOperation, lockOperationsOf, type PatchOperation } from './repository.ts';

/** Which of two machines with one key a quarantined node is, nobody can tell: neither is judged or changed. */
export async function requireUnquestioned(instanceId: string, context: OperationContext): Promise<void> {
  const reason = (await readQuarantines(context.db, [instanceId])).get(instanceId);
  if (reason === undefined) return;
  throw new PatchOperationError('PATCH_OPERATION_QUARANTINED', `${instanceId} is in quarantine. ${reason}`);
}

/** An operation of this node, which nobody else changes until the transaction ends. */
export async function findOwn(
  instanceId: string,
  operationId: string,
  context: OperationContext,
): Promise<PatchOperation> {
  await lockOperationsOf(context.db, instanceId);
  const operation = await findPatchOperation(context.db, context, operationId);
  if (operation?.instanceId !== instanceId) {
    throw new PatchOperationError('PATCH_OPERATION_NOT_FOUND', `${instanceId} has no operation ${operationId}.`);
  }
  return operation;
}

export function requireOpen({ operationId, status }: PatchOperation): void {
  if (status === 'in-progress') return;
  throw new PatchOperationError('PATCH_OPERATION_ENDED', `The operation ${operationId} has ended (${status}).`);
}
