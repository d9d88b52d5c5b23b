import type { NodeFacts, RefusedTarget, Simulation, Target } from '@patchbay/facts';
import { printUris, refuseTargets, type SimulationOutput, simulate } from '@patchbay/package-managers';
import type { Machine } from '../machine/index.ts';
import { type AptWorkspace, ask, prepareAptWorkspace } from './apt-workspace.ts';
import { isBlocked, writeBlockedPreferences } from './blocked-preferences.ts';
import type { UsedLists } from './collect-facts.ts';
import { describeChanges, type IndexReader, openIndexReader } from './describe-changes.ts';

export interface SimulationRequest {
  readonly machine: Machine;
  readonly lists: UsedLists;
  readonly facts: Pick<NodeFacts, 'installed' | 'policy'>;
  readonly targets: readonly Target[];
  /** Packages that may not come in; `*` stands for any text. */
  readonly blocked: readonly string[];
  /** Where one is at hand that has read the lists already. */
  readonly reader?: IndexReader;
  /** False where nobody asks how much room the changes need: the answer is then 0. */
  readonly measuresDisk?: boolean;
}

/** What names the targets and nothing else decides: recommended packages are no patches, and the owner's choice. */

/**
 * Lets the machine's package manager say what bringing in the targets would do, without doing it. What it will not take,
 * or only with a removal or a blocked package, is refused with the reason; the others stay.
 * @throws PatcherError, ParseError when the package manager does not answer
 */
export async function simulateTargets(request: SimulationRequest): Promise<Simulation> {
  const { machine, lists, facts } = request;
  if (request.targets.length === 0) return { groups: [], refused: [], diskBytes: 0 };
  const workspace = await prepareBlockingWorkspace(request);
  const attempt = (targets: readonly Target[]): Promise<Attempt> => tryTargets(request, workspace, targets);
  const { accepted, refused, changes } = await narrowDown(request.targets, sourceFinder(facts), attempt);
  const groups = await describeChanges(
    machine,
    request.reader ?? openIndexReader(machine, lists.archives),
    facts.policy.architecture,
    changes,
  );
  const diskBytes = request.measuresDisk === false ? 0 : await findDiskBytes(machine, workspace, accepted);
  return { groups, refused, diskBytes };
}

/** apt with the blocked packages pinned away, by preferences of ours that include the machine's. */
export async function prepareBlockingWorkspace({
  machine,
  lists,
  blocked,
}: Pick<SimulationRequest, 'machine' | 'lists' | 'blocked'>): Promise<AptWorkspace> {
  const workspace = await prepareAptWorkspace(machine, lists.source);
  if (blocked.length === 0) return { ...workspace, settings: [] };
  const own = await machine.readFile('/etc/apt/preferences');
  const text = `${writeBlockedPreferences(blocked)}\n${own === null ? '' : Buffer.from(own).toString('utf8')}`;
  const path = await machine.writeWorkFile('preferences', text);
  return { ...workspace, settings: [`Dir::Etc::preferences=${path}`] };
}

/** What apt says to a set of targets. */
export type Attempt =
  | { readonly ok: true; readonly changes: SimulationOutput['changes'] }
  | { readonly ok: false; readonly refuse: (target: Target) => RefusedTarget; readonly named: RefusedTarget[] };

async function tryTargets(
  { machine, blocked, facts }: SimulationRequest,
  workspace: AptWorkspace,
  targets: readonly Target[],
): Promise<Attempt> {
  const output = await ask(machine, simulate(targets, workspace.options), { settings: workspace.settings });
  const [failure] = output.failures;
  if (failure !== undefined) {
    return {
      ok: false,
      refuse: (target) => ({ ...target, reason: failure.reason, detail: failure.detail }),
      named: refuseTargets(targets, output.failures).filter(({ reason }) => reason === 'not-obtainable'),
    };
  }
  const native = facts.policy.architecture;
  const problem = findProblem(output, (name, architecture) => isBlocked(blocked, name, architecture ?? native));
  if (problem === null) return { ok: true, changes: output.changes };
  return { ok: false, refuse: (target) => ({ ...target, ...problem }), named: [] };
}

function findProblem(
  output: SimulationOutput,
  isBlockedPackage: (name: string, architecture: string | null) => boolean,
): Pick<RefusedTarget, 'reason' | 'detail'> | null {
  const removed = output.changes.filter(({ action }) => action === 'remove').map(({ name }) => name);
  if (removed.length > 0) return { reason: 'needs-removal', detail: `apt would have to remove ${removed.join(', ')}` };
  if (output.heldChanged.length > 0) {
    return { reason: 'dependency-blocked', detail: `it needs ${output.heldChanged.join(', ')}, which is on hold` };
  }
  const blocked = output.changes.filter((change) => isBlockedPackage(change.name, change.architecture));
  if (blocked.length === 0) return null;
  const names = blocked.map(({ name }) => name).join(', ');
  return { reason: 'dependency-blocked', detail: `it needs ${names}, which the baseline blocks` };
}

