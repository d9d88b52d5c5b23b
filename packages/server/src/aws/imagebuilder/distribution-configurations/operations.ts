import type {
  CreateDistributionConfigurationRequest,
  CreateDistributionConfigurationResponse,
  DeleteDistributionConfigurationRequest,
  DeleteDistributionConfigurationResponse,
  GetDistributionConfigurationRequest,
  GetDistributionConfigurationResponse,
  ListDistributionConfigurationsRequest,
  ListDistributionConfigurationsResponse,
  UpdateDistributionConfigurationRequest,
  UpdateDistributionConfigurationResponse,
} from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { readTagsOfMany } from '../../ssm/tags/repository.ts';
import { readFilters, valuesOf } from '../filters.ts';
import { describeConfiguration, summarize } from './describe.ts';
import { type DistributionConfiguration, listConfigurations } from './repository.ts';
import {
  configurationResource,
  createConfiguration,
  deleteConfiguration,
  getConfiguration,
  updateConfiguration,
} from './service.ts';
import { distributionConfigurationType } from './tables.ts';

async function CreateDistributionConfiguration(
  input: CamelCased<CreateDistributionConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<CreateDistributionConfigurationResponse>> {
  const { name = '', tags = {}, clientToken, ...definition } = input;
  const distributionConfigurationArn = await createConfiguration({ name, definition, tags }, context);
  return { requestId: context.requestId, clientToken, distributionConfigurationArn };
}

async function readTagMaps(configurations: readonly DistributionConfiguration[], context: OperationContext) {
  const arnNames = configurations.map(({ arnName }) => arnName);
  const tags = await readTagsOfMany(context.db, context, distributionConfigurationType, arnNames);
  return (arnName: string): Record<string, string> => Object.fromEntries(tags.get(arnName) ?? []);
}

async function GetDistributionConfiguration(
  input: CamelCased<GetDistributionConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<GetDistributionConfigurationResponse>> {
  const configuration = await getConfiguration(input.distributionConfigurationArn ?? '', context);
  const tagsOf = await readTagMaps([configuration], context);
  return {
    requestId: context.requestId,
    distributionConfiguration: describeConfiguration(configuration, tagsOf(configuration.arnName), context),
  };
}

async function UpdateDistributionConfiguration(
  input: CamelCased<UpdateDistributionConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<UpdateDistributionConfigurationResponse>> {
  const { distributionConfigurationArn = '', clientToken, ...definition } = input;
  await updateConfiguration(distributionConfigurationArn, definition, context);
  return { requestId: context.requestId, clientToken, distributionConfigurationArn };
}

async function DeleteDistributionConfiguration(
  input: CamelCased<DeleteDistributionConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<DeleteDistributionConfigurationResponse>> {
  const { distributionConfigurationArn = '' } = input;
  await deleteConfiguration(distributionConfigurationArn, context);
  return { requestId: context.requestId, distributionConfigurationArn };
}

async function ListDistributionConfigurations(
  input: CamelCased<ListDistributionConfigurationsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListDistributionConfigurationsResponse>> {
  const filters = readFilters(input.filters, ['name']);
  const page = startOfPage('ListDistributionConfigurations', input, context);
  const limit = input.maxResults ?? 25;
  const found = await listConfigurations(context.db, context, {
    reach: context.reach,
    names: valuesOf(filters, 'name'),
    afterArnName: page.after,
    limit: limit + 1,
  });
  const shown = found.slice(0, limit);
  const tagsOf = await readTagMaps(shown, context);
  return {
    requestId: context.requestId,
    distributionConfigurationSummaryList: shown.map((each) => ({
      ...summarize(each, tagsOf(each.arnName), context),
      regions: each.definition.distributions?.map(({ region = '' }) => region),
    })),
    nextToken: nextToken(page, found, limit, ({ arnName }) => arnName),
  };
}

const resource = configurationResource;

export const distributionConfigurationOperations = {
  CreateDistributionConfiguration: operation({ handle: CreateDistributionConfiguration, resource }),
  GetDistributionConfiguration: operation({ handle: GetDistributionConfiguration, resource }),
  UpdateDistributionConfiguration: operation({ handle: UpdateDistributionConfiguration, resource }),
  DeleteDistributionConfiguration: operation({ handle: DeleteDistributionConfiguration, resource }),
  ListDistributionConfigurations: operation({ handle: ListDistributionConfigurations }),
};
