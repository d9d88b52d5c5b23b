import { findDependencyUpdates, type ResolvedDependency } from './dependency-updates.ts';
import { type DueRun, dueRun, mostMissedCounted, nextRun, type ScheduledPipeline } from './pipeline-schedule.ts';

/** What must hold at a time of the schedule for a build to start. */
export type PipelineStartCondition = 'EXPRESSION_MATCH_ONLY' | 'EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE';

/** The model's default. */
export const defaultStartCondition: PipelineStartCondition = 'EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE';

/** An approved patch that an image does not have. */
export interface MissingPatch {
  readonly name: string;
  readonly version: string;
}

/** The last image of the pipeline that became AVAILABLE, whoever started it. */
export interface LastBuild {
  readonly imageArn: string;
  readonly dependencies: readonly ResolvedDependency[];
  /** What it lacked already when it was made: to build the same again would not bring it. */
  readonly lackedWhenBuilt: readonly MissingPatch[];
}

/** Which approved patches the last image lacks. */
export type MissingPatches =
  | { readonly kind: 'known'; readonly missing: readonly MissingPatch[] }
  /** They could not be found out this time. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** Nobody can find them out for an image of this kind. */
  | { readonly kind: 'not-judged'; readonly reason: string };

export interface ScheduledRunQuestion {
  readonly pipeline: ScheduledPipeline & { readonly startCondition: PipelineStartCondition };
  readonly now: Date;
  /** The time of the schedule that was decided on last. */
  readonly lastRunAt: Date | null;
  readonly lastBuild: LastBuild | null;
  /** What a build would be made from now. */
  readonly resolved: readonly ResolvedDependency[];
  readonly missingPatches: MissingPatches;
  /** The image that is being built for the pipeline, if one is. */
  readonly buildUnderWay: string | null;
}

/** What to do now. Every decision on a time of the schedule carries its reasons, in whole sentences. */
export type ScheduledRunDecision =
  | {
      readonly kind: 'start' | 'skip';
      readonly scheduledAt: Date;
      readonly next: Date | null;
      readonly because: readonly string[];
    }
  | { readonly kind: 'not-due'; readonly next: Date | null };

/** Later than that, a time of the schedule was missed and not merely looked at a little late. */
const lateMilliseconds = 60_000;
const mostNamed = 5;

function describeDelay({ scheduledAt, missed }: DueRun, now: Date): string[] {
  const minutes = Math.floor((now.getTime() - scheduledAt.getTime()) / 60_000);
  const late = `Nobody looked at ${scheduledAt.toISOString()}: this is decided ${minutes} minutes late.`;
  const count = missed === null || missed.count < mostMissedCounted ? missed?.count : `at least ${missed.count}`;
  const times = missed?.count === 1 ? 'One earlier time of the schedule' : `${count} earlier times of the schedule`;
  return [
    ...(now.getTime() - scheduledAt.getTime() > lateMilliseconds ? [late] : []),
    ...(missed === null
      ? []
      : [`${times} passed undecided, the first at ${missed.first.toISOString()}: one run stands for all of them.`]),
  ];
}

function listPatches(patches: readonly MissingPatch[]): string {
  const named = patches.slice(0, mostNamed).map(({ name, version }) => `${name} ${version}`);
  const rest = patches.length - named.length;
  return `${named.join(', ')}${rest === 0 ? '' : ` and ${rest} more`}`;
}

/** What of the last image's patches speaks for a build, and what has to be said about them where nothing does. */
function judgePatches({ imageArn, lackedWhenBuilt }: LastBuild, patches: MissingPatches) {
  if (patches.kind === 'not-judged') {
    return { reasons: [], otherwise: [`Which patches it lacks is not judged: ${patches.reason}.`] };
  }
  if (patches.kind === 'unknown') {
    const reason = `It is not known which approved patches ${imageArn} lacks (${patches.reason}), so that it may lack some.`;
    return { reasons: [reason], otherwise: [] };
  }
  const isOld = ({ name, version }: MissingPatch) =>
    lackedWhenBuilt.some((each) => each.name === name && each.version === version);
  const newer = patches.missing.filter((patch) => !isOld(patch));
  const old = patches.missing.filter(isOld);
  const reasons = newer.length === 0 ? [] : [`${imageArn} lacks what was approved since: ${listPatches(newer)}.`];
  const otherwise =
    old.length === 0
      ? ['It lacks no approved patch.']
      : [`It lacks ${listPatches(old)} since it was built: its recipe does not install them, nor would it now.`];
  return { reasons, otherwise };
}

function decideByDependencies(question: ScheduledRunQuestion): { kind: 'start' | 'skip'; because: string[] } {
  const { lastBuild, resolved, missingPatches, buildUnderWay } = question;
  if (buildUnderWay !== null) {
    return {
      kind: 'skip',
      because: [`${buildUnderWay} is still being built: whether more has changed is decided at the next time.`],
    };
  }
  if (lastBuild === null) return { kind: 'start', because: ['No image of this pipeline was ever built successfully.'] };
  const { updates, obstacles } = findDependencyUpdates(resolved, lastBuild.dependencies);
  const patches = judgePatches(lastBuild, missingPatches);
  const reasons = [...updates, ...patches.reasons];
  if (reasons.length > 0) return { kind: 'start', because: [...reasons, ...obstacles] };
  const unchanged =
    obstacles.length === 0
      ? `${lastBuild.imageArn} was built from the recipe, parent image and components that a build would take now.`
      : `Nothing newer could be built into an image than is in ${lastBuild.imageArn}.`;
  return { kind: 'skip', because: [unchanged, ...obstacles, ...patches.otherwise] };
}

/**
 * Whether a pipeline builds an image now (user guide, "Use cron expressions", and the model's start conditions). Patchbay counts
 * a missing approved patch as an update besides; not to know whether one is missing is no reason to stay with what there is.
 */
export function decideScheduledRun(question: ScheduledRunQuestion): ScheduledRunDecision {
  const { pipeline, now, lastRunAt } = question;
  const next = nextRun(pipeline, now);
  const due = dueRun(pipeline, { now, lastRunAt });
  if (due === null) return { kind: 'not-due', next };
  const { kind, because } =
    pipeline.startCondition === 'EXPRESSION_MATCH_ONLY'
      ? { kind: 'start' as const, because: ['The pipeline builds at every time of its schedule.'] }
      : decideByDependencies(question);
  return { kind, scheduledAt: due.scheduledAt, next, because: [...because, ...describeDelay(due, now)] };
}
