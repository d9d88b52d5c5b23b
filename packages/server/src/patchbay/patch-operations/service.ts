import {
  authorizationText,
  type Begun,
  type ChangelogReading,
  type PatchOperationKind,
  type SignedAuthorization,
} from '@patchbay/contracts';
import {
  AppError,
  canonicalJson,
  type GroupOutcome,
  type PatchCounts,
  type Plan,
  type RefusedTarget,
  type Simulation,
  type Target,
  type UnknownReason,
  type Verdict,
} from '@patchbay/facts';
import {
  blockedPackages,
  countCompliance,
  countPatches,
  makePlan,
  type PlanOutcome,
  planDigest,
  selectTargets,
} from '@patchbay/patching';
import { readQuarantines } from '../../aws/ssm/instances/repository.ts';
import { getPatchBaseline, publicBaselineId } from '../../aws/ssm/patch-baselines/service.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { storeChangelogs } from '../facts/changelogs.ts';
import { findNewestFactsId } from '../facts/repository.ts';
import { readFacts } from '../facts/service.ts';
import { findTerms } from '../overrides/service.ts';
import { insertPlan } from '../plans/repository.ts';
import { type Judgement, judge, judgeBriefly, listChangelogQuestions } from '../verdicts/service.ts';
import { PatchOperationError } from './errors.ts';
import { describeVerdict } from './report.ts';
import {
  abandonForgottenOperations,
  findOperationOfCommand,
  findOperationVerdict,
  findPatchOperation,
  insertOperationVerdict,
  insertPatchOperation,
  lockOperationsOf,
  type PatchOperation,
  updatePatchOperation,
} from './repository.ts';
import { requireCommand } from './requested-command.ts';

/** How long a node may take from getting its plan to carrying it out. */
const planLifetimeMilliseconds = 6 * 3_600_000;

export interface BeginRequest {
  readonly factsId: string;
  readonly operation: PatchOperationKind;
  readonly commandId: string | null;
  readonly stepName: string;
  readonly rebootOption: string;
  readonly snapshotId: string;
}

/** Which of two machines with one key a quarantined node is, nobody can tell: neither is judged or changed. */
async function requireUnquestioned(instanceId: string, context: OperationContext): Promise<void> {
  const reason = (await readQuarantines(context.db, [instanceId])).get(instanceId);
  if (reason === undefined) return;
  throw new PatchOperationError('PATCH_OPERATION_QUARANTINED', `${instanceId} is in quarantine. ${reason}`);
}

/** The operation that a command already led to on this node, so that a patcher that starts again continues it. */
async function findBegun(
  instanceId: string,
  request: BeginRequest,
  context: OperationContext,
): Promise<PatchOperation | undefined> {
  if (request.commandId === null) return undefined;
  await requireCommand(instanceId, { ...request, commandId: request.commandId }, context);
  const begun = await findOperationOfCommand(context.db, request.commandId, instanceId, request.stepName);
  if (begun && begun.status !== 'in-progress') {
    throw new PatchOperationError(
      'PATCH_OPERATION_ENDED',
      `The command ${request.commandId} has been carried out already.`,
    );
  }
  return begun;
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
  const begun = await findBegun(instanceId, request, context);
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
      refused: '[]',
      outcomes: '[]',
    });
  }
  return await describeBegun(operationId, judgement, context);
}

async function describeBegun(operationId: string, judgement: Judgement, context: OperationContext): Promise<Begun> {
  const { verdict, baseline, read, settings } = judgement;
  const { changelogPackageBytes, changelogRunBytes } = settings;
  const questions = await listChangelogQuestions(judgement, context);
  return {
    operationId,
    baseline: { baselineId: publicBaselineId(context, baseline.baselineId), name: baseline.name },
    targets: selectTargets(verdict),
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
    operationId,
    await judge({ instanceId, factsId, simulation: null, terms }, context),
    context,
  );
}

