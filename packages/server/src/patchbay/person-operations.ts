import {
  GetNodeFacts,
  GetNodeVerdict,
  GetPatchOperation,
  GetPlan,
  ListFirstSeen,
  ListPatchOperations,
  type PatchOperationSummary,
} from '@patchbay/contracts';
import { type ArchiveAddress, parseArchiveKey } from '@patchbay/facts';
import { countPatches } from '@patchbay/patching';
import { findKnownNode } from '../aws/ssm/instances/repository.ts';
import { publicBaselineId } from '../aws/ssm/patch-baselines/service.ts';
import { anyResource, type Resource } from '../operations/authorize.ts';
import type { OperationContext } from '../operations/operation.ts';
import { nextToken, startOfPage } from '../operations/pages.ts';
import { fulfil } from '../operations/registry.ts';
import { nodeResource } from '../operations/resources.ts';
import { FactsError } from './facts/errors.ts';
import { pageFirstSeen } from './facts/repository.ts';
import { readFacts } from './facts/service.ts';
import { PatchOperationError, patchOperationErrors } from './patch-operations/errors.ts';
import {
  findOperationVerdict,
  findPatchOperation,
  type PatchOperation,
  pagePatchOperations,
} from './patch-operations/repository.ts';
import { findPlan } from './plans/repository.ts';
import { judgeBriefly } from './verdicts/service.ts';

const aboutNode = {
  errors: patchOperationErrors,
  resource: (input: { readonly instanceId: string }, context: OperationContext) =>
    nodeResource(context, input.instanceId),
};

async function requireNode(instanceId: string, context: OperationContext): Promise<void> {
  if (!(await findKnownNode(context.db, context, instanceId))) {
    throw new FactsError('FACTS_NOT_FOUND', `There never was a node ${instanceId}.`);
  }
}

async function requireOperation(operationId: string, context: OperationContext): Promise<PatchOperation> {
  const operation = await findPatchOperation(context.db, context, operationId);
  if (!operation) {
    throw new PatchOperationError('PATCH_OPERATION_NOT_FOUND', `There is no patch operation ${operationId}.`);
  }
  return operation;
}

/** What is known by an operation or a plan belongs to the node that it was about. */
async function nodeOfOperation(operationId: string | undefined, context: OperationContext): Promise<Resource> {
  const operation = operationId && (await findPatchOperation(context.db, context, operationId));
  return operation ? nodeResource(context, operation.instanceId) : anyResource;
}

function summarize(operation: PatchOperation, context: OperationContext): PatchOperationSummary {
  const { operationId, instanceId, commandId, patchGroup, status, counts, planId, patchPlanId, override } = operation;
  return {
    operationId,
    instanceId,
    operation: operation.operation,
    commandId,
    baselineId: publicBaselineId(context, operation.baselineId),
    patchGroup,
    startedAt: operation.startedAt.toISOString(),
    endedAt: operation.endedAt?.toISOString() ?? null,
    status,
    counts,
    planId,
    patchPlanId,
    override,
  };
}

function readPosition(text: string): { startedAt: Date; operationId: string } | undefined {
  const [startedAt, operationId] = text.split(' ');
  return startedAt && operationId ? { startedAt: new Date(startedAt), operationId } : undefined;
}

function addressOf(key: string): ArchiveAddress {
  const address = parseArchiveKey(key);
  if (!address) throw new Error(`The archive key ${key} was not written by archiveKey`);
  return address;
}

/** What people and their tools ask Patchbay beyond AWS's operations. */
export const personContracts = [
  fulfil(GetNodeVerdict, {
    ...aboutNode,
    handle: async ({ instanceId, baselineId }, context) => {
      await requireNode(instanceId, context);
      const { patchGroup, baseline, factsReceivedAt, verdict } = await judgeBriefly(
        { instanceId, factsId: null, simulation: null, baselineId },
        context,
      );
      return {
        instanceId,
        patchGroup,
        baselineName: baseline.name,
        factsReceivedAt: factsReceivedAt?.toISOString() ?? null,
        counts: countPatches(verdict),
        verdict,
      };
    },
  }),
  fulfil(GetNodeFacts, {
    ...aboutNode,
    handle: async ({ instanceId }, context) => {
      await requireNode(instanceId, context);
      const read = await readFacts(instanceId, null, context);
      if (!read) throw new FactsError('FACTS_NOT_FOUND', `${instanceId} has not submitted facts yet.`);
      const { receivedAt, installedDigest, offersDigest, policyDigest, facts } = read;
      return { instanceId, receivedAt: receivedAt.toISOString(), installedDigest, offersDigest, policyDigest, facts };
    },
  }),
  fulfil(ListPatchOperations, {
    ...aboutNode,
    handle: async (input, context) => {
      const limit = input.maxResults ?? 50;
      const page = startOfPage('ListPatchOperations', input, context);
      const after = readPosition(page.after);
      const found = await pagePatchOperations(context.db, context, input.instanceId, after, limit + 1);
      return {
        operations: found.slice(0, limit).map((operation) => summarize(operation, context)),
        nextToken: nextToken(page, found, limit, (operation) => {
          return `${operation.startedAt.toISOString()} ${operation.operationId}`;
        }),
      };
    },
  }),
  fulfil(GetPatchOperation, {
    errors: patchOperationErrors,
    resource: ({ operationId }, context) => nodeOfOperation(operationId, context),
    handle: async ({ operationId }, context) => {
      const operation = await requireOperation(operationId, context);
      return {
        operation: summarize(operation, context),
        verdict: (await findOperationVerdict(context.db, operationId)) ?? null,
        outcomes: operation.outcomes,
      };
    },
  }),
  fulfil(GetPlan, {
    errors: patchOperationErrors,
    resource: async ({ planId }, context) =>
      await nodeOfOperation((await findPlan(context.db, context, planId))?.operationId, context),
    handle: async ({ planId }, context) => {
      const stored = await findPlan(context.db, context, planId);
      if (!stored) throw new PatchOperationError('PATCH_OPERATION_NOT_FOUND', `There is no plan ${planId}.`);
      const { outcomes } = await requireOperation(stored.operationId, context);
      return { plan: stored.content, digest: stored.digest, outcomes };
    },
  }),
  fulfil(ListFirstSeen, {
    handle: async (input, context) => {
      const limit = input.maxResults ?? 50;
      const page = startOfPage('ListFirstSeen', input, context);
      const [archiveKey, sourceVersion] = page.after.split('\n');
      const after = archiveKey && sourceVersion ? { archiveKey, sourceVersion } : undefined;
      const found = await pageFirstSeen(context.db, context.accountId, input.source, after, limit + 1);
      return {
        records: found.slice(0, limit).map((record) => ({
          archive: addressOf(record.archiveKey),
          source: record.source,
          sourceVersion: record.sourceVersion,
          rung: record.rung,
          firstSeenAt: new Date(record.firstSeenAt).toISOString(),
          reportedBy: record.reportedBy,
        })),
        nextToken: nextToken(page, found, limit, (record) => `${record.archiveKey}\n${record.sourceVersion}`),
      };
    },
  }),
];
