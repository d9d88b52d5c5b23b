import type { Evidence, InnerState, InstalledPackage, Offer, OfferedVersion, VerdictItem } from '@patchbay/facts';
import { versionSchemes } from '@patchbay/versioning';
import type { Approver } from './compile-baseline.ts';
import { describeClock, describeOffered, findArchiveNotes, findPinNotes, isNotAutomatic } from './evidence.ts';
import { type InstalledJudgement, judgeInstalled } from './installed-state.ts';
import {
  type DatedApproval,
  judgeUpdate,
  nextApprovalChange,
  type UpdateJudgement,
  type UpdateQuestion,
} from './judge-update.ts';
import { type PackageContext, packageKey, versionKey } from './package-context.ts';
import { buildTimeline, type TimelineEntry } from './release-timeline.ts';

const { dpkg } = versionSchemes;

/** One row of a verdict, with the next instant (milliseconds since the epoch) at which time alone changes it. */
export interface PackageJudgement {
  readonly item: VerdictItem;
  readonly changesAt: number | null;
}

const NOTHING_OFFERED: Evidence['offered'] = [];
const NO_NOTES: string[] = [];

/** Judges one installed package. */
export function evaluatePackage(
  context: PackageContext,
  installed: InstalledPackage,
  offer: Offer | undefined,
): PackageJudgement {
  const invalid = findInvalidVersion(installed, offer);
  const key = packageKey(installed);
  const { compiled } = context;
  const rejectedBy = compiled.rejectedBy(installed.name, installed.architecture);
  const explicit = compiled.explicitApprover(installed.name, installed.architecture);
  const base = judgeInstalled(context, key, installed, offer, explicit, rejectedBy);
  const notes = context.faultyArchives.length === 0 ? NO_NOTES : findArchiveNotes(context, installed, offer);
  if (invalid !== null) {
    const reason = `Version ${JSON.stringify(invalid)} of ${key} is not a valid Debian version, so nothing can be compared.`;
    return unchanging(itemOf(installed, base, { state: 'unknown', reason, notes }, offer));
  }
  const newer = offer === undefined ? [] : findNewer(installed.version, offer.versions);
  const brokenState = context.unconfigured.get(key);
  if (newer.length === 0) {
    if (brokenState === undefined)
      return unchanging(itemOf(installed, base, { state: base.state, reason: base.reason, notes }, offer));
    return unchanging(
      itemOf(
        installed,
        base,
        { state: 'failed', reason: describeBroken(context, installed, brokenState), notes },
        offer,
      ),
    );
  }
  const automatic = findAutomatic(context, installed, offer, newer);
  const timeline = buildTimeline(installed, newer, context.archives, context.history).filter(
    ({ offeredPosition }) => offeredPosition === null || automatic.includes(offeredPosition),
  );
  const approvers = explicit === null ? context.rules : [...context.rules, explicit];
  const question: UpdateQuestion = {
    newer,
    timeline,
    approvers,
    eligible: newer.flatMap((version, position) => (isObtainable(context, key, offer, version) ? [position] : [])),
    successorPolicy: context.settings.successorPolicy,
    now: context.now,
  };
  const outcome =
    rejectedBy === null
      ? judgeNewer(context, key, installed, question, automatic)
      : judgeRejected(base, rejectedBy, question);
  const settled =
    brokenState === undefined ? outcome : settleBroken(outcome, describeBroken(context, installed, brokenState));
  const item = itemOf(
    installed,
    base,
    { ...settled, notes: [...(settled.notes ?? NO_NOTES), ...notes] },
    offer,
    newer,
    timeline,
    context,
  );
  return { item, changesAt: rejectedBy === null ? nextApprovalChange(question) : null };
}

function unchanging(item: VerdictItem): PackageJudgement {
  return { item, changesAt: null };
}

/** What the judgement of an update amounts to, before it becomes a row. */
interface Outcome {
  readonly state: InnerState;
  readonly reason: string;
  readonly target?: OfferedVersion | undefined;
  readonly approver?: Approver;
  readonly clock?: DatedApproval;
  readonly notes?: readonly string[];
}

/** Failed, whatever else it is; a version that would not be installed as things are is no target then either. */
function settleBroken(outcome: Outcome, reason: string): Outcome {
  if (outcome.state === 'missing' || outcome.state === 'failed') return { ...outcome, state: 'failed', reason };
  return { state: 'failed', reason };
}

function judgeRejected(base: InstalledJudgement, rejectedBy: string, question: UpdateQuestion): Outcome {
  if (base.state === 'installed-rejected') return { state: base.state, reason: base.reason };
  const newest = question.newer[0];
  return { state: 'rejected', reason: `${newest?.version ?? 'A newer version'} is rejected (${rejectedBy}).` };
}

