import type { Offer } from '@patchbay/facts';
import type { ApprovalDelay } from '../approval-clock/approval-instant.ts';
import { viewArchives } from './archive-view.ts';
import type { Approver } from './compile-baseline.ts';
import { findOperatingSystemDoubts } from './doubts.ts';
import type { EvaluationInput } from './evaluate.ts';
import { findInvalidVersion, findNewer } from './evaluate-package.ts';
import { packageKey } from './package-context.ts';
import { buildTimeline, type TimelineEntry } from './release-timeline.ts';

/** A file that holds the changelog of a source version. */
export interface ChangelogCarrier {
  readonly name: string;
  readonly architecture: string;
  readonly version: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** A source version that a delay waits for and whose date nobody knows yet. */
export interface ChangelogQuestion {
  readonly source: string;
  readonly sourceVersion: string;
  /** Keys of the archives that it was first looked at in without a date. */
  readonly archives: readonly string[];
  /** The machine's packages of that source version, smallest first. */
  readonly packages: readonly ChangelogCarrier[];
}

const DAY_MILLISECONDS = 86_400_000;

/**
 * The versions whose changelog has to be read (rung c of the approval clock): offered, there at the first look, and under
 * a rule that waits. What could not be read is asked for again after a day.
 */
export function findChangelogQuestions(input: EvaluationInput): ChangelogQuestion[] {
  const { facts, baseline, history, settings } = input;
  if (facts === null || findOperatingSystemDoubts(facts, baseline).length > 0) return [];
  const archives = viewArchives(facts.offers.archives, settings.classification);
  const rules = baseline.approversFor(facts.operatingSystem.product);
  const offers = new Map<string, Offer>(facts.offers.offers.map((offer) => [packageKey(offer), offer]));
  const questions = new Map<string, { archives: Set<string>; packages: Map<string, ChangelogCarrier> }>();
  for (const installed of facts.installed.packages) {
    const offer = offers.get(packageKey(installed));
    const { name, architecture } = installed;
    if (offer === undefined || findInvalidVersion(installed, offer) !== null) continue;
    if (baseline.rejectedBy(name, architecture) !== null) continue;
    const newer = findNewer(installed.version, offer.versions);
    const explicit = baseline.explicitApprover(name, architecture);
    const approvers = explicit === null ? rules : [...rules, explicit];
    for (const entry of buildTimeline(installed, newer, archives, history)) {
      const version = entry.offeredPosition === null ? undefined : newer[entry.offeredPosition];
      if (version === undefined || !isOpen(entry, input.now) || !isAwaited(approvers, entry, version)) continue;
      const key = `${entry.source}\n${entry.sourceVersion}`;
      const question = questions.get(key) ?? { archives: new Set(), packages: new Map() };
      questions.set(key, question);
      question.archives.add(entry.archiveKey);
      const { sizeBytes, sha256 } = version;
      question.packages.set(packageKey(installed), {
        name,
        architecture,
        version: version.version,
        sizeBytes,
        sha256,
      });
    }
  }
  return [...questions].map(([key, question]) => {
    const [source = '', sourceVersion = ''] = key.split('\n');
    const packages = [...question.packages.values()].sort((left, right) => left.sizeBytes - right.sizeBytes);
    return { source, sourceVersion, archives: [...question.archives].sort(), packages };
  });
}

function isOpen({ release, firstSeenAt }: TimelineEntry, now: Date): boolean {
  // Nobody recorded it: its archive is in doubt, and the first good look will tell.
  if (release.rung !== 'undated' || firstSeenAt === null) return false;
  const { changelog } = release;
  if (changelog === undefined) return true;
  return changelog.dateLine === null && now.getTime() - Date.parse(changelog.readAt) >= DAY_MILLISECONDS;
}

/** Whether the date decides anything: some approver waits, and none takes the version at once. */
function isAwaited(
  approvers: readonly Approver[],
  entry: TimelineEntry,
  { section, priority }: { readonly section: string; readonly priority: string },
): boolean {
  const covering = approvers.filter(
    (approver) => (approver.enableNonSecurity || entry.isSecurity) && (approver.filters?.(section, priority) ?? true),
  );
  return covering.length > 0 && covering.every(({ delay }) => waits(delay));
}

function waits({ approveAfterDays, approveUntilDate }: ApprovalDelay): boolean {
  return approveUntilDate !== undefined || (approveAfterDays ?? 0) > 0;
}
