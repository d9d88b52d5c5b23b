import type { LeftOutChange, PatchPlanNode, PatchPlanSummary, PlannedChange } from '@patchbay/contracts';

/** A plan with all of its nodes. */
export interface WholePlan {
  readonly plan: PatchPlanSummary;
  readonly nodes: readonly PatchPlanNode[];
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `12.3 MB`, as apt counts: by thousands. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [Math.abs(bytes), 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${bytes < 0 ? '-' : ''}${value.toFixed(digits)} ${units[unit]}`;
}

/** `1 node`, `2 nodes`. */
function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Cells in columns that line up; the last one is as long as it is. */
function layOut(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((found, row) => {
    row.slice(0, -1).forEach((cell, column) => {
      found[column] = Math.max(found[column] ?? 0, cell.length);
    });
    return found;
  }, []);
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

function changeRow(change: PlannedChange): string[] {
  const { action, name, architecture, fromVersion, toVersion, classification, sizeBytes, archive, why } = change;
  const since = change.approvedSince === null ? '' : ` Approved since ${change.approvedSince}.`;
  const versions = [fromVersion, toVersion].filter((version) => version !== null).join(' -> ');
  const kind = [action, classification.toLowerCase()].filter((part) => part !== '').join(', ');
  return [kind, `${name}.${architecture}`, versions, formatBytes(sizeBytes), `${why}${since} From ${archive}.`];
}

function leftOutRow({ name, architecture, installedVersion, version, state, why, approvedFrom }: LeftOutChange) {
  const from = approvedFrom === null ? '' : ` It will be approved at ${approvedFrom}.`;
  return [
    state,
    `${name}.${architecture}`,
    `${installedVersion ?? 'none'} (not ${version ?? 'newer'})`,
    `${why}${from}`,
  ];
}

function titleOf({ changes, downloadBytes, diskBytes, reboot }: PatchPlanNode): string {
  if (changes.length === 0) return 'nothing would change';
  const groups = new Set(changes.map(({ group }) => group)).size;
  const disk = diskBytes < 0 ? `${formatBytes(-diskBytes)} of disk freed` : `${formatBytes(diskBytes)} more on disk`;
  const boot = reboot?.isExpected ? 'a reboot' : 'no reboot that shows beforehand';
  return `${count(changes.length, 'change')} in ${count(groups, 'group')}, ${formatBytes(downloadBytes)} to fetch, ${disk}, ${boot}`;
}

/** One node of a plan as lines of text. */
export function describeNode(node: PatchPlanNode): string[] {
  const subject = node.name === '' ? node.instanceId : `${node.instanceId} (${node.name})`;
  if (node.status !== 'ready') return [`${subject}: ${node.status}. ${node.detail}`];
  const lines = [`${subject}: ${titleOf(node)}`];
  for (const { message } of node.unknownReasons) lines.push(`  cannot tell all: ${message}`);
  lines.push(...layOut(node.changes.map(changeRow)));
  if (node.leftOut.length > 0) lines.push('  stays as it is:', ...layOut(node.leftOut.map(leftOutRow)));
  if (node.changes.length > 0) {
    const answer = node.reboot?.isExpected ? 'expected' : 'none expected';
    lines.push(...(node.reboot?.reasons ?? []).map((reason) => `  reboot: ${answer}: ${reason}`));
  }
  if (node.applied !== null) {
    const { operationId, status, endedAt } = node.applied;
    lines.push(`  carried out by operation ${operationId}: ${status}${endedAt === null ? '' : ` at ${endedAt}`}`);
  }
  return lines;
}

/** A whole plan as lines of text. */
export function describePlan({ plan, nodes }: WholePlan): string[] {
  const changed = nodes.filter(({ changes }) => changes.length > 0);
  const open = changed.filter(({ applied }) => applied === null);
  const bytes = nodes.reduce((sum, { downloadBytes }) => sum + downloadBytes, 0);
  const reboots = changed.filter(({ reboot }) => reboot?.isExpected).length;
  const { ready, waiting, offline, failed } = plan.nodes;
  return [
    `Plan ${plan.planId} of ${plan.createdAt}, by ${plan.createdBy}${plan.windowId === null ? '' : ` for ${plan.windowId}`}`,
    `${count(ready, 'node')} planned; not yet answered: ${waiting}, offline: ${offline}, failed: ${failed}`,
    ...nodes.flatMap((node) => ['', ...describeNode(node)]),
    '',
    `To change: ${count(changed.length, 'node')}; ${formatBytes(bytes)} to fetch, ${count(reboots, 'reboot')} expected`,
    open.length === 0
      ? 'There is nothing to carry out.'
      : `Carry it out before ${plan.expiresAt} with: patchbay apply ${plan.planId}`,
  ];
}

/** Whether every node was planned, and judged whole. */
export function isWhole({ nodes }: WholePlan): boolean {
  return nodes.every(({ status, unknownReasons }) => status === 'ready' && unknownReasons.length === 0);
}

/** Whether all that a plan would change on a node is in; where the node was not planned, nobody knows. */
export function isCarriedOut({ status, changes, applied }: PatchPlanNode): boolean {
  if (status !== 'ready') return false;
  if (changes.length === 0) return true;
  if (applied === null || applied.endedAt === null || applied.status === 'abandoned') return false;
  return applied.outcomes.every(({ status: end }) => end === 'installed');
}

/** What became of a plan on one node, as lines of text. */
export function describeApplied(node: PatchPlanNode): string[] {
  const subject = node.name === '' ? node.instanceId : `${node.instanceId} (${node.name})`;
  if (node.applied === null) return [`${subject}: not begun`];
  const { outcomes, status, endedAt } = node.applied;
  const lines = [endedAt === null ? `${subject}: begun, not ended` : `${subject}: ${status}`];
  for (const { targets, status: end, reason } of outcomes) {
    const names = targets.map(({ name, version }) => `${name} ${version}`).join(', ');
    lines.push(`  ${end === 'skipped' ? 'stopped' : end}: ${names}${reason === '' ? '' : `: ${reason}`}`);
  }
  return lines;
}
