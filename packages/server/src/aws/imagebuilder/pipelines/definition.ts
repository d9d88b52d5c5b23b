import {
  defaultStartCondition,
  type PipelineStartCondition,
  type PipelineStatus,
  parsePipelineSchedule,
  type Schedule,
  ScheduleError,
} from '@patchbay/patching';
import { tagsByKey } from '../../ssm/tags/service.ts';
import { parseArn } from '../arns.ts';
import { ImageBuilderError, invalidValue } from '../errors.ts';
import type { PipelineDefinition } from './tables.ts';

/** Reads when a pipeline is looked at; null for one that only people start. */
export function readSchedule({ schedule = {} }: PipelineDefinition, definedAt: Date): Schedule | null {
  const { scheduleExpression, timezone } = schedule;
  if (scheduleExpression === undefined) {
    const without = Object.entries(schedule).find(([, value]) => value !== undefined)?.[0];
    if (without === undefined) return null;
    throw invalidValue(
      'schedule',
      `It has ${without} and no scheduleExpression. Give one, or no schedule for a pipeline that only people start.`,
    );
  }
  try {
    return parsePipelineSchedule({ scheduleExpression, timezone, definedAt });
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    const member = error.code === 'INVALID_TIMEZONE' ? 'timezone' : 'scheduleExpression';
    throw invalidValue(`schedule.${member}`, error.message);
  }
}

/** Whether two definitions are looked at at the same times. */
export function hasSameSchedule(left: PipelineDefinition, right: PipelineDefinition): boolean {
  return (
    left.schedule?.scheduleExpression === right.schedule?.scheduleExpression &&
    (left.schedule?.timezone ?? 'UTC') === (right.schedule?.timezone ?? 'UTC')
  );
}

/**
 * Workflows are kept without effect. Those that come with AWS say what happens anyway; one's own, which would say something else,
 * are refused as long as there are none.
 */
export function checkWorkflows({
  workflows = [],
  executionRole,
}: Pick<PipelineDefinition, 'workflows' | 'executionRole'>): void {
  if (workflows.length === 0) return;
  workflows.forEach(({ workflowArn = '' }, index) => {
    if (parseArn(workflowArn)?.accountId === 'aws') return;
    throw invalidValue(
      `workflows[${index}].workflowArn`,
      `The resource ${workflowArn} does not exist: there are no workflows yet but those that come with AWS.`,
    );
  });
  if (executionRole === undefined) {
    throw new ImageBuilderError('IMAGE_PARAMETER_COMBINATION', 'workflows are given and executionRole is not.');
  }
}

/** Tags say who may see and change an image: who is limited by them gives none. */
export function checkSameImageTags(before: PipelineDefinition, after: PipelineDefinition): void {
  const [tags, newTags] = [before.imageTags ?? {}, after.imageTags ?? {}];
  const isChanged = ([key, value]: [string, string | undefined]) => tags[key] !== value;
  if (Object.keys(tags).length === Object.keys(newTags).length && !Object.entries(newTags).some(isChanged)) return;
  throw invalidValue('imageTags', 'Who is limited by tags cannot change which tags images get.');
}

/** Refuses what no pipeline can be made of. What it refers to is looked for elsewhere. */
export function checkDefinition(definition: PipelineDefinition, now: Date): void {
  readSchedule(definition, now);
  checkWorkflows(definition);
  tagsByKey(Object.entries(definition.imageTags ?? {}).map(([key, value]) => ({ key, value })));
}

/** A definition as it is shown: with the defaults of the model and of the user guide for what was not given. */
export function withDefaults(definition: PipelineDefinition) {
  const { schedule, imageTestsConfiguration } = definition;
  const {
    scheduleExpression,
    timezone = 'UTC',
    pipelineExecutionStartCondition = defaultStartCondition,
  } = schedule ?? {};
  return {
    ...definition,
    enhancedImageMetadataEnabled: definition.enhancedImageMetadataEnabled ?? true,
    imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: 720, ...imageTestsConfiguration },
    schedule: scheduleExpression === undefined ? undefined : { ...schedule, timezone, pipelineExecutionStartCondition },
  };
}

/** A pipeline as decisions about its schedule take it. */
export function scheduledPipelineOf(pipeline: {
  readonly status: PipelineStatus;
  readonly definition: PipelineDefinition;
  readonly scheduleChangedAt: Date;
}): {
  readonly status: PipelineStatus;
  readonly schedule: Schedule | null;
  readonly startCondition: PipelineStartCondition;
} {
  const { status, definition, scheduleChangedAt } = pipeline;
  return {
    status,
    schedule: readSchedule(definition, scheduleChangedAt),
    startCondition: definition.schedule?.pipelineExecutionStartCondition ?? defaultStartCondition,
  };
}
