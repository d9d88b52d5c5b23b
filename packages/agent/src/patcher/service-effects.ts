import type { NodeOverlay } from '@patchbay/facts';
import type { Machine } from '../machine/index.ts';
import { restartUnits } from '../services/failed-units.ts';
import { decideRestarts, readRestartPolicy } from '../services/restart-policy.ts';

interface Voices {
  readonly report: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** Restarts what the owner's policy says of the services that run replaced code. Answers whether any was. */
export async function restartByPolicy(
  machine: Machine,
  overlay: NodeOverlay,
  { report, complain }: Voices,
): Promise<boolean> {
  const uses = overlay.replacedFileUses ?? [];
  if (uses.length === 0) return false;
  const { policy, problem } = await readRestartPolicy(machine);
  if (problem !== null) complain(problem);
  const { restart } = decideRestarts(uses, policy);
  if (restart.length === 0) return false;
  report(`Restarting services that run replaced files: ${restart.join(', ')}`);
  for (const [unit, reason] of await restartUnits(machine, restart)) {
    complain(`${unit} could not be restarted: ${reason}`);
  }
  return true;
}

/** What is left running on replaced files, and what has failed since the install began. */
export async function tellServices(
  machine: Machine,
  overlay: NodeOverlay,
  failedBefore: readonly string[] | null,
  { report, complain }: Voices,
): Promise<void> {
  const uses = overlay.replacedFileUses ?? [];
  const { policy } = await readRestartPolicy(machine);
  const { listed } = decideRestarts(uses, policy);
  if (listed.length > 0) report(`Still running replaced files, restart them: ${listed.join(', ')}`);
  const others = uses.flatMap(({ unit, processes }) => (unit === null ? processes : []));
  if (others.length > 0 && policy.mode !== 'never') {
    report(`Still running replaced files outside of services: ${others.map(describeProcess).join(', ')}`);
  }
  if (failedBefore === null || overlay.failedUnits === undefined) return;
  const added = overlay.failedUnits.filter((unit) => !failedBefore.includes(unit));
  if (added.length > 0) complain(`Units that have failed since the install began: ${added.join(', ')}`);
  else report('No further unit of systemd has failed');
}

function describeProcess({ pid, name }: { readonly pid: number; readonly name: string }): string {
  return `${name} (${pid})`;
}
