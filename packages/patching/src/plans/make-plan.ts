import {
  type ArchiveObservation,
  archiveKey,
  type NodePolicy,
  type PackageName,
  type Plan,
  type RefusedTarget,
  type SimulatedChange,
  type Simulation,
  type Target,
  type Verdict,
} from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import type { CompiledBaseline } from '../evaluation/compile-baseline.ts';
import { checkGroup, type GroupProblem, type GroupRules, targetsOf } from './check-group.ts';
import { selectTargets } from './select-targets.ts';

export interface PlanRequest {
  readonly planId: string;
  readonly nodeId: string;
  readonly operationId: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly verdict: Verdict;
  readonly simulation: Simulation;
  readonly baseline: CompiledBaseline;
  readonly installedDigest: string;
  readonly policy: Pick<NodePolicy, 'holds'>;
  readonly archives: readonly ArchiveObservation[];
}

/** A group that was left out of the plan, and why. */
export interface RefusedGroup {
  readonly changes: readonly SimulatedChange[];
  readonly problems: readonly GroupProblem[];
}

/** What did not get into the plan; nothing approved is dropped without a word. */
export interface PlanRemainder {
  readonly refusedGroups: readonly RefusedGroup[];
  /** What the package manager refused by itself. */
  readonly refusedTargets: readonly RefusedTarget[];
  /** Approved targets of which the simulation said nothing at all. */
  readonly unansweredTargets: readonly Target[];
}

export type PlanOutcome =
  | ({
      readonly ok: true;
      readonly plan: Plan;
      /** Changes of the plan that no baseline approved and that its targets need. */
      readonly dependencies: readonly SimulatedChange[];
    } & PlanRemainder)
  /** There was something to do and none of it may be done. */
  | ({ readonly ok: false; readonly problems: readonly string[] } & PlanRemainder);

/**
 * Freezes the exact change: the dependency-closed groups of the simulation that hold an approved target and contain no
 * removal, no downgrade, nothing blocked or held and nothing from an archive that is not current. A refused group does
 * not stop the others.
 */
export function makePlan(request: PlanRequest): PlanOutcome {
  const { simulation, verdict } = request;
  const targets = selectTargets(verdict);
  const rules = groupRulesOf(request, targets);
  const accepted: (readonly SimulatedChange[])[] = [];
  const refusedGroups: RefusedGroup[] = [];
  for (const changes of simulation.groups) {
    const problems = checkGroup(changes, rules);
    if (problems.length === 0) accepted.push(changes);
    else refusedGroups.push({ changes, problems });
  }
  const answered = new Set([...simulation.groups.flat(), ...simulation.refused].map(identify));
  const remainder: PlanRemainder = {
    refusedGroups,
    refusedTargets: simulation.refused,
    unansweredTargets: targets.filter((target) => !answered.has(identify(target))),
  };
  if (accepted.length === 0 && targets.length > 0) {
    return { ok: false, problems: describeRemainder(remainder), ...remainder };
  }
  const plan: Plan = {
    planId: request.planId,
    nodeId: request.nodeId,
    operationId: request.operationId,
    baselineId: verdict.baselineId,
    baselineRevision: verdict.baselineRevision,
    createdAt: request.createdAt,
    installedDigest: request.installedDigest,
    groups: accepted.map((changes) => ({ targets: targetsOf(changes, rules), changes: [...changes] })),
    downloadBytes: accepted.flat().reduce((sum, change) => sum + change.sizeBytes, 0),
    // The package manager gives one figure for all groups; for fewer it is an upper bound.
    diskBytes: accepted.length === 0 ? 0 : simulation.diskBytes,
  };
  const dependencies = accepted
    .flat()
    .filter((change) => rules.approvedVersion(change.name, change.architecture) === null);
  return { ok: true, plan, dependencies, ...remainder };
}

/** The identity of a plan's content, which the server signs and the node checks: `sha256:<hex>`. */
export function planDigest(plan: Plan): string {
  return contentDigest(plan);
}

function groupRulesOf(request: PlanRequest, targets: readonly Target[]): GroupRules {
  const { baseline, policy, archives } = request;
  const approved = new Map(targets.map((target) => [identify(target), target.version]));
  const held = new Set(policy.holds.map(identify));
  const current = new Set(
    archives.filter((archive) => archive.status === 'current').map((archive) => archiveKey(archive.address)),
  );
  const blocks = baseline.baseline.rejectedPatchesAction === 'BLOCK';
  return {
    blockedBy: (name, architecture) => (blocks ? baseline.rejectedBy(name, architecture) : null),
    isHeld: (name, architecture) => held.has(identify({ name, architecture })),
    isCurrentArchive: (key) => current.has(key),
    approvedVersion: (name, architecture) => approved.get(identify({ name, architecture })) ?? null,
  };
}

function identify({ name, architecture }: PackageName): string {
  return `${name}.${architecture}`;
}

function describeRemainder(remainder: PlanRemainder): string[] {
  return [
    ...remainder.refusedGroups.flatMap(({ problems }) => problems.map(({ message }) => message)),
    ...remainder.refusedTargets.map(
      (target) => `${identify(target)} ${target.version} is ${target.reason}: ${target.detail}`,
    ),
    ...remainder.unansweredTargets.map(
      (target) => `The package manager said nothing about ${identify(target)} ${target.version}`,
    ),
  ];
}
