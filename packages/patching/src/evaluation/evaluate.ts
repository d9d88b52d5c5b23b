import type {
  InstalledPackage,
  NodeFacts,
  Offer,
  Simulation,
  UnknownReason,
  Verdict,
  VerdictItem,
} from '@patchbay/facts';
import { isCompliantItem } from '../states/state-table.ts';
import { viewArchives } from './archive-view.ts';
import type { CompiledBaseline } from './compile-baseline.ts';
import {
  doubt,
  findArchiveDoubts,
  findEndOfLife,
  findOperatingSystemDoubts,
  findStaleness,
  reachOf,
} from './doubts.ts';
import { evaluatePackage } from './evaluate-package.ts';
import type { EvaluationSettings } from './evaluation-settings.ts';
import { findRefusals, keySet, type PackageContext, packageKey, versionKey } from './package-context.ts';
import type { ReleaseHistory } from './release-timeline.ts';
import { brokenItem, unknownItem } from './special-items.ts';

/** Rises whenever the same input could give another verdict; part of the key under which verdicts are cached. */
export const evaluatorVersion = 3;

export interface EvaluationInput {
  /** Null when the node never reported any. */
  readonly facts: NodeFacts | null;
  /** The server's receive time of the facts; null without facts. */
  readonly factsReceivedAt: Date | null;
  readonly baseline: CompiledBaseline;
  readonly history: ReleaseHistory;
  /** What the node's package manager answered to the approved targets; null before it was asked. */
  readonly simulation: Simulation | null;
  readonly now: Date;
  readonly settings: EvaluationSettings;
  /** What the caller knows against the node: quarantine, an unreadable package status. */
  readonly furtherDoubts?: readonly UnknownReason[];
}

/** What the facts of a machine amount to, whichever machine's they are: equal facts share it. */
export interface SharedVerdict {
  readonly doubts: readonly UnknownReason[];
  readonly items: readonly VerdictItem[];
  /** The next instant at which time alone changes any of it; null when it never does. */
  readonly validUntil: string | null;
}

/**
 * What one baseline says about one machine at one instant. Pure. A doubt makes the whole verdict `unknown`, never
 * compliant; what was found missing is listed all the same.
 */
export function evaluate(input: EvaluationInput): Verdict {
  const { facts } = input;
  if (facts === null) return completeVerdict(nothingKnown, { ...input, factsReceivedAt: null });
  return completeVerdict(evaluateFacts({ ...input, facts }), input);
}

const nothingKnown: SharedVerdict = { doubts: [], items: [], validUntil: null };

/** The shared part of a verdict: all but the age of the facts and what is known against the node besides. */
export function evaluateFacts(
  input: Omit<EvaluationInput, 'furtherDoubts'> & { readonly facts: NodeFacts },
): SharedVerdict {
  const { facts, factsReceivedAt, baseline } = input;
  const doubts = findOperatingSystemDoubts(facts, baseline);
  const flips: number[] = [];
  // Under another system's baseline or an unknown package format no row would mean anything.
  const items =
    doubts.length > 0 || factsReceivedAt === null ? [] : evaluateMachine(input, facts, factsReceivedAt, doubts, flips);
  const validUntil = flips.length === 0 ? null : new Date(Math.min(...flips)).toISOString();
  return { doubts, items, validUntil };
}

/** Lays what belongs to one node over the shared part: the age of its facts, and further doubts. */
export function completeVerdict(
  shared: SharedVerdict,
  input: Pick<EvaluationInput, 'factsReceivedAt' | 'baseline' | 'settings' | 'furtherDoubts' | 'now'>,
): Verdict {
  const { factsReceivedAt, baseline, settings } = input;
  const doubts = [...(input.furtherDoubts ?? []), ...shared.doubts];
  const flips = shared.validUntil === null ? [] : [Date.parse(shared.validUntil)];
  if (factsReceivedAt === null) {
    doubts.push(doubt('no-facts', 'The node has not reported what it has installed'));
  } else {
    const staleness = findStaleness(factsReceivedAt, settings, input.now.getTime());
    doubts.push(...staleness.doubts);
    if (staleness.staleAt !== null) flips.push(staleness.staleAt);
  }
  doubts.sort((left, right) => (describeDoubt(left) < describeDoubt(right) ? -1 : 1));
  const items = [...shared.items];
  if (doubts.length > 0) items.push(unknownItem(doubts));
  sortItems(items);
  return {
    status: doubts.length > 0 ? 'unknown' : items.every(isCompliantItem) ? 'compliant' : 'non-compliant',
    unknownReasons: doubts,
    items,
    baselineId: baseline.baseline.baselineId,
    baselineRevision: baseline.revision,
    evaluatorVersion,
    evaluatedAt: input.now.toISOString(),
    validUntil: flips.length === 0 ? null : new Date(Math.min(...flips)).toISOString(),
  };
}

