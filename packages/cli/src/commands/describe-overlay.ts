import type { NodeOverlay } from '@patchbay/facts';

/** What a machine told about itself beside its packages; what nobody could look at is not there. */
export function describeOverlay(overlay: NodeOverlay): string[] {
  const lines = overlay.rebootReasons.map((reason) => `a reboot is due: ${reason}`);
  const pending = overlay.pendingReboot.map(({ name }) => name);
  if (pending.length > 0) lines.push(`installed and waiting for a reboot: ${pending.join(', ')}`);
  for (const { unit, processes, files } of overlay.replacedFileUses ?? []) {
    const who = unit ?? processes.map(({ name, pid }) => `${name} (${pid})`).join(', ');
    lines.push(`still runs replaced files: ${who}: ${files.join(', ')}`);
  }
  const failed = overlay.failedUnits ?? [];
  if (failed.length > 0) lines.push(`failed units: ${failed.join(', ')}`);
  for (const sentence of overlay.otherPatchers ?? []) lines.push(`another patcher is active: ${sentence}`);
  const { clockAheadSeconds: ahead, endOfSupport } = overlay;
  if (ahead !== undefined && Math.abs(ahead) >= 30) {
    lines.push(`its clock is ${Math.abs(ahead)} seconds ${ahead > 0 ? 'ahead of' : 'behind'} the control plane's`);
  }
  if (endOfSupport !== undefined) {
    const { standard, longTerm, extended, source } = endOfSupport;
    const more = [
      ...(longTerm === null ? [] : [`long-term ${longTerm}`]),
      ...(extended === null ? [] : [`extended, from archives of its own, ${extended}`]),
    ];
    lines.push(`support ends ${[standard, ...more].join(', ')} (${source})`);
  }
  return lines;
}
