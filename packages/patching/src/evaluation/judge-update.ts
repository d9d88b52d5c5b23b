import type { OfferedVersion } from '@patchbay/facts';
import { approvalInstant } from '../approval-clock/approval-instant.ts';
import type { Approver } from './compile-baseline.ts';
import type { TimelineEntry } from './release-timeline.ts';

/** What the approvers of a baseline say about the versions above an installed one. */
export type UpdateJudgement =
  | {
      readonly kind: 'approved';
      /** Position of the target among the newer versions. */
      readonly position: number;
      readonly approver: Approver;
      readonly clock: DatedApproval;
      /** The version whose delay has passed is not to be had any more; the target stands in for it. */
      readonly isSuccessor: boolean;
    }
  | { readonly kind: 'not-obtainable'; readonly approver: Approver; readonly clock: DatedApproval }
  | {
      readonly kind: 'waiting';
      readonly position: number;
      readonly approver: Approver;
      readonly clock: DatedApproval;
      /** Milliseconds since the epoch. */
      readonly until: number;
    }
  /** Covered by a rule whose ApproveUntilDate has passed before the version came. */
  | { readonly kind: 'never'; readonly position: number; readonly approver: Approver; readonly clock: DatedApproval }
  | { readonly kind: 'not-covered' };

/** An entry of the timeline with the instant at which the approver approves it (`approvalInstant`). */
export interface DatedApproval {
  readonly entry: TimelineEntry;
  readonly approvedAt: number | null;
}