function evaluateMachine(
  input: Omit<EvaluationInput, 'furtherDoubts'>,
  facts: NodeFacts,
  factsReceivedAt: Date,
  doubts: UnknownReason[],
  flips: number[],
): VerdictItem[] {
  const context = contextOf(input, facts, factsReceivedAt);
  const endOfLife = findEndOfLife(facts, context.archives, input.settings, context.now);
  doubts.push(...endOfLife.doubts);
  if (endOfLife.endsAt !== null) flips.push(endOfLife.endsAt);
  doubts.push(...findArchiveDoubts(facts, context.archives, reachOf(input.baseline, context.rules)));
  const offers = new Map<string, Offer>();
  for (const offer of facts.offers.offers) offers.set(packageKey(offer), offer);
  doubts.push(...findUntoldOffers(facts.installed.packages, offers));
  const items: VerdictItem[] = [];
  let earliestFlip = Number.POSITIVE_INFINITY;
  for (const installed of facts.installed.packages) {
    const { item, changesAt } = evaluatePackage(context, installed, offers.get(packageKey(installed)));
    if (changesAt !== null && changesAt < earliestFlip) earliestFlip = changesAt;
    if (item.state === 'unknown') doubts.push(doubt('package-version', item.reason));
    items.push(item);
  }
  if (Number.isFinite(earliestFlip)) flips.push(earliestFlip);
  items.push(...findBrokenItems(context, facts.installed.packages));
  return items;
}

/**
 * Facts name every installed package among the offers, if only to say that nothing is offered for it. One that is not
 * named was not looked at, and an update of it may be missing.
 */
function findUntoldOffers(installed: readonly InstalledPackage[], offers: ReadonlyMap<string, Offer>): UnknownReason[] {
  const untold = installed.filter((each) => !offers.has(packageKey(each)));
  const [first] = untold;
  if (first === undefined) return [];
  const which = `${untold.length} of its packages (${packageKey(first)}${untold.length > 1 ? ' and others' : ''})`;
  return [doubt('no-facts', `The node did not report what its archives offer for ${which}`)];
}

function contextOf(
  input: Omit<EvaluationInput, 'furtherDoubts'>,
  facts: NodeFacts,
  factsReceivedAt: Date,
): PackageContext {
  const { overlay, policy, offers, operatingSystem } = facts;
  const archives = viewArchives(offers.archives, input.settings.classification);
  return {
    facts,
    compiled: input.baseline,
    rules: input.baseline.approversFor(operatingSystem.product),
    archives,
    faultyArchives: archives.flatMap((archive, position) => (archive.isCurrent ? [] : [{ position, archive }])),
    history: input.history,
    settings: input.settings,
    now: input.now.getTime(),
    factsReceivedAt: factsReceivedAt.toISOString(),
    held: keySet(policy.holds),
    phased: keySet(overlay.phased),
    pendingReboot: keySet(overlay.pendingReboot),
    // Waiting triggers run with the next dpkg call and leave the package usable (dpkg(1), package states).
    unconfigured: new Map(
      overlay.unconfigured
        .filter(({ state }) => !state.startsWith('triggers-'))
        .map((entry) => [packageKey(entry), entry.state]),
    ),
    failures: new Map(overlay.failures.map((failure) => [versionKey(failure, failure.version), failure.reason])),
    refusals: findRefusals(input.simulation, input.baseline),
  };
}

/** Packages that dpkg left half done and that do not count as installed: nobody else would report them. */
function findBrokenItems(context: PackageContext, packages: readonly InstalledPackage[]): VerdictItem[] {
  if (context.unconfigured.size === 0) return [];
  const present = keySet(packages);
  return context.facts.overlay.unconfigured
    .filter((entry) => context.unconfigured.has(packageKey(entry)) && !present.has(packageKey(entry)))
    .map((entry) => brokenItem(entry, entry.state));
}

function describeDoubt(reason: UnknownReason): string {
  return `${reason.code} ${reason.message}`;
}

function isBefore(left: VerdictItem, right: VerdictItem): boolean {
  return left.name === right.name ? left.architecture < right.architecture : left.name < right.name;
}

/** Facts come sorted; sorting again is for those that do not. */
function sortItems(items: VerdictItem[]): void {
  for (let index = 1; index < items.length; index += 1) {
    const previous = items[index - 1];
    const item = items[index];
    if (previous === undefined || item === undefined || !isBefore(item, previous)) continue;
    items.sort((left, right) => (isBefore(left, right) ? -1 : isBefore(right, left) ? 1 : 0));
    return;
  }
}
