import { z } from 'zod';
import { PatchOperationKind } from './node-operations.ts';

const Key = z.object({ keyId: z.string(), publicKey: z.string() });

/**
 * One run of the patcher on a node whose agent is not ours. It travels inside the document that the control plane hands
 * to such an agent, and so do the keys: what that agent lets the control plane run as root is all the trust there is.
 */
export const PatchOrder = z.object({
  /** Where the node reaches the control plane. */
  endpoint: z.url(),
  region: z.string().min(1),
  instanceId: z.string(),
  commandId: z.string(),
  operation: PatchOperationKind,
  rebootOption: z.enum(['RebootIfNeeded', 'NoReboot']),
  /** Empty for none. */
  snapshotId: z.string(),
  /** Signs plans. */
  signingKey: Key,
  /** Signs the list of the agent's packages, one of which brought the patcher. */
  releaseKey: Key,
});
export type PatchOrder = z.infer<typeof PatchOrder>;
