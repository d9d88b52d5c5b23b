import type { Plan, Verdict, VerdictItem } from '@patchbay/facts';
import type { AptChange } from './apt-judge.ts';

/** `Debian-Security:12/oldstable-security` → `Debian-Security/oldstable-security`: label and suite. */
function withoutVersion(archive: string): string {
  return archive.replace(/:[^/]*\//, '/');
}

function describe(name: string, version: string, archives: readonly string[]): string {
  return `${name} ${version} from ${archives.map(withoutVersion).sort().join(', ')}`;
}

function differences(ours: ReadonlySet<string>, apts: ReadonlySet<string>): string[] {
  return [
    ...[...ours].filter((each) => !apts.has(each)).map((each) => `only Patchbay: ${each}`),
    ...[...apts].filter((each) => !ours.has(each)).map((each) => `only apt: ${each}`),
  ];
}

/** The items of a verdict that are approved and not installed. */
export function missingItems(verdict: Verdict): VerdictItem[] {
  return verdict.items.filter(({ state }) => state === 'missing');
}

/** The items of a verdict whose update is not approved yet and will be when its delay has passed. */
export function waitingItems(verdict: Verdict): VerdictItem[] {
  return verdict.items.filter(({ state }) => state === 'waiting');
}

/**
 * Compares what apt would upgrade with what is missing and what waits, item by item: name, version, archives. apt knows
 * no approval delay, so the two together must be all that it wants; a wait counts only with its end. What an upgrade
 * newly brings along is no missing patch: it must be in the plan, and `comparePlan` looks there.
 */
export function compareUpgrades(
  verdict: Verdict,
  archiveNames: ReadonlyMap<string, string>,
  apt: readonly AptChange[],
): string[] {
  const waiting = waitingItems(verdict);
  const ours = [...missingItems(verdict), ...waiting].map((item) => {
    const offer = item.evidence.offered.find((each) => each.version === item.targetVersion);
    const archives = offer?.archives.map((key) => archiveNames.get(key) ?? key) ?? [];
    return describe(item.name, item.targetVersion ?? '', archives);
  });
  const apts = apt
    .filter((change) => change.fromVersion !== null)
    .map((change) => describe(change.name, change.toVersion, change.archives));
  const endless = waiting.filter(({ evidence: { clock } }) => !((clock?.approvedAt ?? '') > verdict.evaluatedAt));
  return [
    ...differences(new Set(ours), new Set(apts)),
    ...endless.map((item) => `no end of the wait: ${item.name} ${item.targetVersion}`),
  ];
}

/** Compares what an image lacks with what the apt inside it would upgrade, item by item: name and version. */
export function compareMissing(items: readonly VerdictItem[], apt: readonly AptChange[]): string[] {
  const upgrades = apt.filter((change) => change.fromVersion !== null);
  return differences(
    new Set(items.map((item) => `${item.name} ${item.targetVersion}`)),
    new Set(upgrades.map((change) => `${change.name} ${change.toVersion}`)),
  );
}

/** Compares the frozen plan with all that apt would do for the approved versions: upgrades and what they bring along. */
export function comparePlan(plan: Plan, apt: readonly AptChange[]): string[] {
  const changes = plan.groups.flatMap((group) => group.changes);
  const ours = new Set(changes.map((change) => `${change.action} ${change.name} ${change.toVersion}`));
  const apts = new Set(
    apt.map((change) => `${change.fromVersion === null ? 'install' : 'upgrade'} ${change.name} ${change.toVersion}`),
  );
  return differences(ours, apts);
}

/** Waiting versions that the plan brings in all the same, because something approved needs them. */
export function findNeededEarly(plan: Plan, before: Verdict): string[] {
  const waiting = new Set(waitingItems(before).map((item) => `${item.name} ${item.targetVersion}`));
  return plan.groups
    .flatMap((group) => group.changes)
    .map((change) => `${change.name} ${change.toVersion}`)
    .filter((each) => waiting.has(each));
}

/** Approved versions that apt would still bring in; empty when it agrees that all is done. */
export function compareAfter(before: Verdict, apt: readonly AptChange[]): string[] {
  const approved = new Set(missingItems(before).map((item) => `${item.name} ${item.targetVersion}`));
  return apt
    .map((change) => `${change.name} ${change.toVersion}`)
    .filter((each) => approved.has(each))
    .map((each) => `apt still wants ${each}`);
}
