import type { CreateInfrastructureConfigurationRequest } from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import type { NamedConfigurationsTable } from '../named-configurations/tables.ts';

/** In ARNs, and what `resource_tags` calls them. */
export const infrastructureConfigurationType = 'infrastructure-configuration';

/** What an update replaces as a whole. */
export type InfrastructureDefinition = Omit<
  CamelCased<CreateInfrastructureConfigurationRequest>,
  'name' | 'tags' | 'clientToken'
>;

export interface InfrastructureConfigurationTables {
  /** Where and how images are built. */
  infrastructureConfigurations: NamedConfigurationsTable<InfrastructureDefinition>;
}
