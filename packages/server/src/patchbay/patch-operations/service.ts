import type { Begun, ChangelogReading, PatchOperationKind } from '@patchbay/contracts';
import {
  AppError,
  canonicalJson,
  type GroupOutcome,
  type PatchCounts,
  type Simulation,
  type UnknownReason,
  type Verdict,
} from '@patchbay/facts';
import { blockedPackages, countCompliance, countPatches, limitToPlan, selectTargets } from '@patchbay/patching';
import { getPatchBaseline, publicBaselineId } from '../../aws/ssm/patch-baselines/service.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { storeChangelogs } from '../facts/changelogs.ts';
import { findNewestFactsId } from '../facts/repository.ts';
import { readFacts } from '../facts/service.ts';
import { findTerms } from '../overrides/service.ts';
import { findBindingPlan, isPlanning, type TiedOperation, tieToPatchPlan } from '../patch-plans/node-plans.ts';
import { type Judgement, judge, judgeBriefly, listChangelogQuestions } from '../verdicts/service.ts';
import { PatchOperationError } from './errors.ts';
import { findOwn, requireOpen, requireUnquestioned } from './open-operation.ts';
import { planNode } from './propose-plan.ts';
import { describeVerdict } from './report.ts';
import {
  abandonForgottenOperations,
  findOperationOfCommand,
  findOperationVerdict,
  insertOperationVerdict,
  insertPatchOperation,
  lockOperationsOf,
  type PatchOperation,
  updatePatchOperation,
} from './repository.ts';
import { requireCommand } from './requested-command.ts';

export interface BeginRequest {
  readonly factsId: string;
  readonly operation: PatchOperationKind;
  readonly commandId: string | null;
  readonly stepName: string;
  readonly rebootOption: string;
  readonly snapshotId: string;
}

interface Order {
  /** The operation that a command already led to on this node, so that a patcher that starts again continues it. */
  readonly begun: PatchOperation | undefined;
  readonly patchPlanId: string | null;
}

async function findOrder(instanceId: string, request: BeginRequest, context: OperationContext): Promise<Order> {
  if (request.commandId === null) return { begun: undefined, patchPlanId: null };
  const { patchPlanId } = await requireCommand(instanceId, { ...request, commandId: request.commandId }, context);
  const begun = await findOperationOfCommand(context.db, request.commandId, instanceId, request.stepName);
  if (begun && begun.status !== 'in-progress') {
    throw new PatchOperationError(
      'PATCH_OPERATION_ENDED',
      `The command ${request.commandId} has been carried out already.`,
    );
  }
  return { begun, patchPlanId };
}

/** A result speaks for the node as it is now, so only what it reported last counts. */
async function requireNewestFacts(instanceId: string, factsId: string, context: OperationContext): Promise<void> {
  const newest = await findNewestFactsId(context.db, context, instanceId);
  if (newest === factsId) return;
  throw new PatchOperationError(
    'PATCH_OPERATION_FACTS',
    `The facts ${factsId} are not what ${instanceId} reported last (${newest}): submit facts and use these.`,
  );
}

/** Begins a scan or an install: judges the facts and says what the baseline approves. */
export async function beginOperation(
  instanceId: string,
  request: BeginRequest,
  context: OperationContext,
): Promise<Begun> {
  const { db, now, accountId, region } = context;
  await lockOperationsOf(db, instanceId);
  await requireUnquestioned(instanceId, context);
  const { begun, patchPlanId } = await findOrder(instanceId, request, context);
  const { terms, note } = await findTerms(request, 'before', context);
  const judgement = await judge({ instanceId, factsId: request.factsId, simulation: null, terms }, context);
  const { verdict } = judgement;
  await requireNewestFacts(instanceId, request.factsId, context);
  const operationId = begun?.operationId ?? context.dependencies.randomId();
  const underBaseline = {
    baselineId: verdict.baselineId,
    baselineRevision: verdict.baselineRevision,
    patchGroup: judgement.patchGroup,
    factsId: request.factsId,
  };
  if (begun) await updatePatchOperation(db, operationId, underBaseline);
  else {
    if (patchPlanId !== null) {
      const { operation } = request;
      await tieToPatchPlan({ patchPlanId, instanceId, operationId, operation }, context);
    }
    await abandonForgottenOperations(db, instanceId, request.factsId, now);
    await insertPatchOperation(db, {
      accountId,
      region,
      operationId,
      instanceId,
      operation: request.operation,
      commandId: request.commandId,
      stepName: request.stepName,
      ...underBaseline,
      rebootOption: request.rebootOption,
      snapshotId: request.snapshotId,
      override: note && JSON.stringify(note),
      startedAt: now,
      endedAt: null,
      status: 'in-progress',
      counts: null,
      planId: null,
      patchPlanId,
      refused: '[]',
      outcomes: '[]',
    });
  }
  return await describeBegun(
    { operationId, instanceId, operation: request.operation, patchPlanId },
    judgement,
    context,
  );
}

