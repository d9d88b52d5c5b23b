import type {
  CreateInfrastructureConfigurationRequest,
  CreateInfrastructureConfigurationResponse,
  DeleteInfrastructureConfigurationRequest,
  DeleteInfrastructureConfigurationResponse,
  GetInfrastructureConfigurationRequest,
  GetInfrastructureConfigurationResponse,
  ListInfrastructureConfigurationsRequest,
  ListInfrastructureConfigurationsResponse,
  UpdateInfrastructureConfigurationRequest,
  UpdateInfrastructureConfigurationResponse,
} from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { readTagsOfMany } from '../../ssm/tags/repository.ts';
import { readFilters, valuesOf } from '../filters.ts';
import { describeConfiguration, summarize } from './describe.ts';
import { type InfrastructureConfiguration, listConfigurations } from './repository.ts';
import {
  configurationResource,
  createConfiguration,
  deleteConfiguration,
  getConfiguration,
  updateConfiguration,
} from './service.ts';
import { infrastructureConfigurationType } from './tables.ts';

async function CreateInfrastructureConfiguration(
  input: CamelCased<CreateInfrastructureConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<CreateInfrastructureConfigurationResponse>> {
  const { name = '', tags = {}, clientToken, ...definition } = input;
  const infrastructureConfigurationArn = await createConfiguration({ name, definition, tags }, context);
  return { requestId: context.requestId, clientToken, infrastructureConfigurationArn };
}

async function readTagMaps(configurations: readonly InfrastructureConfiguration[], context: OperationContext) {
  const arnNames = configurations.map(({ arnName }) => arnName);
  const tags = await readTagsOfMany(context.db, context, infrastructureConfigurationType, arnNames);
  return (arnName: string): Record<string, string> => Object.fromEntries(tags.get(arnName) ?? []);
}

async function GetInfrastructureConfiguration(
  input: CamelCased<GetInfrastructureConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<GetInfrastructureConfigurationResponse>> {
  const configuration = await getConfiguration(input.infrastructureConfigurationArn ?? '', context);
  const tagsOf = await readTagMaps([configuration], context);
  return {
    requestId: context.requestId,
    infrastructureConfiguration: describeConfiguration(configuration, tagsOf(configuration.arnName), context),
  };
}

async function UpdateInfrastructureConfiguration(
  input: CamelCased<UpdateInfrastructureConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<UpdateInfrastructureConfigurationResponse>> {
  const { infrastructureConfigurationArn = '', clientToken, ...definition } = input;
  await updateConfiguration(infrastructureConfigurationArn, definition, context);
  return { requestId: context.requestId, clientToken, infrastructureConfigurationArn };
}

async function DeleteInfrastructureConfiguration(
  input: CamelCased<DeleteInfrastructureConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<DeleteInfrastructureConfigurationResponse>> {
  const { infrastructureConfigurationArn = '' } = input;
  await deleteConfiguration(infrastructureConfigurationArn, context);
  return { requestId: context.requestId, infrastructureConfigurationArn };
}

async function ListInfrastructureConfigurations(
  input: CamelCased<ListInfrastructureConfigurationsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListInfrastructureConfigurationsResponse>> {
  const filters = readFilters(input.filters, ['name']);
  const page = startOfPage('ListInfrastructureConfigurations', input, context);
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
    infrastructureConfigurationSummaryList: shown.map((each) => summarize(each, tagsOf(each.arnName), context)),
    nextToken: nextToken(page, found, limit, ({ arnName }) => arnName),
  };
}

const resource = configurationResource;

export const infrastructureConfigurationOperations = {
  CreateInfrastructureConfiguration: operation({ handle: CreateInfrastructureConfiguration, resource }),
  GetInfrastructureConfiguration: operation({ handle: GetInfrastructureConfiguration, resource }),
  UpdateInfrastructureConfiguration: operation({ handle: UpdateInfrastructureConfiguration, resource }),
  DeleteInfrastructureConfiguration: operation({ handle: DeleteInfrastructureConfiguration, resource }),
  ListInfrastructureConfigurations: operation({ handle: ListInfrastructureConfigurations }),
};
