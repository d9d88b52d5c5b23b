import type { Plan, Verdict } from '@patchbay/facts';
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

/**
 * Compares the missing list with apt's closure, item by item: name, version, archives. What an upgrade newly brings
 * along is no missing patch; it must be in the plan, and `comparePlan` looks there.
 */
export function compareMissing(
  verdict: Verdict,
  archiveNames: ReadonlyMap<string, string>,
  apt: readonly AptChange[],
): string[] {
  const ours = verdict.items
    .filter((item) => item.state === 'missing')
    .map((item) => {
      const offer = item.evidence.offered.find((each) => each.version === item.targetVersion);
      const archives = offer?.archives.map((key) => archiveNames.get(key) ?? key) ?? [];
      return describe(item.name, item.targetVersion ?? '', archives);
    });
  const apts = apt
    .filter((change) => change.fromVersion !== null)
    .map((change) => describe(change.name, change.toVersion, change.archives));
  return differences(new Set(ours), new Set(apts));
}

/** Compares the frozen plan with all that apt would do: upgrades and what they bring along. */
export function comparePlan(plan: Plan, apt: readonly AptChange[]): string[] {
  const changes = plan.groups.flatMap((group) => group.changes);
  const ours = new Set(changes.map((change) => `${change.action} ${change.name} ${change.toVersion}`));
  const apts = new Set(
    apt.map((change) => `${change.fromVersion === null ? 'install' : 'upgrade'} ${change.name} ${change.toVersion}`),
  );
  return differences(ours, apts);
}

/** Approved packages that apt would still upgrade; empty when it agrees that all is done. */
export function compareAfter(before: Verdict, apt: readonly AptChange[]): string[] {
  const approved = new Set(before.items.filter((item) => item.state === 'missing').map((item) => item.name));
  return apt
    .filter((change) => approved.has(change.name))
    .map((change) => `apt still wants ${change.name} ${change.toVersion}`);
}
