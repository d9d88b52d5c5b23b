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
import { listConfigurations } from '../named-configurations/list-configurations.ts';
import { configurationResource, deleteConfiguration } from '../named-configurations/service.ts';
import { readDistributionConfiguration, summarize } from './describe.ts';
import { createDistributionConfiguration, updateDistributionConfiguration } from './service.ts';
import { distributionConfigurationType } from './tables.ts';

async function CreateDistributionConfiguration(
  input: CamelCased<CreateDistributionConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<CreateDistributionConfigurationResponse>> {
  const { name = '', tags = {}, clientToken, ...definition } = input;
  const distributionConfigurationArn = await createDistributionConfiguration({ name, definition, tags }, context);
  return { requestId: context.requestId, clientToken, distributionConfigurationArn };
}

async function GetDistributionConfiguration(
  input: CamelCased<GetDistributionConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<GetDistributionConfigurationResponse>> {
  return {
    requestId: context.requestId,
    distributionConfiguration: await readDistributionConfiguration(input.distributionConfigurationArn ?? '', context),
  };
}

async function UpdateDistributionConfiguration(
  input: CamelCased<UpdateDistributionConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<UpdateDistributionConfigurationResponse>> {
  const { distributionConfigurationArn = '', clientToken, ...definition } = input;
  await updateDistributionConfiguration(distributionConfigurationArn, definition, context);
  return { requestId: context.requestId, clientToken, distributionConfigurationArn };
}

async function DeleteDistributionConfiguration(
  input: CamelCased<DeleteDistributionConfigurationRequest>,
  context: OperationContext,
): Promise<CamelCased<DeleteDistributionConfigurationResponse>> {
  const { distributionConfigurationArn = '' } = input;
  await deleteConfiguration(distributionConfigurationArn, distributionConfigurationType, context);
  return { requestId: context.requestId, distributionConfigurationArn };
}

async function ListDistributionConfigurations(
  input: CamelCased<ListDistributionConfigurationsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListDistributionConfigurationsResponse>> {
  const { configurations, nextToken } = await listConfigurations(
    'ListDistributionConfigurations',
    distributionConfigurationType,
    input,
    context,
  );
  return {
    requestId: context.requestId,
    distributionConfigurationSummaryList: configurations.map(summarize),
    nextToken,
  };
}

interface Addressed {
  readonly distributionConfigurationArn?: string | undefined;
  readonly name?: string | undefined;
}

const resource = ({ distributionConfigurationArn: arn, name }: Addressed, context: OperationContext) =>
  configurationResource({ arn, name }, distributionConfigurationType, context);

export const distributionConfigurationOperations = {
  CreateDistributionConfiguration: operation({ handle: CreateDistributionConfiguration, resource }),
  GetDistributionConfiguration: operation({ handle: GetDistributionConfiguration, resource }),
  UpdateDistributionConfiguration: operation({ handle: UpdateDistributionConfiguration, resource }),
  DeleteDistributionConfiguration: operation({ handle: DeleteDistributionConfiguration, resource }),
  ListDistributionConfigurations: operation({ handle: ListDistributionConfigurations }),
};
