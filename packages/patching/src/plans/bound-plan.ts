import type {
  GroupOutcome,
  InstalledPackage,
  PackageName,
  Plan,
  SimulatedChange,
  Simulation,
  Target,
  Verdict,
  VerdictItem,
} from '@patchbay/facts';
import { versionSchemes } from '@patchbay/versioning';
import { selectTargets } from './select-targets.ts';

type Group = Plan['groups'][number];

/** What of a plan that was made earlier may still be done, and what may not, in words. */
export interface BoundTargets {
  readonly targets: Target[];
  /** One for each group of the plan that stays out, or that is in already. */
  readonly settled: GroupOutcome[];
}

/** What the package manager announced that is exactly what the plan holds, and what of the plan stays out. */
export interface BoundChanges {
  readonly simulation: Simulation;
  readonly settled: GroupOutcome[];
}

interface OpenGroup {
  readonly group: Group;
  /** Its changes without those that are in already, by package. */
  readonly left: ReadonlyMap<string, SimulatedChange>;
}

/**
 * The targets of a plan that the baseline still approves in the very version. A group of which anything may not be done
 * any more stays out whole: its changes were decided together.
 */
export function limitToPlan(
  plan: Plan,
  verdict: Pick<Verdict, 'items' | 'baselineId' | 'baselineRevision'>,
  installed: readonly InstalledPackage[],
): BoundTargets {
  const { settled, open } = openGroups(plan, verdict, installed);
  return {
    settled,
    targets: open.flatMap(({ group, left }) => group.targets.filter((target) => left.has(identify(target)))),
  };
}

/**
 * Holds what the package manager announces now against the plan. Nothing passes that is not in the plan with the same
 * versions and the same files, and no group passes in part. Groups that announce themselves together pass together.
 */
export function keepToPlan(
  plan: Plan,
  verdict: Pick<Verdict, 'items' | 'baselineId' | 'baselineRevision'>,
  installed: readonly InstalledPackage[],
  simulation: Simulation,
): BoundChanges {
  const { settled, open } = openGroups(plan, verdict, installed);
  const problems = new Map<Group, string>();
  const announced = simulation.groups.map((changes) => ({ changes, isRefused: false }));
  for (const { group, left } of open) {
    const problem = explainAbsence(left, simulation);
    if (problem !== null) problems.set(group, problem);
  }
  const planned = new Map(
    open.flatMap((each) => [...each.left].map(([key, change]) => [key, { change, group: each.group }])),
  );
  // What is refused draws others along: a planned group that it belongs to, and what was announced together with that.
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const candidate of announced) {
      if (candidate.isRefused) continue;
      const touched = new Set(candidate.changes.flatMap((change) => planned.get(identify(change))?.group ?? []));
      const drawn = [...touched].map((group) => problems.get(group)).find((problem) => problem !== undefined);
      const problem = drawn === undefined ? explainStrangers(candidate.changes, planned) : drawn;
      if (problem === null) continue;
      candidate.isRefused = true;
      isSettled = false;
      for (const group of touched) if (!problems.has(group)) problems.set(group, problem);
    }
  }
  return {
    simulation: {
      ...simulation,
      groups: announced.filter(({ isRefused }) => !isRefused).map(({ changes }) => changes),
    },
    settled: [...settled, ...open.flatMap(({ group }) => skip(group, problems.get(group)))],
  };
}

function skip({ targets }: Group, reason: string | undefined): GroupOutcome[] {
  return reason === undefined ? [] : [{ targets, status: 'skipped', reason }];
}

function openGroups(
  plan: Plan,
  verdict: Pick<Verdict, 'items' | 'baselineId' | 'baselineRevision'>,
  installed: readonly InstalledPackage[],
): { readonly settled: GroupOutcome[]; readonly open: OpenGroup[] } {
  const present = new Map(installed.map((each) => [identify(each), each.version]));
  const items = new Map(verdict.items.map((item) => [identify(item), item]));
  const approved = new Map(selectTargets(verdict).map((target) => [identify(target), target.version]));
  const settled: GroupOutcome[] = [];
  const open: OpenGroup[] = [];
  for (const group of plan.groups) {
    const left = new Map(
      group.changes
        .filter(({ toVersion, ...change }) => toVersion === null || present.get(identify(change)) !== toVersion)
        .map((change) => [identify(change), change]),
    );
    if (left.size === 0) {
      settled.push({
        targets: group.targets,
        status: 'installed',
        reason: 'It was installed since the plan was made.',
      });
      continue;
    }
    const problems = [
      ...[...left.values()].flatMap((change) => explainMove(change, present.get(identify(change)) ?? null)),
      ...group.targets
        .filter((target) => left.has(identify(target)) && approved.get(identify(target)) !== target.version)
        .map((target) => explainRevoked(target, items.get(identify(target)), plan, verdict)),
    ];
    if (problems.length === 0) open.push({ group, left });
    else settled.push({ targets: group.targets, status: 'skipped', reason: [...new Set(problems)].join(' ') });
  }
  return { settled, open };
}

