import { authorizationText, type SignedAuthorization } from '@patchbay/contracts';
import type { GroupOutcome, PackageName, Plan, RefusedTarget, Simulation, Target } from '@patchbay/facts';
import { keepToPlan, listRefused, makePlan, type PlanOutcome, planDigest, selectTargets } from '@patchbay/patching';
import type { OperationContext } from '../../operations/operation.ts';
import type { ReadFacts } from '../facts/service.ts';
import { findTerms } from '../overrides/service.ts';
import { findBindingPlan, keepAnswer } from '../patch-plans/node-plans.ts';
import { insertPlan } from '../plans/repository.ts';
import { judge } from '../verdicts/service.ts';
import { PatchOperationError } from './errors.ts';
import { findOwn, requireOpen, requireUnquestioned } from './open-operation.ts';
import { type PatchOperation, updatePatchOperation } from './repository.ts';

/** How long a node may take from getting its plan to carrying it out. */
const planLifetimeMilliseconds = 6 * 3_600_000;

export interface Proposed {
  readonly plan: Plan | null;
  readonly authorization: SignedAuthorization | null;
  readonly refused: RefusedTarget[];
  readonly settled?: GroupOutcome[];
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
  const { now, dependencies } = context;
  const { outcome, refused, settled } = await decidePlan(operation, operation.factsId, simulation, context);
  await updatePatchOperation(context.db, operationId, { refused: JSON.stringify(refused) });
  if (!outcome.ok || outcome.plan.groups.length === 0) return { plan: null, authorization: null, refused, ...settled };
  const { plan } = outcome;
  const authorization = {
    kind: 'plan',
    nodeId: instanceId,
    operationId,
    planId: plan.planId,
    planDigest: await freeze(plan, context),
    expiresAt: new Date(now.getTime() + planLifetimeMilliseconds).toISOString(),
  } as const;
  const { signingKey } = dependencies;
  const signature = signingKey.sign(authorizationText(authorization));
  return { plan, authorization: { authorization, keyId: signingKey.keyId, signature }, refused, ...settled };
}

/**
 * Plans what a scan found, without leave to carry it out, and answers what may not be done. What a node would do is known
 * by the simulation that it ends its scan with.
 */
export async function planNode(
  operation: PatchOperation,
  { factsId, simulation }: { readonly factsId: string; readonly simulation: Simulation | null },
  context: OperationContext,
): Promise<RefusedTarget[]> {
  const { outcome, refused, read } = await decidePlan(operation, factsId, simulation ?? nothingAnnounced, context);
  const plan = outcome.ok && outcome.plan.groups.length > 0 ? outcome.plan : null;
  if (plan !== null) await freeze(plan, context);
  await keepAnswer(operation, plan, read.facts.overlay, context);
  return refused;
}

const nothingAnnounced: Simulation = { groups: [], refused: [], diskBytes: 0 };

/** Stores a plan for good, as that of its operation, and answers its digest. */
async function freeze(plan: Plan, { db, now, accountId, region }: OperationContext): Promise<string> {
  const { planId, operationId, nodeId: instanceId } = plan;
  const digest = planDigest(plan);
  const content = JSON.stringify(plan);
  await insertPlan(db, { accountId, region, planId, instanceId, operationId, digest, content, createdAt: now });
  await updatePatchOperation(db, operationId, { planId });
  return digest;
}

interface Decided {
  readonly outcome: PlanOutcome;
  readonly refused: RefusedTarget[];
  /** Only of an operation that a patch plan binds. */
  readonly settled: { readonly settled?: GroupOutcome[] };
  readonly read: ReadFacts;
}

/** What of that which the package manager announced may be done: under the baseline, and in the plan that binds it. */
async function decidePlan(
  operation: PatchOperation,
  factsId: string,
  simulation: Simulation,
  context: OperationContext,
): Promise<Decided> {
  const { instanceId, operationId } = operation;
  const { terms } = await findTerms(operation, 'before', context);
  const { verdict, compiled, read } = await judge({ instanceId, factsId, simulation: null, terms }, context);
  if (!read) throw new Error(`The facts of operation ${operationId} are gone`);
  const binding = await findBindingPlan(operation, context);
  const kept = binding && keepToPlan(binding, verdict, read.facts.installed.packages, simulation);
  const passing = kept && new Set(kept.simulation.groups.flat().map(identify));
  const decidedVerdict = passing
    ? { ...verdict, items: verdict.items.filter((item) => passing.has(identify(item))) }
    : verdict;
  const outcome = makePlan({
    planId: context.dependencies.randomId(),
    nodeId: instanceId,
    operationId,
    createdAt: context.now.toISOString(),
    verdict: decidedVerdict,
    simulation: kept?.simulation ?? simulation,
    baseline: compiled,
    installedDigest: read.installedDigest,
    policy: read.facts.policy,
    archives: read.facts.offers.archives,
  });
  const targets = selectTargets(decidedVerdict);
  return {
    outcome,
    refused: listRefused(outcome, targets),
    settled: kept ? { settled: [...kept.settled, ...settleRefused(outcome, targets)] } : {},
    read,
  };
}

/** Groups of a binding plan that the rules keep out now. */
function settleRefused({ refusedGroups }: PlanOutcome, targets: readonly Target[]): GroupOutcome[] {
  return refusedGroups.map(({ changes, problems }) => ({
    targets: targets.filter((target) => changes.some((change) => identify(change) === identify(target))),
    status: 'skipped',
    reason: `${problems.map((problem) => problem.message).join('; ')}.`,
  }));
}

function identify({ name, architecture }: PackageName): string {
  return `${name}.${architecture}`;
}
