import type { CreateInfrastructureConfigurationRequest } from '@aws-sdk/client-imagebuilder';
import type { ColumnType } from 'kysely';
import type { CamelCased } from '../../../operations/camel-cased.ts';

/** In ARNs, and what `resource_tags` calls them. */
export const infrastructureConfigurationType = 'infrastructure-configuration';

/** What an update replaces as a whole. */
export type InfrastructureDefinition = Omit<
  CamelCased<CreateInfrastructureConfigurationRequest>,
  'name' | 'tags' | 'clientToken'
>;

/** Where and how images are built. Deleting one removes it. */
export interface InfrastructureConfigurationsTable {
  accountId: ColumnType<string, string, never>;
  region: ColumnType<string, string, never>;
  /** The name as ARNs hold it. */
  arnName: ColumnType<string, string, never>;
  /** As it was given. */
  name: ColumnType<string, string, never>;
  definition: ColumnType<InfrastructureDefinition, string, string>;
  dateCreated: ColumnType<Date, Date, never>;
  /** Null until it is updated. */
  dateUpdated: Date | null;
}

export interface InfrastructureConfigurationTables {
  infrastructureConfigurations: InfrastructureConfigurationsTable;
}
