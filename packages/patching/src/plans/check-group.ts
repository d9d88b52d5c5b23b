import type { SimulatedChange, Target } from '@patchbay/facts';
import { versionSchemes } from '@patchbay/versioning';

/** Why a group of changes may not be carried out. */
export interface GroupProblem {
  readonly code:
    | 'removal'
    | 'blocked'
    | 'downgrade'
    | 'held'
    | 'archive-not-current'
    | 'other-version'
    | 'no-target'
    | 'invalid-version';
  readonly message: string;
}

/** What the checks of a group need to know, asked per package. */
export interface GroupRules {
  /** Entry of RejectedPatches that blocks a package; null when none does. */
  readonly blockedBy: (name: string, architecture: string) => string | null;
  readonly isHeld: (name: string, architecture: string) => boolean;
  readonly isCurrentArchive: (archiveKey: string) => boolean;
  /** Approved version of a package; null when it is no target. */
  readonly approvedVersion: (name: string, architecture: string) => string | null;
}

const { dpkg } = versionSchemes;

/** All reasons against a group; an empty list lets it into the plan. Dependencies that nobody approved are allowed. */
export function checkGroup(group: readonly SimulatedChange[], rules: GroupRules): GroupProblem[] {
  const problems = group.flatMap((change) => checkChange(change, rules));
  const hasTarget = group.some(
    (change) =>
      change.toVersion !== null && rules.approvedVersion(change.name, change.architecture) === change.toVersion,
  );
  if (!hasTarget) problems.push({ code: 'no-target', message: 'None of its changes was approved' });
  return problems;
}

function checkChange(change: SimulatedChange, rules: GroupRules): GroupProblem[] {
  const { name, architecture, action, fromVersion, toVersion } = change;
  const subject = `${name}.${architecture}`;
  const problems: GroupProblem[] = [];
  const add = (code: GroupProblem['code'], message: string): void => void problems.push({ code, message });
  if (rules.isHeld(name, architecture)) add('held', `${subject} is on hold`);
  if (action === 'remove' || toVersion === null) {
    add('removal', `It would remove ${subject}`);
    return problems;
  }
  const blockedBy = rules.blockedBy(name, architecture);
  if (blockedBy !== null) add('blocked', `${subject} is blocked by RejectedPatches (${blockedBy})`);
  if (!rules.isCurrentArchive(change.archive)) {
    add(
      'archive-not-current',
      `${subject} would come from ${change.archive || 'no known archive'}, which is not current`,
    );
  }
  const invalid = [fromVersion, toVersion].find((version) => version !== null && !dpkg.isValid(version));
  if (invalid !== undefined) {
    add('invalid-version', `Version ${JSON.stringify(invalid)} of ${subject} is not a valid Debian version`);
  } else if (fromVersion !== null && dpkg.compare(toVersion, fromVersion) < 0) {
    add('downgrade', `It would take ${subject} from ${fromVersion} back to ${toVersion}`);
  }
  const approved = rules.approvedVersion(name, architecture);
  if (approved !== null && approved !== toVersion) {
    add('other-version', `It would bring ${subject} to ${toVersion}, but ${approved} is approved`);
  }
  return problems;
}

/** The approved targets among the changes of a group. */
export function targetsOf(group: readonly SimulatedChange[], rules: Pick<GroupRules, 'approvedVersion'>): Target[] {
  return group.flatMap(({ name, architecture, toVersion }) =>
    toVersion !== null && rules.approvedVersion(name, architecture) === toVersion
      ? [{ name, architecture, version: toVersion }]
      : [],
  );
}
