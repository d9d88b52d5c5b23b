import type { Ending } from './decide-execution.ts';

/** What happens where the control plane was down when a window was to start. */
export type MissedStartPolicy = 'run' | 'skip';

/** Later than that, a start was missed and not merely a little late. */
const lateMilliseconds = 60_000;

export interface WindowStart {
  /** Milliseconds since 1970, as the two below. */
  readonly scheduledAt: number;
  readonly noStartsAfter: number;
  readonly now: number;
  /** Occurrences before this one that nobody started. */
  readonly skipped: number;
  readonly policy: MissedStartPolicy;
}

/** Why a window does not start any more, or with which words it does. */
export interface MissedStart {
  readonly ending: Ending | null;
  readonly statusDetails: string;
}

/** A window that is found late runs while its cutoff has not come, unless its policy says to skip it. */
export function missedWindowStart({ scheduledAt, noStartsAfter, now, skipped, policy }: WindowStart): MissedStart {
  if (now - scheduledAt < lateMilliseconds && skipped === 0) return { ending: null, statusDetails: '' };
  const minutes = Math.floor((now - scheduledAt) / 60_000);
  const earlier =
    skipped === 0 ? '' : ` ${skipped} earlier ${skipped === 1 ? 'start was' : 'starts were'} missed, too.`;
  const told = `The control plane was not running at ${new Date(scheduledAt).toISOString()}`;
  const end = (reason: string): MissedStart => {
    const statusDetails = `${told}: ${reason}.${earlier}`;
    return { ending: { status: 'TIMED_OUT', statusDetails }, statusDetails };
  };
  if (now >= noStartsAfter) return end('missed, nothing starts after the cutoff');
  if (policy === 'skip' && now - scheduledAt >= lateMilliseconds) return end('missed, and skipped as the window says');
  return {
    ending: null,
    statusDetails: minutes === 0 ? earlier.trim() : `${told}: started ${minutes} minutes late.${earlier}`,
  };
}
