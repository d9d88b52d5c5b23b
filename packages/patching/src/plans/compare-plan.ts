import type { Plan, SimulatedChange, Simulation } from '@patchbay/facts';

export type PlanComparison =
  | { readonly isEqual: true }
  | { readonly isEqual: false; readonly differences: readonly string[] };

/** What must be the same for the frozen change and the one about to happen. */
const compared = [
  'action',
  'fromVersion',
  'toVersion',
  'archive',
  'filename',
  'sizeBytes',
  'sha256',
  'indexDigest',
] as const;

/**
 * Compares a group of a frozen plan with what the package manager announces for its targets now. The node stops when
 * anything differs: what was checked must be what happens.
 */
export function comparePlanWithSimulation(group: Plan['groups'][number], simulation: Simulation): PlanComparison {
  const planned = indexChanges(group.changes);
  const announced = indexChanges(simulation.groups.flat());
  const differences: string[] = [];
  for (const [key, change] of planned) {
    const now = announced.get(key);
    if (now === undefined) differences.push(`${key}: planned ${describe(change)}, now nothing`);
    else differences.push(...compareChange(key, change, now));
  }
  for (const [key, change] of announced) {
    if (!planned.has(key)) differences.push(`${key}: not planned, now ${describe(change)}`);
  }
  for (const target of simulation.refused) {
    differences.push(`${target.name}.${target.architecture}: now refused (${target.reason}: ${target.detail})`);
  }
  return differences.length === 0 ? { isEqual: true } : { isEqual: false, differences };
}

function indexChanges(changes: readonly SimulatedChange[]): Map<string, SimulatedChange> {
  return new Map(changes.map((change) => [`${change.name}.${change.architecture}`, change]));
}

function compareChange(key: string, planned: SimulatedChange, now: SimulatedChange): string[] {
  return compared
    .filter((member) => planned[member] !== now[member])
    .map((member) => `${key}: ${member} was planned as ${planned[member] ?? 'none'}, now ${now[member] ?? 'none'}`);
}

function describe({ action, fromVersion, toVersion }: SimulatedChange): string {
  return [action, fromVersion, toVersion].filter((part) => part !== null).join(' ');
}
