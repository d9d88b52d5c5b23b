import type { WindowProblem } from './window-problem.ts';

/** `InstanceIds`, `tag:KEY`, `tag-key` or, for tasks, `WindowTargetIds`, with values; several entries must all hold. */
export interface WindowTarget {
  readonly key: string;
  readonly values: readonly string[];
}

export type TargetsReading =
  | { readonly ok: true; readonly targets: readonly WindowTarget[] }
  | { readonly ok: false; readonly problems: readonly WindowProblem[] };

/** A node as targets see it. */
export interface TargetableNode {
  readonly instanceId: string;
  readonly tags: ReadonlyMap<string, string>;
}

const nodeId = /^m?i-(?:\w{8}|\w{17})$/;
const resourceGroups = 'resource-groups:';

/** AWS writes this key in both cases in its own documents. */
function isKey(key: string, wanted: 'InstanceIds' | 'WindowTargetIds'): boolean {
  return key.toLowerCase() === wanted.toLowerCase();
}

function refuseEmpty(targets: readonly WindowTarget[]): WindowProblem[] {
  return targets.flatMap(({ key, values }, index) =>
    values.length === 0 ? [{ path: `Targets[${index}].Values`, message: `The target ${key} needs values.` }] : [],
  );
}

function refuseOddInstanceIds(values: readonly string[], index: number): WindowProblem[] {
  return values.flatMap((value, at) =>
    nodeId.test(value)
      ? []
      : [
          {
            path: `Targets[${index}].Values[${at}]`,
            message: `${value} is not the id of a node: expected mi- or i- and 17 characters.`,
          },
        ],
  );
}

function reading(targets: readonly WindowTarget[], problems: readonly WindowProblem[]): TargetsReading {
  return problems.length > 0 ? { ok: false, problems } : { ok: true, targets };
}

/**
 * Targets that can be registered with a window, or that a list of windows is asked for (SSM API,
 * RegisterTargetWithMaintenanceWindow). Who they are is not asked here: tags are resolved when a task runs.
 */
export function readWindowTargets(targets: readonly WindowTarget[]): TargetsReading {
  if (targets.length === 0) {
    return reading(
      [],
      [{ path: 'Targets', message: 'Targets needs at least one entry: InstanceIds, tag:KEY or tag-key.' }],
    );
  }
  const problems = refuseEmpty(targets);
  const read = targets.map((target, index) => {
    const { key, values } = target;
    if (isKey(key, 'InstanceIds')) {
      problems.push(...refuseOddInstanceIds(values, index));
      return { key: 'InstanceIds', values };
    }
    if (key === 'tag-key' || (key.startsWith('tag:') && key.length > 'tag:'.length)) return target;
    const message = key.startsWith(resourceGroups)
      ? 'Resource groups are not supported: choose nodes by tag:KEY, tag-key or InstanceIds.'
      : `Targets can be chosen by InstanceIds, tag:KEY and tag-key, not by ${key}.`;
    problems.push({ path: `Targets[${index}].Key`, message });
    return target;
  });
  return reading(read, problems);
}

/**
 * Targets of a task: `WindowTargetIds`, or `InstanceIds` where the window takes unassociated targets (SSM API,
 * RegisterTaskWithMaintenanceWindow). None is a task without targets.
 */
export function readTaskTargets(
  targets: readonly WindowTarget[],
  window: { readonly allowUnassociatedTargets: boolean },
): TargetsReading {
  const problems = refuseEmpty(targets);
  const read = targets.map((target, index) => {
    const { key, values } = target;
    if (isKey(key, 'WindowTargetIds')) return { key: 'WindowTargetIds', values };
    const path = `Targets[${index}].Key`;
    if (!isKey(key, 'InstanceIds')) {
      const message = `The targets of a task are WindowTargetIds or InstanceIds, not ${key}: register ${key} as a target of the window first.`;
      problems.push({ path, message });
      return target;
    }
    problems.push(...refuseOddInstanceIds(values, index));
    if (!window.allowUnassociatedTargets) {
      const message =
        'The maintenance window does not allow unassociated targets: register the nodes as a target and give its WindowTargetId.';
      problems.push({ path, message });
    }
    return { key: 'InstanceIds', values };
  });
  if (new Set(read.map(({ key }) => key)).size > 1) {
    problems.push({ path: 'Targets', message: 'A task takes either WindowTargetIds or InstanceIds, not both.' });
  }
  return reading(read, problems);
}

/** Whether targets choose a node: every entry must hold, by any of its values. */
export function choosesNode(targets: readonly WindowTarget[], node: TargetableNode): boolean {
  return targets.every(({ key, values }) => {
    if (key === 'InstanceIds') return values.includes(node.instanceId);
    if (key === 'tag-key') return values.some((value) => node.tags.has(value));
    const tag = node.tags.get(key.slice('tag:'.length));
    return tag !== undefined && values.includes(tag);
  });
}

/** Whether every entry of one of them is in the other as well, with a value in common: they speak of the same nodes. */
export function namesTheSame(asked: readonly WindowTarget[], registered: readonly WindowTarget[]): boolean {
  return asked.every(({ key, values }) =>
    registered.some((other) => other.key === key && other.values.some((value) => values.includes(value))),
  );
}
