import type { ImagePatchReport } from './patch-image.ts';

const verdicts = { compliant: 'COMPLIANT', 'non-compliant': 'NON_COMPLIANT', unknown: 'UNKNOWN: cannot tell' } as const;

/** What was done with an image as text, or as JSON with everything. Ends with a line feed. */
export function printImagePatch(report: ImagePatchReport, format: 'table' | 'json'): string {
  if (format === 'json') return `${JSON.stringify(report, null, 2)}\n`;
  const { base, result, plan, refused, outcome, verdictBefore, verdictAfter } = report;
  const lines = [
    `Image: ${base.name} (${base.digest})`,
    `Baseline: ${report.baseline.name}`,
    `Verdict before: ${verdicts[verdictBefore.status]}`,
  ];
  const changes = plan?.groups.flatMap((group) => group.changes) ?? [];
  if (changes.length > 0) {
    lines.push(
      `${outcome === 'planned' ? 'Would change' : 'Changes'} (${changes.length}, ${plan?.downloadBytes ?? 0} bytes to fetch):`,
    );
    for (const { action, name, architecture, fromVersion, toVersion, archive } of changes) {
      const versions = [fromVersion, toVersion].filter((version) => version !== null).join(' -> ');
      lines.push(`  ${action} ${name}.${architecture} ${versions}  from ${archive}`);
    }
  } else lines.push('Nothing that is approved is missing and can be installed.');
  if (refused.length > 0) lines.push('Approved, and not to be had as things are:');
  for (const { name, version, reason, detail } of refused) lines.push(`  ${name} ${version}: ${reason}: ${detail}`);
  lines.push(`Verdict ${outcome === 'planned' ? 'of the image as it is' : 'after'}: ${verdicts[verdictAfter.status]}`);
  for (const { message } of verdictAfter.unknownReasons) lines.push(`  ${message}`);
  lines.push(...describeEnd(report, result));
  return `${lines.join('\n')}\n`;
}

function describeEnd({ outcome, problems }: ImagePatchReport, result: ImagePatchReport['result']): string[] {
  switch (outcome) {
    case 'planned':
      return ['Nothing was changed.'];
    case 'refused':
      return ['Nothing was pushed:', ...problems.map((problem) => `  ${problem}`)];
    case 'unchanged':
      return [`Pushed as it is: ${result?.name} (${result?.digest})`];
    case 'patched':
      return [`Pushed with one layer more (${result?.addedBytes} bytes): ${result?.name} (${result?.digest})`];
  }
}