function judgeNewer(
  context: PackageContext,
  key: string,
  installed: InstalledPackage,
  question: UpdateQuestion,
  automatic: readonly number[],
): Outcome {
  const judgement = judgeUpdate(question);
  if (judgement.kind === 'approved') return settleApproved(context, key, installed, question, judgement);
  const unphased = automatic.filter((position) => !isPhasedOut(context, key, question.newer[position]));
  const beyond = judgeUpdate({ ...question, eligible: unphased });
  if (beyond.kind === 'approved') return settlePinned(context, key, installed, question, beyond);
  if (judgement.kind === 'not-obtainable') return settleNotObtainable(context, key, judgement);
  const phased = judgeUpdate({ ...question, eligible: automatic });
  if (phased.kind === 'approved') {
    const target = question.newer[phased.position];
    const reason = `${target?.version} is approved by ${phased.approver.label}, but its phased rollout has not reached this machine.`;
    return { state: 'phased', reason, target, approver: phased.approver, clock: phased.clock };
  }
  // What waits or is left out may lie beyond the candidate as well as below it.
  return settleUnapproved(question, judgement.kind === 'not-covered' ? phased : judgement);
}

function settleApproved(
  context: PackageContext,
  key: string,
  installed: InstalledPackage,
  question: UpdateQuestion,
  judgement: Extract<UpdateJudgement, { kind: 'approved' }>,
): Outcome {
  const { approver, clock } = judgement;
  const target = question.newer[judgement.position];
  const version = target?.version ?? '';
  const notes = judgement.isSuccessor
    ? [
        `${clock.entry.sourceVersion} was approved and is no longer obtainable; ${version} stands in for it (approve-successor).`,
      ]
    : NO_NOTES;
  const found = { target, approver, clock, notes };
  if (context.held.has(key)) {
    return {
      ...found,
      state: 'held',
      reason: `${version} is approved by ${approver.label}, but the package is on hold.`,
    };
  }
  const versionName = versionKey(installed, version);
  const failure = context.failures.get(versionName);
  if (failure !== undefined) {
    return { ...found, state: 'failed', reason: `The last attempt to install ${version} failed: ${failure}` };
  }
  const refusal = context.refusals.get(versionName);
  if (refusal !== undefined) {
    return {
      ...found,
      state: refusal.reason,
      reason: `${version} is approved by ${approver.label}, but ${refusal.detail}.`,
    };
  }
  return { ...found, state: 'missing', reason: `${version} is approved by ${approver.label} and not installed.` };
}

function settlePinned(
  context: PackageContext,
  key: string,
  installed: InstalledPackage,
  question: UpdateQuestion,
  judgement: Extract<UpdateJudgement, { kind: 'approved' }>,
): Outcome {
  const { approver, clock } = judgement;
  const target = question.newer[judgement.position];
  const found = { target, approver, clock, notes: findPinNotes(context.facts.policy.pins, installed.name) };
  const subject = `${target?.version} is approved by ${approver.label}, but`;
  if (context.held.has(key)) return { ...found, state: 'held', reason: `${subject} the package is on hold.` };
  return { ...found, state: 'pinned', reason: `${subject} the machine's own preferences keep it out.` };
}

function settleNotObtainable(
  context: PackageContext,
  key: string,
  judgement: Extract<UpdateJudgement, { kind: 'not-obtainable' }>,
): Outcome {
  const { approver, clock } = judgement;
  const subject = `Source version ${clock.entry.sourceVersion} is approved by ${approver.label}, but`;
  if (context.held.has(key)) return { state: 'held', reason: `${subject} the package is on hold.`, approver, clock };
  return { state: 'not-obtainable', reason: `${subject} no archive offers it any more.`, approver, clock };
}

function settleUnapproved(question: UpdateQuestion, judgement: UpdateJudgement): Outcome {
  const newest = question.newer[0];
  if (judgement.kind === 'waiting') {
    const { approver, clock, position } = judgement;
    const target = question.newer[position];
    const until = new Date(judgement.until).toISOString();
    return {
      state: 'waiting',
      reason: `${target?.version} waits for ${approver.label} until ${until}.`,
      target,
      clock,
    };
  }
  if (judgement.kind === 'never') {
    const { approver, clock } = judgement;
    const date = approver.delay.approveUntilDate ?? '';
    return {
      state: 'excluded',
      reason: `${newest?.version} came after ${date}, up to which ${approver.label} approves.`,
      clock,
    };
  }
  const reason = describeUncovered(question, newest);
  return { state: 'excluded', reason };
}

