import { definePatchbayService } from '../operations/registry.ts';
import { commandOutputContracts } from './command-outputs.ts';
import { managedNodeContracts } from './managed-nodes.ts';
import { nodeContracts } from './node-operations.ts';
import { personContracts } from './person-operations.ts';

/** Patchbay's own operations: facts, verdicts, plans, evidence. */
export const patchbay = definePatchbayService([
  ...nodeContracts,
  ...personContracts,
  ...managedNodeContracts,
  ...commandOutputContracts,
]);
