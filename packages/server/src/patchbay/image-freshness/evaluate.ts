import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { archiveKey, type NodeFacts, type UnknownReason, type Verdict, type VerdictItem } from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import {
  completeVerdict,
  countPatches,
  type EvaluationSettings,
  evaluateFacts,
  findFreshness,
  type ImageFreshness,
  type ReleaseHistory,
  type SharedVerdict,
} from '@patchbay/patching';
import type { OperationContext } from '../../operations/operation.ts';
import type { StoredWatch } from '../archive-watches/repository.ts';
import { readReleasesOf, sourcesWithNews } from '../facts/history.ts';
import { compileKept, type Jurisdiction, jurisdictionOf } from '../verdicts/jurisdiction.ts';
import {
  type MachinePart,
  readArchiveContents,
  readArchivesOfOffers,
  readMachineParts,
  readUnits,
  type Subject,
} from './subjects.ts';
import type { NotedVerdict } from './tables.ts';
import { type ArchiveContents, findOfferSource, makeOffers, type OfferSource } from './watched-offers.ts';

export type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now'>;

/** What one or more images amount to. */
export interface Finding {
  readonly imageIds: readonly string[];
  readonly freshness: ImageFreshness;
  readonly why: string;
  readonly missingCount: number;
  readonly findingDigest: string;
  readonly verdictDigest: string;
  readonly verdict: NotedVerdict<NotedItem>;
  readonly baselineId: string;
  readonly baselineRevision: number;
  readonly isWatched: boolean;
  readonly offersAsOf: Date | null;
  readonly validUntil: Date | null;
}

/** An item with the digest that it is kept under. */
export interface NotedItem {
  readonly digest: string;
  readonly item: VerdictItem;
}

/** Images with equal packages, policies, sources and baseline: they share all but the age of their facts. */
interface Kind {
  readonly sample: Subject;
  readonly machine: MachinePart;
  readonly source: OfferSource;
  readonly jurisdiction: Jurisdiction;
  readonly members: Subject[];
}

/** So many kinds are in memory at a time, with all their packages. */
const kindsAtOnce = 250;

/** Judges images by what is known of their archives now. Each kind of image is evaluated once; others are served between. */
export async function evaluateImages(
  subjects: readonly Subject[],
  given: { readonly watches: readonly StoredWatch[]; readonly settings: EvaluationSettings },
  context: Context,
): Promise<Finding[]> {
  const { kinds, untold } = await sortIntoKinds(subjects, given.watches, context);
  const findings = await judgeWithoutFacts(untold, given.settings, context);
  for (let start = 0; start < kinds.length; start += kindsAtOnce) {
    findings.push(...(await judgeKinds(kinds.slice(start, start + kindsAtOnce), given.settings, context)));
  }
  return findings;
}

async function sortIntoKinds(
  subjects: readonly Subject[],
  watches: readonly StoredWatch[],
  context: Context,
): Promise<{ readonly kinds: readonly Kind[]; readonly untold: readonly Subject[] }> {
  const { db, accountId, now } = context;
  const machines = await readMachineParts(db, subjects);
  const archives = await readArchivesOfOffers(db, accountId, onlyTexts(subjects, 'offersDigest'));
  const sources = new Map<string, { readonly source: OfferSource; readonly key: string }>();
  for (const [digest, observed] of archives) {
    const source = findOfferSource(observed, watches, now);
    const isShareable = source.kind === 'watched' || observed.every(({ status }) => status === 'current');
    const key = source.kind === 'watched' ? observed.map(({ address }) => archiveKey(address)).join('\n') : digest;
    sources.set(digest, { source, key: isShareable ? key : '' });
  }
  const jurisdictions = new Map<string, Jurisdiction>();
  const kinds = new Map<string, Kind>();
  const untold: Subject[] = [];
  for (const subject of subjects) {
    const machine = machines.get(subject.machineDigest ?? '');
    const found = sources.get(subject.offersDigest ?? '');
    if (!machine || !found) {
      untold.push(subject);
      continue;
    }
    const { operatingSystem } = machine.operatingSystem;
    const court = JSON.stringify([subject.patchGroup, operatingSystem]);
    const jurisdiction =
      jurisdictions.get(court) ?? (await jurisdictionOf(subject.patchGroup, operatingSystem, undefined, context));
    jurisdictions.set(court, jurisdiction);
    // What stands in an archive that is not current may be dated by the receipt of these very facts.
    const sharing = found.key === '' ? subject.factsId : found.key;
    const { machineDigest, installedDigest, policyDigest } = subject;
    const key = [machineDigest, installedDigest, policyDigest, jurisdiction.baseline.baselineId, sharing].join('\n');
    const known = kinds.get(key);
    if (known) known.members.push(subject);
    else kinds.set(key, { sample: subject, machine, source: found.source, jurisdiction, members: [subject] });
  }
  return { kinds: [...kinds.values()], untold };
}

