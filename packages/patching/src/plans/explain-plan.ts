import type { InnerState, PackageName, Plan, SimulatedChange, Verdict, VerdictItem } from '@patchbay/facts';

/** A change of a plan, the group that it goes in with, and what of the verdict is behind it. */
export interface ExplainedChange {
  readonly change: SimulatedChange;
  readonly group: number;
  /** One sentence. */
  readonly why: string;
  /** Null where nothing approved it by itself: it comes along. */
  readonly item: VerdictItem | null;
}

/** Why each change of a plan would happen. */
export function explainChanges(plan: Plan, verdict: Pick<Verdict, 'items'> | undefined): ExplainedChange[] {
  const items = new Map(verdict?.items.map((item) => [identify(item), item]));
  return plan.groups.flatMap(({ targets, changes }, group) => {
    const wanted = new Set(targets.map(identify));
    return changes.map((change) => {
      const item = wanted.has(identify(change)) ? (items.get(identify(change)) ?? null) : null;
      const why = wanted.has(identify(change))
        ? (item?.reason ?? 'Approved by the baseline.')
        : `Comes along with ${targets.map(({ name }) => name).join(', ')}.`;
      return { change, group, why, item };
    });
  });
}

/** States that say of themselves that nothing newer was considered. */
const settled: ReadonlySet<InnerState> = new Set<InnerState>([
  'installed',
  'installed-other',
  'installed-rejected',
  'pending-reboot',
]);

/** The items of a verdict with something newer that is not in the plan; the reason of each says why not. */
export function listLeftOut(plan: Plan | null, verdict: Pick<Verdict, 'items'>): VerdictItem[] {
  const planned = new Set(plan?.groups.flatMap(({ changes }) => changes.map(identify)));
  return verdict.items.filter((item) => !settled.has(item.state) && !planned.has(identify(item)));
}

function identify({ name, architecture }: PackageName): string {
  return `${name}.${architecture}`;
}
