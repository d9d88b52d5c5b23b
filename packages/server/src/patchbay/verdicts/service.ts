import type { NodeFacts, Simulation, UnknownReason, Verdict } from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import {
  type ChangelogQuestion,
  type CompiledBaseline,
  compileBaseline,
  completeVerdict,
  type EvaluationSettings,
  evaluateFacts,
  evaluatorVersion,
  findChangelogQuestions,
  limitToInstallList,
  patchGroupOf,
  type SharedVerdict,
} from '@patchbay/patching';
import { isImageId } from '../../aws/imagebuilder/images/image-id.ts';
import { findImageById } from '../../aws/imagebuilder/images/repository.ts';
import { readQuarantines } from '../../aws/ssm/instances/repository.ts';
import { readTags } from '../../aws/ssm/tags/repository.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { readEvidenceRevision } from '../facts/evidence-revision.ts';
import { readReleaseHistory } from '../facts/history.ts';
import type { StoredFacts } from '../facts/repository.ts';
import { findFacts, loadFacts, type ReadFacts } from '../facts/service.ts';
import { settleTerms, type Terms } from '../overrides/service.ts';
import { readSettings } from '../settings/service.ts';
import { compileKept, type Jurisdiction, jurisdictionOf } from './jurisdiction.ts';
import { findCachedVerdict, keepVerdict, type VerdictKey } from './repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now' | 'dependencies'>;

/** The patch group that a node's tags name, or that of the recipe that an image was built from. */
async function findPatchGroup(subject: string, context: Context): Promise<string | null> {
  const image = isImageId(subject) ? await findImageById(context.db, subject) : undefined;
  if (image) return image.patchGroup;
  const tags = await readTags(context.db, context, { resourceType: 'ManagedInstance', resourceId: subject });
  return patchGroupOf(tags);
}

/** The baseline of a node by its patch group and operating system, or the one that is asked for. */
async function findJurisdiction(
  instanceId: string,
  facts: Pick<NodeFacts, 'operatingSystem'> | undefined,
  baselineId: string | undefined,
  context: Context,
): Promise<Jurisdiction> {
  const patchGroup = await findPatchGroup(instanceId, context);
  return await jurisdictionOf(patchGroup, facts?.operatingSystem.operatingSystem ?? null, baselineId, context);
}

/** What a node's baseline says about its facts now, without the facts. */
export interface BriefJudgement extends Jurisdiction {
  readonly factsReceivedAt: Date | null;
  readonly verdict: Verdict;
}

/** The same with the facts. */
export interface Judgement extends BriefJudgement {
  readonly read: ReadFacts | undefined;
  readonly compiled: CompiledBaseline;
  readonly settings: EvaluationSettings;
}

export interface Question {
  readonly instanceId: string;
  /** Null for the newest. */
  readonly factsId: string | null;
  readonly simulation: Simulation | null;
  readonly baselineId?: string | undefined;
  /** What takes the place of the baseline in this operation. */
  readonly terms?: Terms | undefined;
}

/** Of a node in quarantine nobody knows which machine its facts are from. */
async function findQuarantineDoubts(instanceId: string, context: Context): Promise<UnknownReason[]> {
  const reason = (await readQuarantines(context.db, [instanceId])).get(instanceId);
  return reason === undefined
    ? []
    : [{ code: 'quarantined', message: `The node is in quarantine. ${reason}`, archive: null }];
}

/** Everything that a question is decided by, facts still by their digests. */
interface Matter {
  readonly question: Question;
  readonly stored: StoredFacts | undefined;
  readonly jurisdiction: Jurisdiction;
  readonly compiled: CompiledBaseline;
  readonly settings: EvaluationSettings;
  /** The moment at which approvals are judged, where a snapshot holds it fast. */
  readonly approvedAsOf: Date | null;
  /** Reads the facts when they are first needed. */
  readonly load: () => Promise<ReadFacts | undefined>;
}

async function openMatter(question: Question, context: Context): Promise<Matter> {
  const { instanceId, factsId, baselineId, terms } = question;
  const stored = await findFacts(instanceId, factsId, context);
  const registered = await findJurisdiction(instanceId, stored, baselineId, context);
  // A node of an unknown system is unknown under any terms.
  const settlement =
    terms && stored?.operatingSystem.operatingSystem ? await settleTerms(registered, terms, context) : undefined;
  const jurisdiction = settlement?.jurisdiction ?? registered;
  const { settings } = await readSettings(context.db, context.accountId);
  let loading: Promise<ReadFacts | undefined> | undefined;
  return {
    question,
    stored,
    jurisdiction,
    compiled:
      jurisdiction === registered
        ? compileKept(context.accountId, jurisdiction.baseline, jurisdiction.revision)
        : compileBaseline(jurisdiction.baseline, jurisdiction.revision),
    settings,
    approvedAsOf: settlement?.approvedAsOf ?? null,
    load: () => {
      loading ??= stored ? loadFacts(stored, context) : Promise.resolve(undefined);
      return loading;
    },
  };
}

