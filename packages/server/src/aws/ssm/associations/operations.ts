import { operation } from '../../../operations/operation.ts';
import { nodeResource } from '../../../operations/resources.ts';

/** Agents ask for their associations every few minutes. There are none yet, and an empty list is the truth. */
async function ListInstanceAssociations(_input: { readonly instanceId: string }): Promise<{ associations: never[] }> {
  return { associations: [] };
}

export const associationOperations = {
  ListInstanceAssociations: operation({
    handle: ListInstanceAssociations,
    resource: (input, context) => nodeResource(context, input.instanceId),
    isAudited: false,
  }),
};
