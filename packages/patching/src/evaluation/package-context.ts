import type { NodeFacts, PackageName, Simulation } from '@patchbay/facts';
import type { ArchiveView } from './archive-view.ts';
import type { Approver, CompiledBaseline } from './compile-baseline.ts';
import type { EvaluationSettings } from './evaluation-settings.ts';
import type { ReleaseHistory } from './release-timeline.ts';

/** Why the package manager would not take a target, from the simulation. */
export interface Refusal {
  readonly reason: 'needs-removal' | 'dependency-blocked' | 'not-obtainable';
  readonly detail: string;
}

/** What is the same for all packages of one evaluation, indexed for quick questions. */
export interface PackageContext {
  readonly facts: NodeFacts;
  readonly compiled: CompiledBaseline;
  readonly rules: readonly Approver[];
  readonly archives: readonly ArchiveView[];
  readonly faultyArchives: readonly { readonly position: number; readonly archive: ArchiveView }[];
  readonly history: ReleaseHistory;
  readonly settings: EvaluationSettings;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** ISO 8601, stands for the approval of what nobody recorded. */
  readonly factsReceivedAt: string;
  /** Keys below are `packageKey`s. */
  readonly held: ReadonlySet<string>;
  readonly phased: ReadonlySet<string>;
  readonly pendingReboot: ReadonlySet<string>;
  readonly unconfigured: ReadonlyMap<string, string>;
  /** Reason of the last failed install, by package key and version. */
  readonly failures: ReadonlyMap<string, string>;
  readonly refusals: ReadonlyMap<string, Refusal>;
}

/** `bash.amd64`: also the KbId on AWS's wire. */
export function packageKey(name: PackageName): string {
  return `${name.name}.${name.architecture}`;
}

/** `bash.amd64:5.2-1`: also the title on AWS's wire. */
export function versionKey(name: PackageName, version: string): string {
  return `${name.name}.${name.architecture}:${version}`;
}

export function keySet(names: readonly PackageName[]): ReadonlySet<string> {
  return new Set(names.map(packageKey));
}

/**
 * Targets that the simulation shows cannot be taken: those the package manager refused, and those whose group would
 * remove something or bring in what the baseline blocks.
 */
export function findRefusals(simulation: Simulation | null, compiled: CompiledBaseline): ReadonlyMap<string, Refusal> {
  const refusals = new Map<string, Refusal>();
  if (simulation === null) return refusals;
  const blocks = compiled.baseline.rejectedPatchesAction === 'BLOCK';
  for (const group of simulation.groups) {
    const removed = group.filter((change) => change.action === 'remove').map((change) => change.name);
    const blocked = group
      .filter((change) => blocks && change.action !== 'remove' && compiled.rejectedBy(change.name, change.architecture))
      .map((change) => change.name);
    const refusal = refusalOf(removed.sort(), blocked.sort());
    if (refusal === null) continue;
    for (const change of group) {
      if (change.toVersion !== null) refusals.set(versionKey(change, change.toVersion), refusal);
    }
  }
  for (const target of simulation.refused) {
    refusals.set(versionKey(target, target.version), { reason: target.reason, detail: target.detail });
  }
  return refusals;
}

function refusalOf(removed: readonly string[], blocked: readonly string[]): Refusal | null {
  if (removed.length > 0) return { reason: 'needs-removal', detail: `it would remove ${removed.join(', ')}` };
  if (blocked.length > 0) {
    return { reason: 'dependency-blocked', detail: `it needs ${blocked.join(', ')}, which the baseline blocks` };
  }
  return null;
}