async function describeBegun(
  operation: TiedOperation,
  judgement: Judgement,
  context: OperationContext,
): Promise<Begun> {
  const { verdict, baseline, read, settings } = judgement;
  const { changelogPackageBytes, changelogRunBytes } = settings;
  const questions = await listChangelogQuestions(judgement, context);
  const binding = await findBindingPlan(operation, context);
  const limited = binding && limitToPlan(binding, verdict, read?.facts.installed.packages ?? []);
  return {
    operationId: operation.operationId,
    baseline: { baselineId: publicBaselineId(context, baseline.baselineId), name: baseline.name },
    targets: limited?.targets ?? selectTargets(verdict),
    ...(limited ? { settled: limited.settled } : {}),
    blocked: read ? [...blockedPackages(baseline, read.facts.policy).rejected] : [],
    status: verdict.status,
    unknownReasons: verdict.unknownReasons,
    changelogs: {
      questions: questions.map(({ source, sourceVersion, packages }) => ({
        source,
        sourceVersion,
        packages: [...packages],
      })),
      packageBytes: changelogPackageBytes,
      runBytes: changelogRunBytes,
    },
  };
}

/** Stores what changelogs say and judges again, under the clock that knows them. */
export async function submitChangelogs(
  instanceId: string,
  operationId: string,
  readings: readonly ChangelogReading[],
  context: OperationContext,
): Promise<Begun> {
  const operation = await findOwn(instanceId, operationId, context);
  requireOpen(operation);
  const { factsId } = operation;
  const read = await readFacts(instanceId, factsId, context);
  if (!read) throw new Error(`The facts of operation ${operationId} are gone`);
  await storeChangelogs(instanceId, readings, read.facts, context);
  const { terms } = await findTerms(operation, 'before', context);
  return await describeBegun(
    operation,
    await judge({ instanceId, factsId, simulation: null, terms }, context),
    context,
  );
}

export interface Completion {
  readonly operationId: string;
  readonly factsId: string;
  readonly simulation: Simulation | null;
  readonly outcomes: readonly GroupOutcome[];
}

export interface Completed {
  readonly status: Verdict['status'];
  readonly counts: PatchCounts;
  readonly unknownReasons: UnknownReason[];
  readonly report: string[];
}

/** What was answered to this very completion before: a node whose answer was lost asks again. */
async function findCompleted(
  operation: PatchOperation,
  { factsId, outcomes }: Completion,
  context: OperationContext,
): Promise<Completed | undefined> {
  const isSame = operation.factsId === factsId && canonicalJson(operation.outcomes) === canonicalJson([...outcomes]);
  const verdict = isSame ? await findOperationVerdict(context.db, operation.operationId) : undefined;
  return verdict && answerOf(verdict, await readBaselineName(verdict.baselineId, context), outcomes);
}

async function readBaselineName(baselineId: string, context: OperationContext): Promise<string> {
  try {
    return (await getPatchBaseline(baselineId, context)).baseline.name;
  } catch (error) {
    // Deleted since: only its id is left.
    if (error instanceof AppError && error.code === 'BASELINE_NOT_FOUND') return baselineId;
    throw error;
  }
}

function answerOf(verdict: Verdict, baselineName: string, outcomes: readonly GroupOutcome[]): Completed {
  return {
    status: verdict.status,
    counts: countPatches(verdict),
    unknownReasons: verdict.unknownReasons,
    report: describeVerdict(verdict, baselineName, outcomes),
  };
}

/**
 * Ends an operation: judges the node as it is now and stores the verdict, which nothing overwrites. The same completion
 * again changes nothing and is answered as before.
 */
export async function completeOperation(
  instanceId: string,
  completion: Completion,
  context: OperationContext,
): Promise<Completed> {
  const operation = await findOwn(instanceId, completion.operationId, context);
  const completed = await findCompleted(operation, completion, context);
  if (completed) return completed;
  requireOpen(operation);
  const refused = isPlanning(operation)
    ? await planNode(operation, completion, context)
    : [...operation.refused, ...(completion.simulation?.refused ?? [])];
  const simulation =
    completion.simulation || refused.length > 0
      ? { groups: completion.simulation?.groups ?? [], refused, diskBytes: completion.simulation?.diskBytes ?? 0 }
      : null;
  const { terms, note } = await findTerms(operation, 'after', context);
  const { verdict, baseline } = await judgeBriefly(
    { instanceId, factsId: completion.factsId, simulation, terms },
    context,
  );
  await requireNewestFacts(instanceId, completion.factsId, context);
  const answer = answerOf(verdict, baseline.name, completion.outcomes);
  await updatePatchOperation(context.db, operation.operationId, {
    status: verdict.status,
    endedAt: context.now,
    counts: JSON.stringify(answer.counts),
    severities: JSON.stringify(countCompliance(verdict)),
    factsId: completion.factsId,
    baselineId: verdict.baselineId,
    baselineRevision: verdict.baselineRevision,
    refused: JSON.stringify(refused),
    outcomes: JSON.stringify(completion.outcomes),
  });
  // Under an override of its baseline a node proves nothing about its own (SSM user guide, BaselineOverride).
  await insertOperationVerdict(context.db, operation, verdict, context.now, note?.kind !== 'baselines');
  return answer;
}
