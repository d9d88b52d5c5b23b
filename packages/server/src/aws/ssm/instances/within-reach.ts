import { accessDeniedError } from '@patchbay/aws-wire';
import type { OperationContext } from '../../../operations/operation.ts';
import { principalArn } from '../../../operations/principal.ts';
import { nodeResource } from '../../../operations/resources.ts';
import { keepWithinReach } from './repository.ts';

/**
 * Refuses a call that names a node out of the caller's reach, whether it exists or not: no node is left out unsaid, and
 * nobody learns which ids there are.
 */
export async function requireWithinReach(
  instanceIds: readonly string[],
  permission: string,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region' | 'principal' | 'reach'>,
): Promise<void> {
  const kept = new Set(await keepWithinReach(context.db, context, instanceIds, context.reach));
  const beyond = instanceIds.find((id) => !kept.has(id));
  if (beyond === undefined) return;
  throw accessDeniedError(principalArn(context.principal), permission, nodeResource(context, beyond).arn);
}