function onlyTexts(
  subjects: readonly Subject[],
  key: 'offersDigest' | 'installedDigest' | 'policyDigest',
): Set<string> {
  return new Set(subjects.flatMap((subject) => subject[key] ?? []));
}

async function judgeKinds(kinds: readonly Kind[], settings: EvaluationSettings, context: Context): Promise<Finding[]> {
  const readFacts = await openFacts(kinds, context);
  const judged: { readonly kind: Kind; readonly facts: NodeFacts }[] = [];
  const sources = new Set<string>();
  for (const kind of kinds) {
    const facts = readFacts(kind);
    for (const name of sourcesWithNews(facts)) sources.add(name);
    judged.push({ kind, facts });
    await setImmediate();
  }
  const history = await readReleasesOf(context.db, context.accountId, [...sources]);
  const findings: Finding[] = [];
  for (const { kind, facts } of judged) {
    findings.push(...judgeKind(kind, facts, history, settings, context));
    await setImmediate();
  }
  return findings;
}

/** Reads the units of all kinds with few statements, and answers what makes facts of them. */
async function openFacts(kinds: readonly Kind[], { db, accountId }: Context): Promise<(kind: Kind) => NodeFacts> {
  const samples = kinds.map(({ sample }) => sample);
  const installedSets = await readUnits(db, accountId, 'installedSets', onlyTexts(samples, 'installedDigest'));
  const policies = await readUnits(db, accountId, 'nodePolicies', onlyTexts(samples, 'policyDigest'));
  const own = kinds.filter(({ source }) => source.kind === 'own').map(({ sample }) => sample);
  const ownOffers = await readUnits(db, accountId, 'offers', onlyTexts(own, 'offersDigest'));
  const watched = kinds.flatMap(({ source }) => (source.kind === 'watched' ? source.archives : []));
  const keys = watched.map(({ observation }) => archiveKey(observation.address));
  const names = [...installedSets.values()].flatMap(({ packages }) => packages.map(({ name }) => name));
  const contents: ArchiveContents =
    keys.length === 0 ? new Map() : await readArchiveContents(db, accountId, keys, names);
  return ({ sample, machine: { operatingSystem, overlay }, source }) => {
    const installed = installedSets.get(sample.installedDigest ?? '');
    const policy = policies.get(sample.policyDigest ?? '');
    const offers =
      installed && policy && source.kind === 'watched'
        ? makeOffers(source.archives, installed, { policy, overlay }, contents)
        : ownOffers.get(sample.offersDigest ?? '');
    if (!installed || !policy || !offers) throw new Error(`A unit of the facts ${sample.factsId} is gone`);
    return { operatingSystem, installed, policy, overlay, offers };
  };
}

function judgeKind(
  kind: Kind,
  facts: NodeFacts,
  history: ReleaseHistory,
  settings: EvaluationSettings,
  context: Context,
): Finding[] {
  const { sample, source, jurisdiction, members } = kind;
  const factsReceivedAt = source.kind === 'watched' ? source.asOf : sample.receivedAt;
  if (factsReceivedAt === null) throw new Error(`The facts ${sample.factsId} have no date`);
  const baseline = compileKept(context.accountId, jurisdiction.baseline, jurisdiction.revision);
  const { now } = context;
  const shared = evaluateFacts({ facts, factsReceivedAt, baseline, history, simulation: null, now, settings });
  if (source.kind === 'watched') return [findingOf(kind, shared, source.asOf, members, settings, context)];
  const byAge = Map.groupBy(members, ({ receivedAt }) => receivedAt?.getTime() ?? 0);
  return [...byAge].map(([receivedAt, alike]) =>
    findingOf(kind, shared, new Date(receivedAt), alike, settings, context),
  );
}

