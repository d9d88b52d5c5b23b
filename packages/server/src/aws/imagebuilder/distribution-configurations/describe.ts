import type { DistributionConfiguration as WireConfiguration } from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import type { Scope } from '../../../operations/scope.ts';
import { readTags } from '../../ssm/tags/repository.ts';
import type { DistributionConfiguration } from './repository.ts';
import { configurationArn, getConfiguration } from './service.ts';
import { distributionConfigurationType } from './tables.ts';

/** The model requires one between 30 and 720; this is how long the guide lets a distribution take unless told otherwise. */
const timeoutMinutes = 360;

/** What a configuration and its summary both show. */
export function summarize(
  { arnName, name, definition, dateCreated, dateUpdated }: DistributionConfiguration,
  tags: Record<string, string>,
  scope: Scope,
) {
  return {
    arn: configurationArn(scope, arnName),
    name,
    description: definition.description,
    tags,
    dateCreated: dateCreated.toISOString(),
    dateUpdated: dateUpdated?.toISOString(),
  };
}

/** A configuration as it is shown. */
export function describeConfiguration(
  configuration: DistributionConfiguration,
  tags: Record<string, string>,
  scope: Scope,
): CamelCased<WireConfiguration> {
  const { distributions } = configuration.definition;
  return { ...summarize(configuration, tags, scope), distributions, timeoutMinutes };
}

/** The configuration of an ARN, as it is shown. */
export async function readDistributionConfiguration(
  arn: string,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<CamelCased<WireConfiguration>> {
  const configuration = await getConfiguration(arn, context);
  const { arnName: resourceId } = configuration;
  const tags = await readTags(context.db, context, { resourceType: distributionConfigurationType, resourceId });
  return describeConfiguration(configuration, tags, context);
}
