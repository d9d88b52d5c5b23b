import { authorizationText, type PatchOperationKind, type SignedAuthorization } from '@patchbay/contracts';
import type {
  GroupOutcome,
  PatchCounts,
  Plan,
  RefusedTarget,
  Simulation,
  Target,
  UnknownReason,
  Verdict,
} from '@patchbay/facts';
import {
  blockedPackages,
  countPatches,
  makePlan,
  type PlanOutcome,
  planDigest,
  selectTargets,
} from '@patchbay/patching';
import { findInvocation } from '../../aws/ssm/commands/repository.ts';
import { publicBaselineId } from '../../aws/ssm/patch-baselines/service.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { insertPlan } from '../plans/repository.ts';
import { judge } from '../verdicts/service.ts';
import { PatchOperationError } from './errors.ts';
import { describeVerdict } from './report.ts';
import {
  abandonOperations,
  findOperationOfCommand,
  findPatchOperation,
  insertOperationVerdict,
  insertPatchOperation,
  lockOperationsOf,
  type PatchOperation,
  updatePatchOperation,
} from './repository.ts';

/** How long a node may take from getting its plan to carrying it out. */
const planLifetimeMilliseconds = 6 * 3_600_000;

export interface BeginRequest {
  readonly factsId: string;
  readonly operation: PatchOperationKind;
  readonly commandId: string | null;
  readonly rebootOption: string;
  readonly snapshotId: string;
}

export interface Begun {
  readonly operationId: string;
  readonly baseline: { readonly baselineId: string; readonly name: string };
  readonly targets: Target[];
  readonly blocked: string[];
  readonly status: Verdict['status'];
  readonly unknownReasons: UnknownReason[];
}

/** The operation that a command already led to on this node, so that a patcher that starts again continues it. */
async function findBegun(
  instanceId: string,
  request: BeginRequest,
  context: OperationContext,
): Promise<PatchOperation | undefined> {
  if (request.commandId === null) return undefined;
  if (!(await findInvocation(context.db, context, request.commandId, instanceId))) {
    throw new PatchOperationError(
      'PATCH_OPERATION_COMMAND',
      `No command ${request.commandId} was sent to ${instanceId}.`,
    );
  }
  const begun = await findOperationOfCommand(context.db, request.commandId, instanceId);
  if (begun && begun.status !== 'in-progress') {
    throw new PatchOperationError(
      'PATCH_OPERATION_ENDED',
      `The command ${request.commandId} has been carried out already.`,
    );
  }
  return begun;
}

/** Begins a scan or an install: judges the facts and says what the baseline approves. */
export async function beginOperation(
  instanceId: string,
  request: BeginRequest,
  context: OperationContext,
): Promise<Begun> {
  const { db, now, accountId, region } = context;
  await lockOperationsOf(db, instanceId);
  const judgement = await judge({ instanceId, factsId: request.factsId, simulation: null }, context);
  const { verdict, baseline, read } = judgement;
  const begun = await findBegun(instanceId, request, context);
  const operationId = begun?.operationId ?? context.dependencies.randomId();
  const underBaseline = {
    baselineId: verdict.baselineId,
    baselineRevision: verdict.baselineRevision,
    patchGroup: judgement.patchGroup,
    factsId: request.factsId,
  };
  if (begun) await updatePatchOperation(db, operationId, underBaseline);
  else {
    await abandonOperations(db, instanceId, now);
    await insertPatchOperation(db, {
      accountId,
      region,
      operationId,
      instanceId,
      operation: request.operation,
      commandId: request.commandId,
      ...underBaseline,
      rebootOption: request.rebootOption,
      snapshotId: request.snapshotId,
      startedAt: now,
      endedAt: null,
      status: 'in-progress',
      counts: null,
      planId: null,
      refused: '[]',
      outcomes: '[]',
    });
  }
  return {
    operationId,
    baseline: { baselineId: publicBaselineId(context, baseline.baselineId), name: baseline.name },
    targets: selectTargets(verdict),
    blocked: read ? [...blockedPackages(baseline, read.facts.policy).rejected] : [],
    status: verdict.status,
    unknownReasons: verdict.unknownReasons,
  };
}

/** An operation of this node that has not ended. */
async function findOpen(instanceId: string, operationId: string, context: OperationContext): Promise<PatchOperation> {
  await lockOperationsOf(context.db, instanceId);
  const operation = await findPatchOperation(context.db, context, operationId);
  if (operation?.instanceId !== instanceId) {
    throw new PatchOperationError('PATCH_OPERATION_NOT_FOUND', `${instanceId} has no operation ${operationId}.`);
  }
  if (operation.status !== 'in-progress') {
    throw new PatchOperationError(
      'PATCH_OPERATION_ENDED',
      `The operation ${operationId} has ended (${operation.status}).`,
    );
  }
  return operation;
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
  const operation = await findOpen(instanceId, operationId, context);
  if (operation.operation !== 'Install') {
    throw new PatchOperationError('PATCH_OPERATION_KIND', 'A scan installs nothing, so it has no plan.');
  }
  const { db, now, accountId, region, dependencies } = context;
  const { verdict, compiled, read } = await judge(
    { instanceId, factsId: operation.factsId, simulation: null },
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

/** Ends an operation: judges the node as it is now and stores the verdict, which nothing overwrites. */
export async function completeOperation(
  instanceId: string,
  completion: Completion,
  context: OperationContext,
): Promise<Completed> {
  const operation = await findOpen(instanceId, completion.operationId, context);
  const refused = [...operation.refused, ...(completion.simulation?.refused ?? [])];
  const simulation =
    completion.simulation || refused.length > 0
      ? { groups: completion.simulation?.groups ?? [], refused, diskBytes: completion.simulation?.diskBytes ?? 0 }
      : null;
  const { verdict, baseline } = await judge({ instanceId, factsId: completion.factsId, simulation }, context);
  const counts = countPatches(verdict);
  await updatePatchOperation(context.db, operation.operationId, {
    status: verdict.status,
    endedAt: context.now,
    counts: JSON.stringify(counts),
    factsId: completion.factsId,
    baselineId: verdict.baselineId,
    baselineRevision: verdict.baselineRevision,
    refused: JSON.stringify(refused),
    outcomes: JSON.stringify(completion.outcomes),
  });
  await insertOperationVerdict(context.db, operation, verdict, context.now);
  return {
    status: verdict.status,
    counts,
    unknownReasons: verdict.unknownReasons,
    report: describeVerdict(verdict, baseline.name, completion.outcomes),
  };
}