/** An operation of this node, which nobody else changes until the transaction ends. */
async function findOwn(instanceId: string, operationId: string, context: OperationContext): Promise<PatchOperation> {
  await lockOperationsOf(context.db, instanceId);
  const operation = await findPatchOperation(context.db, context, operationId);
  if (operation?.instanceId !== instanceId) {
    throw new PatchOperationError('PATCH_OPERATION_NOT_FOUND', `${instanceId} has no operation ${operationId}.`);
  }
  return operation;
}

function requireOpen({ operationId, status }: PatchOperation): void {
  if (status === 'in-progress') return;
  throw new PatchOperationError('PATCH_OPERATION_ENDED', `The operation ${operationId} has ended (${status}).`);
}

/** What did not get into a plan, in the words that verdicts use: nothing approved is dropped silently. */
function listRefused(outcome: PlanOutcome, targets: readonly Target[]): RefusedTarget[] {
  const refused = [...outcome.refusedTargets];
  for (const group of outcome.refusedGroups) {
    const isRemoval = group.problems.some((problem) => problem.code === 'removal');
    const detail = group.problems.map((problem) => problem.message).join('; ');
    for (const { name, architecture, version } of targets) {
      const isInGroup = group.changes.some((change) => change.name === name && change.architecture === architecture);
      if (!isInGroup) continue;
      refused.push({ name, architecture, version, reason: isRemoval ? 'needs-removal' : 'dependency-blocked', detail });
    }
  }
  for (const target of outcome.unansweredTargets) {
    refused.push({
      ...target,
      reason: 'not-obtainable',
      detail: 'The package manager did not say what it would do with it.',
    });
  }
  return refused;
}

export interface Proposed {
  readonly plan: Plan | null;
  readonly authorization: SignedAuthorization | null;
  readonly refused: RefusedTarget[];
}

/** Checks what the node would do against the rules, freezes what may be done, and signs it. */
export async function proposePlan(
  instanceId: string,
  operationId: string,
  simulation: Simulation,
  context: OperationContext,
): Promise<Proposed> {
  const operation = await findOwn(instanceId, operationId, context);
  requireOpen(operation);
  await requireUnquestioned(instanceId, context);
  if (operation.operation !== 'Install') {
    throw new PatchOperationError('PATCH_OPERATION_KIND', 'A scan installs nothing, so it has no plan.');
  }
  const { db, now, accountId, region, dependencies } = context;
  const { terms } = await findTerms(operation, 'before', context);
  const { verdict, compiled, read } = await judge(
    { instanceId, factsId: operation.factsId, simulation: null, terms },
    context,
  );
  if (!read) throw new Error(`The facts of operation ${operationId} are gone`);
  const targets = selectTargets(verdict);
  const planId = dependencies.randomId();
  const outcome = makePlan({
    planId,
    nodeId: instanceId,
    operationId,
    createdAt: now.toISOString(),
    verdict,
    simulation,
    baseline: compiled,
    installedDigest: read.installedDigest,
    policy: read.facts.policy,
    archives: read.facts.offers.archives,
  });
  const refused = listRefused(outcome, targets);
  await updatePatchOperation(db, operationId, { refused: JSON.stringify(refused) });
  if (!outcome.ok || outcome.plan.groups.length === 0) return { plan: null, authorization: null, refused };
  const { plan } = outcome;
  const digest = planDigest(plan);
  await insertPlan(db, {
    accountId,
    region,
    planId,
    instanceId,
    operationId,
    digest,
    content: JSON.stringify(plan),
    createdAt: now,
  });
  await updatePatchOperation(db, operationId, { planId });
  const authorization = {
    kind: 'plan',
    nodeId: instanceId,
    operationId,
    planId,
    planDigest: digest,
    expiresAt: new Date(now.getTime() + planLifetimeMilliseconds).toISOString(),
  } as const;
  const { signingKey } = dependencies;
  const signature = signingKey.sign(authorizationText(authorization));
  return { plan, authorization: { authorization, keyId: signingKey.keyId, signature }, refused };
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
  const refused = [...operation.refused, ...(completion.simulation?.refused ?? [])];
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
