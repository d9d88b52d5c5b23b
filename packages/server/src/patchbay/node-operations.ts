import {
  BeginPatchOperation,
  CompletePatchOperation,
  GetSigningKey,
  type ImageBuildLease,
  ProposePlan,
  ReportPresence,
  SubmitChangelogs,
  SubmitFacts,
} from '@patchbay/contracts';
import { instanceErrors } from '../aws/ssm/instances/errors.ts';
import { recordMachine, recordPresence } from '../aws/ssm/instances/presence.ts';
import type { OperationContext } from '../operations/operation.ts';
import { fulfil } from '../operations/registry.ts';
import { callingNode, itself } from './calling-node.ts';
import { factsErrors } from './facts/errors.ts';
import { submitFacts } from './facts/service.ts';
import { imageBuildErrors } from './image-builds/errors.ts';
import { requireImageSubject } from './image-builds/service.ts';
import { recordImageNode } from './image-nodes/repository.ts';
import { patchOperationErrors } from './patch-operations/errors.ts';
import { proposePlan } from './patch-operations/propose-plan.ts';
import { beginOperation, completeOperation, submitChangelogs } from './patch-operations/service.ts';

/** Whom a call speaks for: the node itself, or an image that it builds. */
async function subjectOf(input: { readonly imageBuild?: ImageBuildLease | undefined }, context: OperationContext) {
  const { imageBuild } = input;
  const node = callingNode(context);
  return imageBuild === undefined ? node : await requireImageSubject(node, imageBuild, context);
}

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
    errors: { ...factsErrors, ...instanceErrors, ...imageBuildErrors },
    handle: async (input, context) => {
      const { machineIdHash, bootId } = input.overlay;
      const subject = await subjectOf(input, context);
      // What a root file system says of a machine is not about the node that builds it.
      if (input.imageBuild === undefined) {
        await recordMachine(subject, { machineIdHash, bootId, agentRunId: null }, context);
      }
      const submitted = await submitFacts(subject, input, context);
      if (input.imageBuild === undefined && submitted.factsId !== null) {
        const { accountId, region, now } = context;
        const node = {
          instanceId: subject,
          accountId,
          region,
          installedDigest: input.installed.digest,
          reportedAt: now,
        };
        await recordImageNode(context.db, node, input.overlay.image);
      }
      return submitted;
    },
  }),
  fulfil(ReportPresence, {
    resource: itself,
    errors: instanceErrors,
    handle: (input, context) => recordPresence(callingNode(context), input, context),
  }),
  fulfil(BeginPatchOperation, {
    resource: itself,
    errors: { ...patchOperationErrors, ...imageBuildErrors },
    handle: async (input, context) => await beginOperation(await subjectOf(input, context), input, context),
  }),
  fulfil(SubmitChangelogs, {
    resource: itself,
    errors: { ...patchOperationErrors, ...imageBuildErrors },
    handle: async (input, context) =>
      await submitChangelogs(await subjectOf(input, context), input.operationId, input.readings, context),
  }),
  fulfil(ProposePlan, {
    resource: itself,
    errors: { ...patchOperationErrors, ...imageBuildErrors },
    handle: async (input, context) =>
      await proposePlan(await subjectOf(input, context), input.operationId, input.simulation, context),
  }),
  fulfil(CompletePatchOperation, {
    resource: itself,
    errors: { ...patchOperationErrors, ...imageBuildErrors },
    handle: async (input, context) => await completeOperation(await subjectOf(input, context), input, context),
  }),
];
