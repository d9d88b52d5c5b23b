import type {
  DistributionConfigurationSummary,
  DistributionConfiguration as WireConfiguration,
} from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { describeNamed } from '../named-configurations/describe.ts';
import { getConfiguration, type NamedConfiguration, type ReadContext } from '../named-configurations/service.ts';
import { distributionConfigurationType } from './tables.ts';

/** The model requires one between 30 and 720; this is how long the guide lets a distribution take unless told otherwise. */
const timeoutMinutes = 360;

/** What lists show of a configuration. */
export function summarize(
  configuration: NamedConfiguration<typeof distributionConfigurationType>,
): CamelCased<DistributionConfigurationSummary> {
  const { distributions } = configuration.definition;
  return { ...describeNamed(configuration), regions: distributions?.map(({ region = '' }) => region) };
}

/** The configuration of an ARN, as it is shown. */
export async function readDistributionConfiguration(
  arn: string,
  context: ReadContext,
): Promise<CamelCased<WireConfiguration>> {
  const configuration = await getConfiguration(arn, distributionConfigurationType, context);
  const { distributions } = configuration.definition;
  return { ...describeNamed(configuration), distributions, timeoutMinutes };
}
