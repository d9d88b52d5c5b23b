import type { LastBuild, ScheduledRunQuestion } from './decide-scheduled-run.ts';
import type { ResolvedDependency } from './dependency-updates.ts';
import { parsePipelineSchedule } from './pipeline-schedule.ts';

export const component = 'arn:aws:imagebuilder:us-east-1:123456789012:component/web';
export const recipeArn = 'arn:aws:imagebuilder:us-east-1:123456789012:container-recipe/web/1.0.0';
export const parentArn = 'arn:aws:imagebuilder:us-east-1:aws:image/debian-12-x86';
export const imageArn = 'arn:aws:imagebuilder:us-east-1:123456789012:image/web/1.0.0/7';

export const atInstant = (text: string) => new Date(`${text}:00.000Z`);

/** Every Sunday at two, since Monday, the 2nd of November 2026. */
export const sundays = parsePipelineSchedule({
  scheduleExpression: 'cron(0 2 ? * SUN *)',
  definedAt: atInstant('2026-11-02T12:00'),
});

export const dependencies: readonly ResolvedDependency[] = [
  { kind: 'recipe', reference: recipeArn, resolved: recipeArn },
  { kind: 'parent', reference: `${parentArn}/x.x.x`, resolved: `${parentArn}/2026.11.1/1` },
  { kind: 'component', reference: `${component}/1.x.x`, resolved: `${component}/1.2.0/1` },
];

export const lastBuild: LastBuild = { imageArn, dependencies, lackedWhenBuilt: [] };

/** On Sunday, the 22nd of November at two; the Sunday before was decided on, and nothing changed. */
export const unchanged: ScheduledRunQuestion = {
  pipeline: {
    status: 'ENABLED',
    schedule: sundays,
    startCondition: 'EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE',
  },
  now: atInstant('2026-11-22T02:00'),
  lastRunAt: atInstant('2026-11-15T02:00'),
  lastBuild,
  resolved: dependencies,
  missingPatches: { kind: 'known', missing: [] },
  buildUnderWay: null,
};
