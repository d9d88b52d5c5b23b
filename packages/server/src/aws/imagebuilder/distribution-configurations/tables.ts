import type { CreateDistributionConfigurationRequest } from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import type { NamedConfigurationsTable } from '../named-configurations/tables.ts';

/** In ARNs, and what `resource_tags` calls them. */
export const distributionConfigurationType = 'distribution-configuration';

/** What an update replaces as a whole. */
export type DistributionDefinition = Omit<
  CamelCased<CreateDistributionConfigurationRequest>,
  'name' | 'tags' | 'clientToken'
>;

export interface DistributionConfigurationTables {
  /** Where images go once they are built and tested. */
  distributionConfigurations: NamedConfigurationsTable<DistributionDefinition>;
}
