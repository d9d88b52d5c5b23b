import type { RefusedTarget, Target } from '@patchbay/facts';
import type { PlanOutcome } from './make-plan.ts';

/** What did not get into a plan, in the words that verdicts use: nothing approved is dropped silently. */
export function listRefused(outcome: PlanOutcome, targets: readonly Target[]): RefusedTarget[] {
  const refused = [...outcome.refusedTargets];
  for (const group of outcome.refusedGroups) {
    const isRemoval = group.problems.some((problem) => problem.code === 'removal');
    const detail = group.problems.map((problem) => problem.message).join('; ');
    for (const { name, architecture, version } of targets) {
      const isInGroup = group.changes.some((change) => change.name === name && change.architecture === architecture);
      if (!isInGroup) continue;
      refused.push({ name, architecture, version, reason: isRemoval ? 'needs-removal' : 'dependency-blocked', detail });
    }
  }
  for (const target of outcome.unansweredTargets) {
    refused.push({
      ...target,
      reason: 'not-obtainable',
      detail: 'The package manager did not say what it would do with it.',
    });
  }
  return refused;
}
