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
import { listConfigurations } from '../named-configurations/list-configurations.ts';
import { configurationResource, deleteConfiguration } from '../named-configurations/service.ts';
import { readInfrastructureConfiguration, summarize } from './describe.ts';
import { createInfrastructureConfiguration, updateInfrastructureConfiguration } from './service.ts';
import { infrastructureConfigurationType } from './tables.ts';

async function CreateInfrastructureConfiguration(
  input: CamelCased<CreateInfrastructureConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<CreateInfrastructureConfigurationResponse>> {
  const { name = '', tags = {}, clientToken, ...definition } = input;
  const infrastructureConfigurationArn = await createInfrastructureConfiguration({ name, definition, tags }, context);
  return { requestId: context.requestId, clientToken, infrastructureConfigurationArn };
}

async function GetInfrastructureConfiguration(
  input: CamelCased<GetInfrastructureConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<GetInfrastructureConfigurationResponse>> {
  return {
    requestId: context.requestId,
    infrastructureConfiguration: await readInfrastructureConfiguration(
      input.infrastructureConfigurationArn ?? '',
      context,
    ),
  };
}

async function UpdateInfrastructureConfiguration(
  input: CamelCased<UpdateInfrastructureConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<UpdateInfrastructureConfigurationResponse>> {
  const { infrastructureConfigurationArn = '', clientToken, ...definition } = input;
  await updateInfrastructureConfiguration(infrastructureConfigurationArn, definition, context);
  return { requestId: context.requestId, clientToken, infrastructureConfigurationArn };
}

async function DeleteInfrastructureConfiguration(
  input: CamelCased<DeleteInfrastructureConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<DeleteInfrastructureConfigurationResponse>> {
  const { infrastructureConfigurationArn = '' } = input;
  await deleteConfiguration(infrastructureConfigurationArn, infrastructureConfigurationType, context);
  return { requestId: context.requestId, infrastructureConfigurationArn };
}

async function ListInfrastructureConfigurations(
  input: CamelCased<ListInfrastructureConfigurationsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListInfrastructureConfigurationsResponse>> {
  const { configurations, nextToken } = await listConfigurations(
    'ListInfrastructureConfigurations',
    infrastructureConfigurationType,
    input,
    context,
  );
  return {
    requestId: context.requestId,
    infrastructureConfigurationSummaryList: configurations.map(summarize),
    nextToken,
  };
}

interface Addressed {
  readonly infrastructureConfigurationArn?: string | undefined;
  readonly name?: string | undefined;
}

const resource = ({ infrastructureConfigurationArn: arn, name }: Addressed, context: OperationContext) =>
  configurationResource({ arn, name }, infrastructureConfigurationType, context);

export const infrastructureConfigurationOperations = {
  CreateInfrastructureConfiguration: operation({ handle: CreateInfrastructureConfiguration, resource }),
  GetInfrastructureConfiguration: operation({ handle: GetInfrastructureConfiguration, resource }),
  UpdateInfrastructureConfiguration: operation({ handle: UpdateInfrastructureConfiguration, resource }),
  DeleteInfrastructureConfiguration: operation({ handle: DeleteInfrastructureConfiguration, resource }),
  ListInfrastructureConfigurations: operation({ handle: ListInfrastructureConfigurations }),
};
