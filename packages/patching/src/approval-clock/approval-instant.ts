import type { PatchRule } from '@patchbay/facts';
import type { ReleaseDate } from './release-date.ts';

/** The delay of a rule; an explicit approval has none. */
export type ApprovalDelay = Pick<PatchRule, 'approveAfterDays' | 'approveUntilDate'>;

const DAY_MILLISECONDS = 86_400_000;

/** The first instant of the UTC day that an instant falls on, both in milliseconds since the epoch. */
export function startOfUtcDay(instant: number): number {
  return Math.floor(instant / DAY_MILLISECONDS) * DAY_MILLISECONDS;
}

/**
 * The first instant (milliseconds since the epoch) at which a rule approves a release: `-Infinity` for at once, null for
 * never. Days are whole UTC days: a release of 7 July with a delay of seven days is approved when 14 July begins; an
 * ApproveUntilDate includes the whole day it names (SSM API, PatchRule). What has no date is approved at once.
 */
export function approvalInstant(delay: ApprovalDelay, release: ReleaseDate): number | null {
  if (release.availableAt === null) return Number.NEGATIVE_INFINITY;
  const availableAt = Date.parse(release.availableAt);
  const availableDay = startOfUtcDay(availableAt);
  if (delay.approveUntilDate !== undefined) {
    return availableDay <= Date.parse(`${delay.approveUntilDate}T00:00:00Z`) ? availableDay : null;
  }
  return availableDay + (delay.approveAfterDays ?? 0) * DAY_MILLISECONDS;
}