export interface UpdateQuestion {
  /** Offered versions above the installed one, newest first. */
  readonly newer: readonly OfferedVersion[];
  readonly timeline: readonly TimelineEntry[];
  readonly approvers: readonly Approver[];
  /** Positions in `newer` that may become the target. */
  readonly eligible: readonly number[];
  readonly successorPolicy: 'approve-successor' | 'wait';
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const strength = { approved: 4, 'not-obtainable': 3, waiting: 2, never: 1, 'not-covered': 0 } as const;

/**
 * Judges an update by every approver: the newest approved version wins ("if several versions are approved the newest
 * applies"), at equal versions the first approver in the baseline's order, whose compliance level then counts.
 */
export function judgeUpdate(question: UpdateQuestion): UpdateJudgement {
  let best: UpdateJudgement = { kind: 'not-covered' };
  for (const approver of question.approvers) {
    const judgement = judgeByApprover(question, approver);
    if (isBetter(judgement, best)) best = judgement;
  }
  return best;
}

function isBetter(judgement: UpdateJudgement, than: UpdateJudgement): boolean {
  if (judgement.kind === 'approved' && than.kind === 'approved') return judgement.position < than.position;
  if (judgement.kind === 'waiting' && than.kind === 'waiting') return judgement.until < than.until;
  return strength[judgement.kind] > strength[than.kind];
}

function judgeByApprover(question: UpdateQuestion, approver: Approver): UpdateJudgement {
  const { newer, eligible, now } = question;
  const newest = eligible[0];
  if (newest === undefined) return { kind: 'not-covered' };
  const covers = (position: number): boolean => {
    const version = newer[position];
    return version !== undefined && (approver.filters?.(version.section, version.priority) ?? true);
  };
  // The delay runs from the oldest unfixed version in scope: any of these whose time has come opens the way.
  const starts = question.timeline
    .filter(
      (entry) =>
        entry.reach >= newest &&
        (approver.enableNonSecurity || entry.isSecurity) &&
        covers(entry.offeredPosition ?? newest),
    )
    .map((entry) => ({ entry, approvedAt: approvalInstant(approver.delay, entry.release) }));
  const passed = starts.filter(({ approvedAt }) => approvedAt !== null && approvedAt <= now);

  if (passed.length === 0) return judgeUnapproved(approver, starts, eligible.find(covers) ?? newest);

  const own = eligible.find((position) => covers(position) && passesItself(question, approver, position, passed));
  const newestReach = Math.min(...passed.map(({ entry }) => entry.reach));
  if (own !== undefined && own <= newestReach) {
    const contained = passed.filter(({ entry }) => entry.reach >= own);
    return { kind: 'approved', position: own, approver, clock: earliest(contained), isSuccessor: false };
  }
  // An approved version above anything that passes itself has left the archives (or the machine may not have it).
  if (question.successorPolicy === 'approve-successor' && covers(newest)) {
    return { kind: 'approved', position: newest, approver, clock: earliest(passed), isSuccessor: true };
  }
  if (own !== undefined) {
    const contained = passed.filter(({ entry }) => entry.reach >= own);
    return { kind: 'approved', position: own, approver, clock: earliest(contained), isSuccessor: false };
  }
  return { kind: 'not-obtainable', approver, clock: earliest(passed) };
}

function judgeUnapproved(approver: Approver, starts: readonly DatedApproval[], position: number): UpdateJudgement {
  const finite = starts.filter(({ approvedAt }) => approvedAt !== null);
  if (finite.length > 0) {
    const clock = earliest(finite);
    return { kind: 'waiting', position, approver, clock, until: clock.approvedAt ?? Number.POSITIVE_INFINITY };
  }
  if (starts.length > 0) return { kind: 'never', position, approver, clock: earliest(starts) };
  return { kind: 'not-covered' };
}

/** A version passes itself when its own date does, and a start that opens the way lies in (installed, it]. */
function passesItself(
  question: UpdateQuestion,
  approver: Approver,
  position: number,
  passed: readonly DatedApproval[],
): boolean {
  if (!passed.some(({ entry }) => entry.reach >= position)) return false;
  const approvedAt = ownApproval(question.timeline, approver, position);
  return approvedAt !== null && approvedAt <= question.now;
}

function ownApproval(timeline: readonly TimelineEntry[], approver: Approver, position: number): number | null {
  const own = timeline.filter((entry) => entry.offeredPosition === position);
  const security = own.filter((entry) => entry.isSecurity);
  const dating = !approver.enableNonSecurity && security.length > 0 ? security : own;
  let instant: number | null = null;
  for (const entry of dating) {
    const approvedAt = approvalInstant(approver.delay, entry.release);
    if (approvedAt !== null && (instant === null || approvedAt < instant)) instant = approvedAt;
  }
  return instant;
}

function earliest(approvals: readonly DatedApproval[]): DatedApproval {
  const [first, ...rest] = approvals;
  if (first === undefined) throw new RangeError('The earliest of no approvals was asked for');
  return rest.reduce((best, candidate) => (isEarlier(candidate, best) ? candidate : best), first);
}

/** At equal instants older versions first, then the order of the keys: archives come in no particular order. */
function isEarlier(left: DatedApproval, right: DatedApproval): boolean {
  const leftAt = left.approvedAt ?? Number.POSITIVE_INFINITY;
  const rightAt = right.approvedAt ?? Number.POSITIVE_INFINITY;
  if (leftAt !== rightAt) return leftAt < rightAt;
  if (left.entry.reach !== right.entry.reach) return left.entry.reach > right.entry.reach;
  if (left.entry.archiveKey !== right.entry.archiveKey) return left.entry.archiveKey < right.entry.archiveKey;
  return left.entry.sourceVersion < right.entry.sourceVersion;
}

/** The next instant after `now` at which any approver's view of these versions changes; null when none does. */
export function nextApprovalChange(question: UpdateQuestion): number | null {
  let next: number | null = null;
  const hasSecurity = question.timeline.some((entry) => entry.isSecurity);
  for (const approver of question.approvers) {
    if (!approver.enableNonSecurity && !hasSecurity) continue;
    for (const entry of question.timeline) {
      const approvedAt = approvalInstant(approver.delay, entry.release);
      if (approvedAt === null || approvedAt <= question.now) continue;
      if (next === null || approvedAt < next) next = approvedAt;
    }
  }
  return next;
}
