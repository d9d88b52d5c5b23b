import type { InfrastructureConfiguration as WireConfiguration } from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import type { Scope } from '../../../operations/scope.ts';
import { readTags } from '../../ssm/tags/repository.ts';
import type { InfrastructureConfiguration } from './repository.ts';
import { configurationArn, getConfiguration } from './service.ts';
import { infrastructureConfigurationType } from './tables.ts';

/** What lists show of a configuration; the whole of it has the rest of its definition besides. */
export function summarize(configuration: InfrastructureConfiguration, tags: Record<string, string>, scope: Scope) {
  const { arnName, name, definition, dateCreated, dateUpdated } = configuration;
  const { description, resourceTags, instanceTypes, instanceProfileName, placement } = definition;
  return {
    arn: configurationArn(scope, arnName),
    name,
    description,
    instanceTypes,
    instanceProfileName,
    placement,
    resourceTags,
    tags,
    dateCreated: dateCreated.toISOString(),
    dateUpdated: dateUpdated?.toISOString(),
  };
}

/** A configuration as it is shown. */
export function describeConfiguration(
  configuration: InfrastructureConfiguration,
  tags: Record<string, string>,
  scope: Scope,
): CamelCased<WireConfiguration> {
  return {
    // The model's default.
    terminateInstanceOnFailure: true,
    ...configuration.definition,
    ...summarize(configuration, tags, scope),
  };
}

/** The configuration of an ARN, as it is shown. */
export async function readInfrastructureConfiguration(
  arn: string,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<CamelCased<WireConfiguration>> {
  const configuration = await getConfiguration(arn, context);
  const { arnName: resourceId } = configuration;
  const tags = await readTags(context.db, context, { resourceType: infrastructureConfigurationType, resourceId });
  return describeConfiguration(configuration, tags, context);
}
