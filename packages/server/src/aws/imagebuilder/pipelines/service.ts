import { nameInArn, nextRun, type PipelineStatus } from '@patchbay/patching';
import type { Resource } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import type { Scope } from '../../../operations/scope.ts';
import { removeTags } from '../../ssm/tags/repository.ts';
import { tagNewResource } from '../../ssm/tags/service.ts';
import { arnResource, formatArn, getOwnResourceId } from '../arns.ts';
import { lockDefinitions } from '../definitions-lock.ts';
import { resourceExists, resourceNotFound } from '../errors.ts';
import { refuseTooMany } from '../quotas.ts';
import { checkDefinition, checkSameImageTags, hasSameSchedule, scheduledPipelineOf } from './definition.ts';
import { checkReferences, readReferences } from './references.ts';
import {
  countPipelines,
  deletePipelineRow,
  findPipeline,
  type ImagePipeline,
  insertPipeline,
  lockPipeline,
  updatePipelineRow,
} from './repository.ts';
import { type PipelineDefinition, imagePipelineType as resourceType } from './tables.ts';

export function pipelineArn({ accountId, region }: Scope, arnName: string): string {
  return formatArn({ accountId, region, resourceType, resourceId: arnName });
}

/** A pipeline as what a call acts on; one that is to be made by the ARN that it will have. */
export function pipelineResource(
  input: { readonly imagePipelineArn?: string | undefined; readonly name?: string | undefined },
  scope: Scope,
): Resource {
  return arnResource(input.imagePipelineArn ?? pipelineArn(scope, nameInArn(input.name ?? '')));
}

/** What a pipeline is set to. */
interface PipelineSettings {
  readonly definition: PipelineDefinition;
  readonly status: PipelineStatus | undefined;
}

function rowOf({ definition, status = 'ENABLED' }: PipelineSettings, scheduleChangedAt: Date) {
  const schedule = { definition, status, scheduleChangedAt };
  return {
    row: { ...readReferences(definition), status, scheduleChangedAt },
    scheduled: scheduledPipelineOf(schedule),
  };
}

/** Stores a pipeline with its tags and answers its ARN. */
export async function createPipeline(
  { name, tags, ...settings }: PipelineSettings & { name: string; tags: Record<string, string> },
  context: OperationContext,
): Promise<string> {
  const { accountId, region, db, now } = context;
  checkDefinition(settings.definition, now);
  const { row, scheduled } = rowOf(settings, now);
  await lockDefinitions(db, context);
  await checkReferences(row, context);
  await refuseTooMany('image-pipelines', 'image pipelines', () => countPipelines(db, context), context);
  const arnName = nameInArn(name);
  const arn = pipelineArn(context, arnName);
  const isNew = await insertPipeline(db, {
    ...row,
    accountId,
    region,
    arnName,
    name,
    definition: JSON.stringify(settings.definition),
    nextRunAt: nextRun(scheduled, now),
    lastRunAt: null,
    consecutiveFailures: 0,
    disabledBecause: null,
    dateCreated: now,
    dateUpdated: null,
  });
  if (!isNew) throw resourceExists(arn);
  const newTags = Object.entries(tags).map(([key, value]) => ({ key, value }));
  await tagNewResource({ resourceType, resourceId: arnName }, newTags, context);
  return arn;
}

/** The pipeline of an ARN in the caller's account and region; throws where there is none. */
export async function getPipeline(
  arn: string,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<ImagePipeline> {
  const pipeline = await findPipeline(context.db, context, getOwnResourceId(arn, resourceType, context));
  if (!pipeline) throw resourceNotFound(arn);
  return pipeline;
}

/**
 * Replaces all but name, tags and the time of creation: what is not given is gone, and a status that is not given is ENABLED.
 * Failures are counted anew. A time of the schedule that is due stays due, unless the schedule is another now or began again.
 */
export async function updatePipeline(
  arn: string,
  settings: PipelineSettings,
  context: OperationContext,
): Promise<void> {
  const { accountId, region, db, now } = context;
  checkDefinition(settings.definition, now);
  await lockDefinitions(db, context);
  const before = await lockPipeline(db, { accountId, region, arnName: getOwnResourceId(arn, resourceType, context) });
  if (!before) throw resourceNotFound(arn);
  const isSameSchedule = hasSameSchedule(before.definition, settings.definition);
  const goesOn = isSameSchedule && before.status === 'ENABLED' && settings.status !== 'DISABLED';
  const { row, scheduled } = rowOf(settings, goesOn ? before.scheduleChangedAt : now);
  await checkReferences(row, context, before);
  if (context.reach.length > 0) checkSameImageTags(before.definition, settings.definition);
  await updatePipelineRow(db, before, {
    ...row,
    definition: JSON.stringify(settings.definition),
    nextRunAt: goesOn ? before.nextRunAt : nextRun(scheduled, now),
    consecutiveFailures: 0,
    disabledBecause: null,
    dateUpdated: now,
  });
}

export async function deletePipeline(arn: string, context: OperationContext): Promise<void> {
  const arnName = getOwnResourceId(arn, resourceType, context);
  await lockDefinitions(context.db, context);
  if (!(await deletePipelineRow(context.db, context, arnName))) throw resourceNotFound(arn);
  await removeTags(context.db, context, { resourceType, resourceId: arnName }, 'all');
}
