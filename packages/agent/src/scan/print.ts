import { archiveKey, type InnerState, type UnknownReason, type VerdictItem } from '@patchbay/facts';
import type { ScanReport } from './scan.ts';

interface Section {
  readonly title: string;
  readonly states: readonly InnerState[];
}

/** In the order in which people want to know. */
const sections: readonly Section[] = [
  { title: 'Failed', states: ['failed'] },
  { title: 'Missing', states: ['missing'] },
  { title: 'Missing: on hold', states: ['held'] },
  { title: 'Missing: kept out by the preferences of this machine', states: ['pinned'] },
  { title: 'Missing: would need a removal', states: ['needs-removal'] },
  { title: 'Missing: blocked by a dependency', states: ['dependency-blocked'] },
  { title: 'Missing: not to be had any more', states: ['not-obtainable'] },
  { title: 'Installed though rejected', states: ['installed-rejected'] },
  { title: 'Installed, waiting for a reboot', states: ['pending-reboot'] },
  { title: 'Waiting for the delay of the baseline', states: ['waiting'] },
  { title: "Phased: not this machine's turn", states: ['phased'] },
  { title: 'Cannot be judged', states: ['unknown'] },
];

const verdicts = {
  compliant: 'COMPLIANT',
  'non-compliant': 'NON_COMPLIANT',
  unknown: 'UNKNOWN: cannot tell',
} as const;

/** What a person can do about each kind of doubt. */
const remedies: Readonly<Record<UnknownReason['code'], string>> = {
  'operating-system':
    'Give a baseline for this operating system with --baseline, or scan a system that Patchbay knows.',
  'package-status': 'Repair what is named above, then scan again.',
  archive:
    'Make the archive reachable and its signature and date valid (or take it out of the sources), then scan again.',
  'no-security-archive': "Add the distribution's security archive to the sources of apt.",
  'end-of-life': 'Upgrade to a supported release, or configure an archive with extended support.',
  'stale-facts': 'Scan without --no-refresh.',
  'no-facts': 'Scan again.',
  quarantined: 'Look at why the node was quarantined.',
  'package-version': 'Repair or remove the package with the version that is not valid.',
};

/** A scan as text: a table for people, or JSON with everything. Ends with a line feed. */
export function printScan(report: ScanReport, format: 'table' | 'json'): string {
  if (format === 'json') return `${JSON.stringify(report, null, 2)}\n`;
  const { verdict } = report;
  const lines = [...describeMachine(report), ''];
  for (const { title, states } of sections) {
    const items = verdict.items.filter(({ state, name }) => states.includes(state) && name !== 'patchbay-unknown');
    if (items.length === 0) continue;
    lines.push(`${title} (${items.length})`, ...formatItems(items), '');
  }
  lines.push(...describeCounts(report), '', `Verdict: ${verdicts[verdict.status]}`);
  for (const reason of verdict.unknownReasons) lines.push(`  ${reason.message}`);
  const codes = [...new Set(verdict.unknownReasons.map(({ code }) => code))];
  if (codes.length > 0) lines.push('What to do:', ...codes.map((code) => `  ${remedies[code]}`));
  if (verdict.validUntil !== null) lines.push(`This holds until ${verdict.validUntil} at the latest.`);
  return `${lines.join('\n')}\n`;
}

function describeMachine({ machine, baseline }: ScanReport): string[] {
  const { operatingSystem, architecture, installedCount, lists, archives, rebootReasons } = machine;
  const where = machine.name ?? machine.root ?? 'this host';
  const source = lists.source === 'private' ? 'fetched by a scan' : "the machine's own";
  return [
    `${where}: ${operatingSystem.prettyName}, ${architecture}, ${installedCount} packages installed`,
    `Baseline: ${baseline.name} (${baseline.baselineId})`,
    `Package lists: ${source}, as of ${lists.asOf ?? 'an unknown time'}`,
    ...archives.map(({ address, status, reason }) => {
      const fault = status === 'current' ? '' : `: ${reason ?? ''}`;
      return `  ${status.padEnd(12)} ${archiveKey(address)}${fault}`;
    }),
    ...rebootReasons.map((reason) => `A reboot is due: ${reason}`),
  ];
}

function formatItems(items: readonly VerdictItem[]): string[] {
  const names = items.map(({ name, architecture }) => `${name}.${architecture}`);
  const versions = items.map(({ installedVersion, targetVersion }) =>
    targetVersion === null ? (installedVersion ?? '-') : `${installedVersion ?? '-'} -> ${targetVersion}`,
  );
  const nameWidth = Math.max(...names.map((name) => name.length));
  const versionWidth = Math.min(60, Math.max(...versions.map((version) => version.length)));
  return items.flatMap((item, index) => {
    const head = `  ${(names[index] ?? '').padEnd(nameWidth)}  ${(versions[index] ?? '').padEnd(versionWidth)}`;
    const kind = item.classification === '' ? '' : `  ${item.classification}`;
    return [`${head}${kind}`.trimEnd(), ...describeItem(item).map((line) => `      ${line}`)];
  });
}

/** Why, from where, and by which rung of the approval clock. */
function describeItem({ reason, evidence, targetVersion }: VerdictItem): string[] {
  const lines = [reason];
  const offered = evidence.offered.find(({ version }) => version === targetVersion);
  if (offered !== undefined && offered.archives.length > 0) lines.push(`from ${offered.archives.join(', ')}`);
  if (evidence.clock !== null) {
    const { rung, sourceVersion, availableAt, approvedAt, archive } = evidence.clock;
    const since = availableAt === null ? 'already there at the first look' : `since ${availableAt}`;
    const approved = approvedAt === null ? 'never approved by date' : `approved from ${approvedAt}`;
    lines.push(`clock: ${sourceVersion} in ${archive}, ${since} (${rung}), ${approved}`);
  }
  return [...lines, ...evidence.notes];
}

function describeCounts({ counts }: ScanReport): string[] {
  return [
    `Installed ${counts.installedCount}, other ${counts.installedOtherCount}, missing ${counts.missingCount}, failed ${counts.failedCount}, pending reboot ${counts.installedPendingRebootCount}, rejected ${counts.installedRejectedCount}`,
    `Not compliant: critical ${counts.criticalNonCompliantCount}, security ${counts.securityNonCompliantCount}, other ${counts.otherNonCompliantCount}`,
  ];
}