/** Whether an operation goes by anything but its node's baseline as it is now. */
function changesAnything(terms: Terms | undefined): boolean {
  return terms !== undefined && (terms.baselines !== null || terms.installList !== null || terms.snapshotId !== '');
}

async function settle(matter: Matter, context: Context): Promise<BriefJudgement> {
  const { question, stored, jurisdiction, compiled, settings, approvedAsOf } = matter;
  const factsReceivedAt = stored?.receivedAt ?? null;
  const shared: SharedVerdict = stored ? await shareVerdict(matter, stored, context) : nothingShared;
  const furtherDoubts = [...(stored?.doubts ?? []), ...(await findQuarantineDoubts(question.instanceId, context))];
  const complete = completeVerdict(shared, {
    factsReceivedAt,
    baseline: compiled,
    settings,
    furtherDoubts,
    now: context.now,
  });
  const dated = approvedAsOf ? { ...complete, validUntil: null } : complete;
  const { installList } = question.terms ?? {};
  const verdict = installList ? limitToInstallList(dated, installList) : dated;
  return { ...jurisdiction, factsReceivedAt, verdict };
}

const nothingShared: SharedVerdict = { doubts: [], items: [], validUntil: null };

/** The part of a verdict that equal facts share, kept or evaluated. A simulation and terms are of one operation: not kept. */
async function shareVerdict(matter: Matter, stored: StoredFacts, context: Context): Promise<SharedVerdict> {
  const { db, now, accountId } = context;
  const { simulation, terms } = matter.question;
  const key = simulation === null && !changesAnything(terms) ? await verdictKeyOf(matter, stored, context) : null;
  const known = key && (await findCachedVerdict(db, key, now));
  if (known) return known;
  const read = await matter.load();
  if (!read) return nothingShared;
  const verdict = evaluateFacts({
    facts: read.facts,
    factsReceivedAt: read.receivedAt,
    baseline: matter.compiled,
    history: await readReleaseHistory(db, accountId, read.facts),
    simulation,
    now: matter.approvedAsOf ?? now,
    settings: matter.settings,
  });
  // What stands in an archive that is not current may be dated by the receipt of these very facts.
  const isShareable = read.facts.offers.archives.every(({ status }) => status === 'current');
  if (key && isShareable) await keepVerdict(db, key, verdict, now);
  return verdict;
}

/** Exactly what the shared part of a verdict depends on, beside the instant. */
async function verdictKeyOf(matter: Matter, stored: StoredFacts, { db, accountId }: Context): Promise<VerdictKey> {
  const { operatingSystem, overlay, installedDigest, offersDigest, policyDigest } = stored;
  const { phased, pendingReboot, unconfigured, failures } = overlay;
  const { baseline, revision } = matter.jurisdiction;
  return {
    accountId,
    subjectDigest: contentDigest({
      operatingSystem,
      overlay: { phased, pendingReboot, unconfigured, failures },
      installedDigest,
      offersDigest,
      policyDigest,
      baselineId: baseline.baselineId,
    }),
    revisionDigest: contentDigest({
      evaluatorVersion,
      baseline: digestOf(baseline),
      baselineRevision: revision,
      settings: digestOf(matter.settings),
      evidenceRevision: await readEvidenceRevision(db, accountId),
    }),
  };
}

/** Baselines and settings are the same objects for many nodes. */
const digests = new WeakMap<object, string>();

function digestOf(value: object): string {
  const known = digests.get(value);
  if (known !== undefined) return known;
  const digest = contentDigest(value);
  digests.set(value, digest);
  return digest;
}

/** What a node's baseline says about its facts now. Equal facts are evaluated once, and then not even read. */
export async function judgeBriefly(question: Question, context: Context): Promise<BriefJudgement> {
  return await settle(await openMatter(question, context), context);
}

/** The same for callers that go on with the facts. */
export async function judge(question: Question, context: Context): Promise<Judgement> {
  const matter = await openMatter(question, context);
  const { compiled, settings } = matter;
  return { ...(await settle(matter, context)), read: await matter.load(), compiled, settings };
}

/** The changelogs that the clock still wants for what was judged. */
export async function listChangelogQuestions(
  { read, compiled, settings }: Judgement,
  { db, accountId, now }: Context,
): Promise<ChangelogQuestion[]> {
  if (!read) return [];
  const { facts, receivedAt } = read;
  const history = await readReleaseHistory(db, accountId, facts);
  const simulation = null;
  return findChangelogQuestions({
    facts,
    factsReceivedAt: receivedAt,
    baseline: compiled,
    history,
    simulation,
    now,
    settings,
  });
}