const { dpkg } = versionSchemes;

/** The package is not what it was when the plan was made. */
function explainMove({ fromVersion, ...change }: SimulatedChange, present: string | null): string[] {
  if (present === fromVersion) return [];
  const subject = identify(change);
  if (present === null) return [`${subject} ${fromVersion} was removed since the plan was made.`];
  return [`${subject} ${present} was installed since the plan was made, which found ${fromVersion ?? 'none'}.`];
}

function explainRevoked(
  target: Target,
  item: VerdictItem | undefined,
  plan: Plan,
  verdict: Pick<Verdict, 'baselineId' | 'baselineRevision'>,
): string {
  const subject = identify(target);
  if (item === undefined) return `${subject} is not installed any more.`;
  const newer = newestInstead(target, item);
  if (newer !== null) return `The archive now offers ${subject} ${newer} instead of ${target.version}.`;
  const since =
    plan.baselineId !== verdict.baselineId
      ? `under another baseline (${verdict.baselineId})`
      : plan.baselineRevision !== verdict.baselineRevision
        ? `since revision ${verdict.baselineRevision} of the baseline (the plan goes by revision ${plan.baselineRevision})`
        : 'now';
  return `${subject} ${target.version} may not be installed ${since}: ${item.reason}`;
}

/** The version that took the place of the planned one; null where something else is the matter. */
function newestInstead({ version }: Target, { targetVersion, evidence }: VerdictItem): string | null {
  if (targetVersion !== null && targetVersion !== version) return targetVersion;
  const newest = evidence.offered[0]?.version ?? null;
  const isGone = !evidence.offered.some((offer) => offer.version === version);
  return isGone && newest !== null && isAbove(newest, version) ? newest : null;
}

function isAbove(left: string, right: string): boolean {
  return dpkg.isValid(left) && dpkg.isValid(right) && dpkg.compare(left, right) > 0;
}

/** Why a planned group does not come whole. */
function explainAbsence(left: ReadonlyMap<string, SimulatedChange>, simulation: Simulation): string | null {
  const announced = new Set(simulation.groups.flat().map(identify));
  const refused = simulation.refused.find((target) => left.has(identify(target)));
  if (refused !== undefined) {
    return `The package manager now refuses ${identify(refused)} ${refused.version}: ${refused.detail}.`;
  }
  const missing = [...left].filter(([key]) => !announced.has(key)).map(([, change]) => describe(change));
  return missing.length === 0 ? null : `The package manager no longer announces ${missing.join(', ')}.`;
}

/** Why what is announced is not what was planned. */
function explainStrangers(
  changes: readonly SimulatedChange[],
  planned: ReadonlyMap<string, { readonly change: SimulatedChange }>,
): string | null {
  const strangers = changes.filter((change) => !planned.has(identify(change)));
  if (strangers.length > 0) {
    return `It would bring something along that is not in the plan: ${strangers.map(describe).join(', ')}.`;
  }
  for (const change of changes) {
    const wanted = planned.get(identify(change))?.change;
    if (wanted === undefined || isSame(wanted, change)) continue;
    if (wanted.toVersion !== change.toVersion || wanted.action !== change.action) {
      return `Planned was ${describe(wanted)}; now it would be ${describe(change)}.`;
    }
    return `The file of ${identify(change)} ${change.toVersion ?? ''} is not the one of the plan (sha256 ${change.sha256} instead of ${wanted.sha256}).`;
  }
  return null;
}

/** The archive that a file comes from, and its index, may change; the file may not. */
function isSame(left: SimulatedChange, right: SimulatedChange): boolean {
  const { action, fromVersion, toVersion, sha256 } = left;
  return (
    action === right.action &&
    fromVersion === right.fromVersion &&
    toVersion === right.toVersion &&
    sha256 === right.sha256
  );
}

function identify({ name, architecture }: PackageName): string {
  return `${name}.${architecture}`;
}

function describe({ action, fromVersion, toVersion, ...change }: SimulatedChange): string {
  const versions = [fromVersion, toVersion].filter((version) => version !== null).join(' -> ');
  return `${action} ${identify(change)} ${versions}`;
}
