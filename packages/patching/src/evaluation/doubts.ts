import type { NodeFacts, UnknownReason } from '@patchbay/facts';
import { startOfUtcDay } from '../approval-clock/approval-instant.ts';
import type { ArchiveView } from './archive-view.ts';
import { type Approver, type CompiledBaseline, evaluatedOperatingSystems } from './compile-baseline.ts';
import type { EvaluationSettings } from './evaluation-settings.ts';

const HOUR_MILLISECONDS = 3_600_000;
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS;

/** What a baseline could approve on a product, which says whose silence matters. */
export interface ApprovalReach {
  readonly approvesSecurity: boolean;
  readonly approvesNonSecurity: boolean;
}

/** Which kinds of updates the baseline could approve on this product. */
export function reachOf(compiled: CompiledBaseline, rules: readonly Approver[]): ApprovalReach {
  const { approvedPatches, approvedPatchesEnableNonSecurity } = compiled.baseline;
  return {
    approvesSecurity: rules.length > 0 || approvedPatches.length > 0,
    approvesNonSecurity:
      rules.some((rule) => rule.enableNonSecurity) || (approvedPatches.length > 0 && approvedPatchesEnableNonSecurity),
  };
}

/** Whether the baseline can be judged for this operating system at all; an empty list when it can. */
export function findOperatingSystemDoubts(facts: NodeFacts, compiled: CompiledBaseline): UnknownReason[] {
  const { operatingSystem, prettyName, id } = facts.operatingSystem;
  const shownName = prettyName === '' ? id : prettyName;
  if (operatingSystem === null) {
    return [doubt('operating-system', `Patchbay does not know the operating system ${shownName}`)];
  }
  if (operatingSystem !== compiled.baseline.operatingSystem) {
    const { name, operatingSystem: wanted } = compiled.baseline;
    return [doubt('operating-system', `Baseline ${name} is for ${wanted}, but the machine runs ${operatingSystem}`)];
  }
  if (!evaluatedOperatingSystems.has(operatingSystem)) {
    return [doubt('operating-system', `Patchbay cannot evaluate ${operatingSystem} (${shownName}) yet`)];
  }
  return [];
}

/** Archives that could supply something the baseline approves and that cannot be trusted to have told everything. */
export function findArchiveDoubts(
  facts: NodeFacts,
  archives: readonly ArchiveView[],
  reach: ApprovalReach,
): UnknownReason[] {
  const doubts: UnknownReason[] = [];
  if (!reach.approvesSecurity) return doubts;
  for (const archive of archives) {
    if (archive.isCurrent || !(archive.isSecurity || reach.approvesNonSecurity)) continue;
    doubts.push(
      doubt('archive', `Archive ${archive.key} could supply an approved patch but is ${archive.fault}`, archive.key),
    );
  }
  // Debian's unstable (no VERSION_ID) and Raspbian have none: there only a security-only baseline cannot be judged.
  const { operatingSystem, versionId } = facts.operatingSystem;
  const hasSecurityArchive = operatingSystem !== 'RASPBIAN' && versionId !== '';
  const expectsSecurityArchive = hasSecurityArchive || !reach.approvesNonSecurity;
  if (expectsSecurityArchive && !archives.some((archive) => archive.isSecurity)) {
    doubts.push(doubt('no-security-archive', 'No security archive is configured, so missing fixes cannot be seen'));
  }
  return doubts;
}

/** Whether the release is out of support, and when (milliseconds since the epoch) it will be. */
export function findEndOfLife(
  facts: NodeFacts,
  archives: readonly ArchiveView[],
  settings: EvaluationSettings,
  now: number,
): { readonly doubts: UnknownReason[]; readonly endsAt: number | null } {
  const { operatingSystem, versionId, prettyName } = facts.operatingSystem;
  const entry = settings.endOfLife.find(
    (candidate) => candidate.operatingSystem === operatingSystem && candidate.versionId === versionId,
  );
  // The machine's own data is renewed with its distribution; the table stands for machines without it.
  const told = facts.overlay.endOfSupport;
  const supportedUntil = told === undefined ? entry?.supportedUntil : (told.longTerm ?? told.standard);
  if (supportedUntil === undefined || archives.some((archive) => archive.isExtendedSupport)) {
    return { doubts: [], endsAt: null };
  }
  const endsAt = startOfUtcDay(Date.parse(`${supportedUntil}T00:00:00Z`)) + DAY_MILLISECONDS;
  if (now < endsAt) return { doubts: [], endsAt };
  const source = told === undefined ? '' : ` (${told.source})`;
  const message = `${prettyName} has been out of support since ${supportedUntil}${source} and no extended archive is configured`;
  return { doubts: [doubt('end-of-life', message)], endsAt: null };
}

/** Whether the facts are too old, and when (milliseconds since the epoch) they will be. */
export function findStaleness(
  receivedAt: Date,
  settings: EvaluationSettings,
  now: number,
): { readonly doubts: UnknownReason[]; readonly staleAt: number | null } {
  // The facts are still good at exactly the maximum age.
  const staleAt = receivedAt.getTime() + settings.verdictMaxAgeHours * HOUR_MILLISECONDS + 1;
  if (now < staleAt) return { doubts: [], staleAt };
  const message = `The last facts are of ${receivedAt.toISOString()}, older than ${settings.verdictMaxAgeHours} hours`;
  return { doubts: [doubt('stale-facts', message)], staleAt: null };
}

export function doubt(code: UnknownReason['code'], message: string, archive: string | null = null): UnknownReason {
  return { code, message, archive };
}
