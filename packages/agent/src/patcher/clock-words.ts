/** The `Date` header has whole seconds, and an answer takes time: less than this is no difference. */
const toleranceSeconds = 30;

/** What is to be said about a clock that is compared with the control plane's; null where it is right or was not compared. */
export function describeClock(aheadSeconds: number | null): string | null {
  if (aheadSeconds === null || Math.abs(aheadSeconds) < toleranceSeconds) return null;
  const side = aheadSeconds > 0 ? 'ahead of' : 'behind';
  return `the clock of this machine is ${formatSpan(Math.abs(aheadSeconds))} ${side} the control plane's: set it right`;
}

/**
 * apt's complaint about the date of a Release file, with what to look at: apt goes by the machine's clock (apt.conf(5),
 * Acquire::Check-Date), and a wrong one makes good archives look old or not yet made.
 */
export function explainReleaseDate(reason: string, aheadSeconds: number | null): string {
  const isEarly = /not valid yet|not yet valid/i.test(reason);
  if (!isEarly && !/expired|was valid until/i.test(reason)) return reason;
  const clock = describeClock(aheadSeconds);
  if (clock !== null && aheadSeconds !== null && aheadSeconds > 0 === !isEarly) return `${reason} (${clock})`;
  const cause = isEarly
    ? 'it was made later than it is by the clock of this machine, which may be behind'
    : 'the archive was not renewed since, or a mirror is behind, or the clock of this machine is ahead';
  return `${reason} (${cause})`;
}

function formatSpan(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} seconds`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`;
}