function describeUncovered(question: UpdateQuestion, newest: OfferedVersion | undefined): string {
  if (newest === undefined) return 'Nothing newer is offered.';
  const { version, section, priority } = newest;
  const covering = question.approvers.filter((approver) => approver.filters?.(section, priority) ?? true);
  const [first] = covering;
  if (first === undefined) return `No rule of the baseline covers ${version}.`;
  if (covering.some((approver) => approver.enableNonSecurity)) {
    return `${version} is only in archives that are not for automatic upgrades (apt priority ${newest.pinPriority}).`;
  }
  return `${version} comes from no security archive, and ${first.label} takes security updates only.`;
}

function describeBroken(context: PackageContext, installed: InstalledPackage, state: string): string {
  const failure = context.failures.get(versionKey(installed, installed.version));
  return `dpkg left it ${state}${failure === undefined ? '.' : `: ${failure}`}`;
}

/** The machine may take what its preferences choose, and older versions that they do not rule out (apt_preferences(5)). */
function isObtainable(
  context: PackageContext,
  key: string,
  offer: Offer | undefined,
  version: OfferedVersion,
): boolean {
  const candidate = offer?.candidate ?? null;
  if (candidate === null || isPhasedOut(context, key, version)) return false;
  if (version.version === candidate) return true;
  return version.pinPriority > 100 && dpkg.compare(version.version, candidate) <= 0;
}

/** Positions of the versions that are patches: what an archive like backports has beside them is an offer only. */
function findAutomatic(
  context: PackageContext,
  installed: InstalledPackage,
  offer: Offer | undefined,
  newer: readonly OfferedVersion[],
): number[] {
  const { pins } = context.facts.policy;
  return newer.flatMap((version, position) =>
    version.version !== offer?.candidate && isNotAutomatic(version, installed.name, pins, context.archives)
      ? []
      : [position],
  );
}

function isPhasedOut(context: PackageContext, key: string, version: OfferedVersion | undefined): boolean {
  const percentage = version?.phasedUpdatePercentage ?? null;
  return percentage !== null && percentage < 100 && context.phased.has(key);
}

/** The first text that the version scheme does not accept; an order that guesses would hide a missing fix. */
export function findInvalidVersion(installed: InstalledPackage, offer: Offer | undefined): string | null {
  if (!dpkg.isValid(installed.version)) return installed.version;
  if (offer === undefined) return null;
  for (const { version, sourceVersion } of offer.versions) {
    if (version === installed.version) continue;
    if (!dpkg.isValid(version)) return version;
    if (!dpkg.isValid(sourceVersion)) return sourceVersion;
    if (!dpkg.isValid(installed.sourceVersion)) return installed.sourceVersion;
  }
  if (offer.candidate !== null && offer.candidate !== installed.version && !dpkg.isValid(offer.candidate)) {
    return offer.candidate;
  }
  return null;
}

/** Versions above the installed one, newest first whatever order they came in. */
export function findNewer(installedVersion: string, versions: readonly OfferedVersion[]): OfferedVersion[] {
  const newer = versions.filter(
    ({ version }) => version !== installedVersion && dpkg.compare(version, installedVersion) > 0,
  );
  return newer.length < 2 ? newer : newer.sort((left, right) => dpkg.compare(right.version, left.version));
}

function itemOf(
  installed: InstalledPackage,
  base: InstalledJudgement,
  outcome: Outcome,
  offer: Offer | undefined,
  newer: readonly OfferedVersion[] = [],
  timeline: readonly TimelineEntry[] = [],
  context: PackageContext | null = null,
): VerdictItem {
  const target = outcome.target;
  const position = target === undefined ? -1 : newer.indexOf(target);
  const isSecurity = position >= 0 && timeline.some((entry) => entry.isSecurity && entry.reach >= position);
  const isInstalledRow = outcome.state === base.state;
  return {
    name: installed.name,
    architecture: installed.architecture,
    installedVersion: installed.version,
    state: outcome.state,
    installedState: base.state,
    targetVersion: target?.version ?? null,
    reason: outcome.reason,
    complianceLevel: outcome.approver?.complianceLevel ?? base.complianceLevel,
    classification: isSecurity ? 'Security' : '',
    section: target?.section ?? installed.section,
    priority: target?.priority ?? installed.priority,
    evidence: {
      candidate: offer?.candidate ?? null,
      offered: context === null ? NOTHING_OFFERED : describeOffered(newer, context.archives),
      approvedBy: isInstalledRow ? base.approvedBy : (outcome.approver?.label ?? null),
      clock:
        outcome.clock === undefined || context === null ? null : describeClock(outcome.clock, context.factsReceivedAt),
      notes: outcome.notes === undefined || outcome.notes.length === 0 ? NO_NOTES : [...outcome.notes],
    },
  };
}
