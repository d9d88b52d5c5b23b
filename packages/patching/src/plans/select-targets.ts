import type { InnerState, NodePolicy, PackageName, PatchBaseline, Target, Verdict } from '@patchbay/facts';

const installable: ReadonlySet<InnerState> = new Set<InnerState>(['missing', 'failed']);

/** The approved versions that an install shall bring in: what is missing, and what the last attempt failed to install. */
export function selectTargets(verdict: Pick<Verdict, 'items'>): Target[] {
  return verdict.items.flatMap(({ name, architecture, state, targetVersion }) =>
    installable.has(state) && targetVersion !== null ? [{ name, architecture, version: targetVersion }] : [],
  );
}

/** What the package manager must leave alone whatever the dependencies say. */
export interface BlockedPackages {
  /** Entries of RejectedPatches under BLOCK: names, also with architecture, each `*` standing for any text. */
  readonly rejected: readonly string[];
  readonly held: readonly PackageName[];
}

/** The packages that a simulation and a plan must not touch. ALLOW_AS_DEPENDENCY blocks nothing. */
export function blockedPackages(baseline: PatchBaseline, policy: Pick<NodePolicy, 'holds'>): BlockedPackages {
  return {
    rejected: baseline.rejectedPatchesAction === 'BLOCK' ? baseline.rejectedPatches : [],
    held: policy.holds,
  };
}
