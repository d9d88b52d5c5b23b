import { GetNode, ListManagedNodes, ReleaseNode, RenameNode } from '@patchbay/contracts';
import { instanceErrors } from '../aws/ssm/instances/errors.ts';
import { describeManagedNode, releaseNode, requireKnownNode } from '../aws/ssm/instances/presence.ts';
import { pageKnownNodes } from '../aws/ssm/instances/repository.ts';
import { changeNode } from '../aws/ssm/instances/service.ts';
import type { OperationContext } from '../operations/operation.ts';
import { nextToken, startOfPage } from '../operations/pages.ts';
import { fulfil } from '../operations/registry.ts';
import { nodeResource } from '../operations/resources.ts';
import { abandonOperations } from './patch-operations/repository.ts';

const aboutNode = {
  errors: instanceErrors,
  resource: (input: { readonly instanceId: string }, context: OperationContext) =>
    nodeResource(context, input.instanceId),
};

/** What people ask and decide about nodes beyond AWS's operations. */
export const managedNodeContracts = [
  fulfil(GetNode, {
    ...aboutNode,
    handle: async ({ instanceId }, context) =>
      await describeManagedNode(await requireKnownNode(instanceId, context), context),
  }),
  fulfil(ListManagedNodes, {
    handle: async (input, context) => {
      const { includeArchived, includeDeregistered, maxResults: limit = 50 } = input;
      const page = startOfPage('ListManagedNodes', input, context);
      const { reach } = context;
      const query = { includeArchived, includeDeregistered, reach, afterInstanceId: page.after, limit: limit + 1 };
      const found = await pageKnownNodes(context.db, context, query);
      const nodes = [];
      for (const node of found.slice(0, limit)) nodes.push(await describeManagedNode(node, context));
      return { nodes, nextToken: nextToken(page, found, limit, (node) => node.instanceId) };
    },
  }),
  fulfil(RenameNode, {
    ...aboutNode,
    handle: async ({ instanceId, name }, context) => {
      await changeNode(instanceId, { name }, context);
      return {};
    },
  }),
  fulfil(ReleaseNode, {
    ...aboutNode,
    handle: async ({ instanceId }, context) => {
      await releaseNode(instanceId, context);
      // Nobody can tell any more which machine began them.
      await abandonOperations(context.db, instanceId, context.now);
      return {};
    },
  }),
];
