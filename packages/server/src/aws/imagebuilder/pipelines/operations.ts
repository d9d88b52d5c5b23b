import type {
  CreateImagePipelineRequest,
  CreateImagePipelineResponse,
  DeleteImagePipelineRequest,
  DeleteImagePipelineResponse,
  GetImagePipelineRequest,
  GetImagePipelineResponse,
  ListImagePipelinesRequest,
  ListImagePipelinesResponse,
  UpdateImagePipelineRequest,
  UpdateImagePipelineResponse,
} from '@aws-sdk/client-imagebuilder';
import { nextRun } from '@patchbay/patching';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { readTagsOfMany } from '../../ssm/tags/repository.ts';
import { readFilters } from '../filters.ts';
import { readLastStatuses } from '../images/repository.ts';
import { scheduledPipelineOf, withDefaults } from './definition.ts';
import { type ImagePipeline, listPipelines, type PipelineColumn } from './repository.ts';
import {
  createPipeline,
  deletePipeline,
  getPipeline,
  pipelineArn,
  pipelineResource,
  updatePipeline,
} from './service.ts';
import { imagePipelineType } from './tables.ts';

async function CreateImagePipeline(
  input: CamelCased<CreateImagePipelineRequest>,
  context: OperationContext,
): Promise<CamelCased<CreateImagePipelineResponse>> {
  const { name = '', tags = {}, clientToken, status, ...definition } = input;
  const imagePipelineArn = await createPipeline({ name, definition, status, tags }, context);
  return { requestId: context.requestId, clientToken, imagePipelineArn };
}

async function describePipelines(pipelines: readonly ImagePipeline[], context: OperationContext) {
  const arnNames = pipelines.map(({ arnName }) => arnName);
  const tags = await readTagsOfMany(context.db, context, imagePipelineType, arnNames);
  const arns = arnNames.map((arnName) => pipelineArn(context, arnName));
  const statuses = await readLastStatuses(context.db, arns);
  return pipelines.map((pipeline) => {
    const { arnName, name, definition, status, consecutiveFailures, dateCreated, dateUpdated } = pipeline;
    const arn = pipelineArn(context, arnName);
    return {
      ...withDefaults(definition),
      arn,
      name,
      status,
      consecutiveFailures,
      // The only one that images are built for.
      platform: 'Linux' as const,
      dateCreated: dateCreated.toISOString(),
      dateUpdated: dateUpdated?.toISOString(),
      lastRunStatus: statuses.get(arn),
      dateNextRun: nextRun(scheduledPipelineOf(pipeline), context.now)?.toISOString(),
      tags: Object.fromEntries(tags.get(arnName) ?? []),
    };
  });
}

async function GetImagePipeline(
  input: CamelCased<GetImagePipelineRequest>,
  context: OperationContext,
): Promise<CamelCased<GetImagePipelineResponse>> {
  const pipeline = await getPipeline(input.imagePipelineArn ?? '', context);
  const [imagePipeline] = await describePipelines([pipeline], context);
  return { requestId: context.requestId, imagePipeline };
}

async function UpdateImagePipeline(
  input: CamelCased<UpdateImagePipelineRequest>,
  context: OperationContext,
): Promise<CamelCased<UpdateImagePipelineResponse>> {
  const { imagePipelineArn = '', clientToken, status, ...definition } = input;
  await updatePipeline(imagePipelineArn, { definition, status }, context);
  return { requestId: context.requestId, clientToken, imagePipelineArn };
}

async function DeleteImagePipeline(
  input: CamelCased<DeleteImagePipelineRequest>,
  context: OperationContext,
): Promise<CamelCased<DeleteImagePipelineResponse>> {
  const { imagePipelineArn = '' } = input;
  await deletePipeline(imagePipelineArn, context);
  return { requestId: context.requestId, imagePipelineArn };
}

/** The filters that the API reference lists, and where they look. */
const filterColumns = {
  description: 'description',
  distributionConfigurationArn: 'distributionConfigurationArn',
  imageRecipeArn: 'recipeArn',
  infrastructureConfigurationArn: 'infrastructureConfigurationArn',
  name: 'name',
  status: 'status',
} as const satisfies Record<string, PipelineColumn>;
const filterNames = Object.keys(filterColumns) as (keyof typeof filterColumns)[];

async function ListImagePipelines(
  input: CamelCased<ListImagePipelinesRequest>,
  context: OperationContext,
): Promise<CamelCased<ListImagePipelinesResponse>> {
  const filters = readFilters(input.filters, filterNames);
  const page = startOfPage('ListImagePipelines', input, context);
  const limit = input.maxResults ?? 25;
  const found = await listPipelines(context.db, context, {
    reach: context.reach,
    wanted: filters.map(({ name, values }) => ({ column: filterColumns[name], values })),
    afterArnName: page.after,
    limit: limit + 1,
  });
  return {
    requestId: context.requestId,
    imagePipelineList: await describePipelines(found.slice(0, limit), context),
    nextToken: nextToken(page, found, limit, ({ arnName }) => arnName),
  };
}

const resource = pipelineResource;

export const imagePipelineOperations = {
  CreateImagePipeline: operation({ handle: CreateImagePipeline, resource }),
  GetImagePipeline: operation({ handle: GetImagePipeline, resource }),
  UpdateImagePipeline: operation({ handle: UpdateImagePipeline, resource }),
  DeleteImagePipeline: operation({ handle: DeleteImagePipeline, resource }),
  ListImagePipelines: operation({ handle: ListImagePipelines }),
};