function sourceFinder(facts: Pick<NodeFacts, 'installed'>): (target: Target) => string {
  const sources = new Map(
    facts.installed.packages.map(({ name, architecture, source }) => [`${name}.${architecture}`, source]),
  );
  return ({ name, architecture }) => sources.get(`${name}.${architecture}`) ?? name;
}

export interface NarrowedTargets {
  readonly accepted: Target[];
  readonly refused: RefusedTarget[];
  readonly changes: SimulationOutput['changes'];
}

/**
 * Finds the largest set that the package manager takes, with as few questions as can be: all at once, then halves.
 * Targets of one source package stay together, because siblings often need each other's exact version. What was refused
 * by itself is tried once more beside all that was taken, since that may be what it needs.
 */
export async function narrowDown(
  targets: readonly Target[],
  sourceOf: (target: Target) => string,
  attempt: (targets: readonly Target[]) => Promise<Attempt>,
): Promise<NarrowedTargets> {
  const all = await attempt(targets);
  if (all.ok) return { accepted: [...targets], refused: [], changes: all.changes };
  if (all.named.length > 0) {
    const named = new Set(all.named.map(formatKey));
    const rest = targets.filter((target) => !named.has(formatKey(target)));
    const others = rest.length === 0 ? nothing : await narrowDown(rest, sourceOf, attempt);
    return { ...others, refused: [...all.named, ...others.refused] };
  }
  const bySource = new Map<string, Target[]>();
  for (const target of targets) {
    const source = sourceOf(target);
    bySource.set(source, [...(bySource.get(source) ?? []), target]);
  }
  const sources = [...bySource.values()];
  if (sources.length === 1) return await narrowSource(targets, all, attempt);
  const half = Math.ceil(sources.length / 2);
  const parts = [
    await narrowDown(sources.slice(0, half).flat(), sourceOf, attempt),
    await narrowDown(sources.slice(half).flat(), sourceOf, attempt),
  ];
  return await combine(parts, sourceOf, attempt);
}

const nothing: NarrowedTargets = { accepted: [], refused: [], changes: [] };

/** The packages of one source that apt does not take together: each is tried alone. */
async function narrowSource(
  targets: readonly Target[],
  together: Exclude<Attempt, { ok: true }>,
  attempt: (targets: readonly Target[]) => Promise<Attempt>,
): Promise<NarrowedTargets> {
  if (targets.length === 1) return { accepted: [], refused: targets.map(together.refuse), changes: [] };
  let found = nothing;
  for (const target of targets) {
    const tried = await attempt([...found.accepted, target]);
    found = tried.ok
      ? { accepted: [...found.accepted, target], refused: found.refused, changes: tried.changes }
      : { ...found, refused: [...found.refused, tried.refuse(target)] };
  }
  return found;
}

async function combine(
  parts: readonly NarrowedTargets[],
  sourceOf: (target: Target) => string,
  attempt: (targets: readonly Target[]) => Promise<Attempt>,
): Promise<NarrowedTargets> {
  let found = nothing;
  const add = async (targets: readonly Target[]): Promise<Attempt> => {
    const tried = await attempt([...found.accepted, ...targets]);
    if (tried.ok) found = { ...found, accepted: [...found.accepted, ...targets], changes: tried.changes };
    return tried;
  };
  for (const { accepted, changes } of parts) {
    if (accepted.length === 0) continue;
    if (found.accepted.length === 0) found = { ...found, accepted, changes };
    else if (!(await add(accepted)).ok) {
      // Each half is good and both together are not: whoever comes first stays.
      for (const target of accepted) {
        const tried = await add([target]);
        if (!tried.ok) found = { ...found, refused: [...found.refused, tried.refuse(target)] };
      }
    }
  }
  const retries = new Map<string, RefusedTarget[]>();
  for (const target of parts.flatMap(({ refused }) => refused)) {
    retries.set(sourceOf(target), [...(retries.get(sourceOf(target)) ?? []), target]);
  }
  for (const refused of retries.values()) {
    const targets = refused.map(({ name, architecture, version }) => ({ name, architecture, version }));
    const isWorthwhile = found.accepted.length > 0 && refused.every(({ reason }) => reason !== 'not-obtainable');
    if (isWorthwhile && (await add(targets)).ok) continue;
    found = { ...found, refused: [...found.refused, ...refused] };
  }
  return found;
}

function formatKey({ name, architecture }: Target): string {
  return `${name}.${architecture}`;
}

async function findDiskBytes(machine: Machine, workspace: AptWorkspace, targets: readonly Target[]): Promise<number> {
  if (targets.length === 0) return 0;
  const { diskBytes } = await ask(machine, printUris(targets, workspace.options), { settings: workspace.settings });
  return diskBytes;
}
