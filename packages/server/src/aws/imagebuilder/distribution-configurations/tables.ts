import type { CreateDistributionConfigurationRequest } from '@aws-sdk/client-imagebuilder';
import type { ColumnType } from 'kysely';
import type { CamelCased } from '../../../operations/camel-cased.ts';

/** In ARNs, and what `resource_tags` calls them. */
export const distributionConfigurationType = 'distribution-configuration';

/** What an update replaces as a whole. */
export type DistributionDefinition = Omit<
  CamelCased<CreateDistributionConfigurationRequest>,
  'name' | 'tags' | 'clientToken'
>;

/** Where images go once they are built and tested. Deleting one removes it. */
export interface DistributionConfigurationsTable {
  accountId: ColumnType<string, string, never>;
  region: ColumnType<string, string, never>;
  /** The name as ARNs hold it. */
  arnName: ColumnType<string, string, never>;
  /** As it was given. */
  name: ColumnType<string, string, never>;
  definition: ColumnType<DistributionDefinition, string, string>;
  dateCreated: ColumnType<Date, Date, never>;
  /** Null until it is updated. */
  dateUpdated: Date | null;
}

export interface DistributionConfigurationTables {
  distributionConfigurations: DistributionConfigurationsTable;
}
