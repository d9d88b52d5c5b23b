import type { GroupOutcome, InnerState, Verdict, VerdictItem } from '@patchbay/facts';
import { countPatches } from '@patchbay/patching';

/** The states that a command's output lists item by item, in the order in which people want to know. */
const listed: readonly { readonly states: readonly InnerState[]; readonly title: string }[] = [
  { states: ['failed'], title: 'Failed' },
  { states: ['missing'], title: 'Missing' },
  {
    states: ['held', 'pinned', 'needs-removal', 'dependency-blocked', 'not-obtainable'],
    title: 'Missing, and not to be had as things are',
  },
  { states: ['installed-rejected'], title: 'Installed though rejected' },
  { states: ['pending-reboot'], title: 'Installed, waiting for a reboot' },
  { states: ['waiting', 'phased'], title: 'Waiting' },
];

/** Enough to see what is going on; the whole is in the verdict. */
const mostLines = 200;

function describeItem(item: VerdictItem): string {
  const change =
    item.targetVersion === null ? (item.installedVersion ?? '') : `${item.installedVersion} -> ${item.targetVersion}`;
  return `  ${item.name}.${item.architecture} ${change}: ${item.reason}`;
}

/** What did not go in, by why: one cause can keep many groups out and is told once. */
function groupByCause(outcomes: readonly GroupOutcome[]): Map<string, string[]> {
  const causes = new Map<string, string[]>();
  for (const { status, targets, reason } of outcomes) {
    if (status === 'installed') continue;
    const cause = `${status}: ${reason}`;
    causes.set(cause, [...(causes.get(cause) ?? []), ...targets.map((target) => target.name)]);
  }
  return causes;
}

/** A verdict as lines of text, for the output of the command that found it. */
export function describeVerdict(verdict: Verdict, baselineName: string, outcomes: readonly GroupOutcome[]): string[] {
  const counts = countPatches(verdict);
  const lines = [
    `Baseline: ${baselineName} (${verdict.baselineId}, revision ${verdict.baselineRevision})`,
    `Verdict: ${verdict.status.toUpperCase().replace('-', '_')} at ${verdict.evaluatedAt}`,
    `Installed ${counts.installedCount}, installed other ${counts.installedOtherCount}, pending reboot ${counts.installedPendingRebootCount}, rejected ${counts.installedRejectedCount}, missing ${counts.missingCount}, failed ${counts.failedCount}`,
  ];
  for (const reason of verdict.unknownReasons) lines.push(`Cannot tell: ${reason.message}`);
  for (const [cause, names] of groupByCause(outcomes)) lines.push(`Not installed: ${names.join(', ')}: ${cause}`);
  for (const { states, title } of listed) {
    const items = verdict.items.filter((item) => states.includes(item.state));
    if (items.length > 0) lines.push(`${title}:`, ...items.map(describeItem));
  }
  if (lines.length <= mostLines) return lines;
  return [
    ...lines.slice(0, mostLines),
    `… and ${lines.length - mostLines} more lines; GetPatchOperation has them all.`,
  ];
}
