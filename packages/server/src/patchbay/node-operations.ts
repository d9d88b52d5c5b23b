import {
  BeginPatchOperation,
  CompletePatchOperation,
  GetSigningKey,
  ProposePlan,
  ReportPresence,
  SubmitChangelogs,
  SubmitFacts,
} from '@patchbay/contracts';
import { instanceErrors } from '../aws/ssm/instances/errors.ts';
import { recordMachine, recordPresence } from '../aws/ssm/instances/presence.ts';
import type { Resource } from '../operations/authorize.ts';
import type { OperationContext } from '../operations/operation.ts';
import { fulfil } from '../operations/registry.ts';
import { nodeResource } from '../operations/resources.ts';
import { factsErrors } from './facts/errors.ts';
import { submitFacts } from './facts/service.ts';
import { patchOperationErrors } from './patch-operations/errors.ts';
import { proposePlan } from './patch-operations/propose-plan.ts';
import { beginOperation, completeOperation, submitChangelogs } from './patch-operations/service.ts';

/** The node that calls: these operations are about nobody else. Authorization has let no other caller through. */
function callingNode(context: OperationContext): string {
  return context.principal.kind === 'node' ? context.principal.instanceId : '';
}

const itself = (_input: unknown, context: OperationContext): Resource => nodeResource(context, callingNode(context));

/** What agents call, beside SSM's own operations. */
export const nodeContracts = [
  fulfil(GetSigningKey, {
    resource: itself,
    handle: async (_input, { dependencies: { signingKey, agentPackages } }) => ({
      keyId: signingKey.keyId,
      algorithm: 'Ed25519' as const,
      publicKey: signingKey.publicKey,
      releaseKey: await agentPackages.readReleaseKey(),
    }),
  }),
  fulfil(SubmitFacts, {
    resource: itself,
    errors: { ...factsErrors, ...instanceErrors },
    handle: async (input, context) => {
      const { machineIdHash, bootId } = input.overlay;
      await recordMachine(callingNode(context), { machineIdHash, bootId, agentRunId: null }, context);
      return await submitFacts(callingNode(context), input, context);
    },
  }),
  fulfil(ReportPresence, {
    resource: itself,
    errors: instanceErrors,
    handle: (input, context) => recordPresence(callingNode(context), input, context),
  }),
  fulfil(BeginPatchOperation, {
    resource: itself,
    errors: patchOperationErrors,
    handle: (input, context) => beginOperation(callingNode(context), input, context),
  }),
  fulfil(SubmitChangelogs, {
    resource: itself,
    errors: patchOperationErrors,
    handle: (input, context) => submitChangelogs(callingNode(context), input.operationId, input.readings, context),
  }),
  fulfil(ProposePlan, {
    resource: itself,
    errors: patchOperationErrors,
    handle: (input, context) => proposePlan(callingNode(context), input.operationId, input.simulation, context),
  }),
  fulfil(CompletePatchOperation, {
    resource: itself,
    errors: patchOperationErrors,
    handle: (input, context) => completeOperation(callingNode(context), input, context),
  }),
];
