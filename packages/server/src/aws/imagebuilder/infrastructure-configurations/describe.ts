import type {
  InfrastructureConfigurationSummary,
  InfrastructureConfiguration as WireConfiguration,
} from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { describeNamed } from '../named-configurations/describe.ts';
import { getConfiguration, type NamedConfiguration, type ReadContext } from '../named-configurations/service.ts';
import { infrastructureConfigurationType } from './tables.ts';

/** What lists show of a configuration. */
export function summarize(
  configuration: NamedConfiguration<typeof infrastructureConfigurationType>,
): CamelCased<InfrastructureConfigurationSummary> {
  const { resourceTags, instanceTypes, instanceProfileName, placement } = configuration.definition;
  return { ...describeNamed(configuration), instanceTypes, instanceProfileName, placement, resourceTags };
}

/** The configuration of an ARN, as it is shown. */
export async function readInfrastructureConfiguration(
  arn: string,
  context: ReadContext,
): Promise<CamelCased<WireConfiguration>> {
  const configuration = await getConfiguration(arn, infrastructureConfigurationType, context);
  return {
    // The model's default.
    terminateInstanceOnFailure: true,
    ...configuration.definition,
    ...describeNamed(configuration),
  };
}