function findingOf(
  { machine, source, jurisdiction }: Kind,
  shared: SharedVerdict,
  asOf: Date,
  members: readonly Subject[],
  settings: EvaluationSettings,
  { accountId, now }: Context,
): Finding {
  const baseline = compileKept(accountId, jurisdiction.baseline, jurisdiction.revision);
  const input = { factsReceivedAt: asOf, baseline, settings, now };
  const young = completeVerdict(shared, { ...input, furtherDoubts: machine.doubts });
  const isTooOld = young.unknownReasons.some(({ code }) => code === 'stale-facts');
  const verdict = isTooOld
    ? completeVerdict(shared, { ...input, furtherDoubts: [...machine.doubts, ...source.reasons] })
    : young;
  const ends = [
    verdict.validUntil === null ? null : new Date(verdict.validUntil),
    source.kind === 'watched' ? source.validUntil : null,
  ].flatMap((end) => end?.getTime() ?? []);
  return {
    ...describeVerdict(verdict),
    imageIds: members.map(({ imageId }) => imageId),
    baselineId: jurisdiction.baseline.baselineId,
    baselineRevision: jurisdiction.revision,
    isWatched: source.kind === 'watched',
    offersAsOf: asOf,
    validUntil: ends.length === 0 ? null : new Date(Math.min(...ends)),
  };
}

function describeVerdict(verdict: Verdict) {
  const { freshness, why, faults, others } = findFreshness(verdict);
  const noted = { faults: faults.map(noteItem), others: others.map(noteItem) };
  const { unknownReasons } = verdict;
  const counts = countPatches(verdict);
  const content = referToItems({ ...noted, unknownReasons, counts });
  const reasons = unknownReasons.map(({ code, archive }: UnknownReason) => [code, archive]);
  const named = faults.map(({ name, architecture, state, targetVersion }) => [
    name,
    architecture,
    state,
    targetVersion,
  ]);
  return {
    freshness,
    why,
    missingCount: counts.missingCount,
    findingDigest: contentDigest([freshness, named, reasons]),
    verdictDigest: contentDigest(content),
    verdict: { ...noted, unknownReasons, counts },
  };
}

/** The evaluator writes members in one order, so plain JSON will do, which is far quicker than canonical. */
function noteItem(item: VerdictItem): NotedItem {
  return { digest: createHash('sha256').update(JSON.stringify(item)).digest('base64url'), item };
}

/** A verdict as it is kept. */
export function referToItems(verdict: NotedVerdict<NotedItem>): NotedVerdict<string> {
  const digestsOf = (items: readonly NotedItem[]) => items.map(({ digest }) => digest);
  return { ...verdict, faults: digestsOf(verdict.faults), others: digestsOf(verdict.others) };
}

/** Images without facts, imported ones perhaps: nothing can be said of them. */
async function judgeWithoutFacts(
  subjects: readonly Subject[],
  settings: EvaluationSettings,
  context: Context,
): Promise<Finding[]> {
  const byGroup = Map.groupBy(subjects, ({ patchGroup }) => patchGroup);
  const findings: Finding[] = [];
  for (const [patchGroup, members] of byGroup) {
    const { baseline, revision } = await jurisdictionOf(patchGroup, null, undefined, context);
    const compiled = compileKept(context.accountId, baseline, revision);
    const nothing = { doubts: [], items: [], validUntil: null };
    const input = { factsReceivedAt: null, baseline: compiled, settings, now: context.now };
    findings.push({
      ...describeVerdict(completeVerdict(nothing, input)),
      imageIds: members.map(({ imageId }) => imageId),
      baselineId: baseline.baselineId,
      baselineRevision: revision,
      isWatched: false,
      offersAsOf: null,
      validUntil: null,
    });
  }
  return findings;
}
