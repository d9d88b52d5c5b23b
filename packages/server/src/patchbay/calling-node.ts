import type { Resource } from '../operations/authorize.ts';
import type { OperationContext } from '../operations/operation.ts';
import { nodeResource } from '../operations/resources.ts';

/** The node that calls: its operations are about nobody else. Authorization has let no other caller through. */
export function callingNode(context: OperationContext): string {
  return context.principal.kind === 'node' ? context.principal.instanceId : '';
}

export const itself = (_input: unknown, context: OperationContext): Resource =>
  nodeResource(context, callingNode(context));
