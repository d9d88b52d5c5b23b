import type { ConfigurationType } from './repository.ts';
import type { NamedConfiguration } from './service.ts';

/** What a configuration shows whatever its type; the rest comes from its definition. */
export function describeNamed(configuration: NamedConfiguration<ConfigurationType>) {
  const { arn, name, definition, tags, dateCreated, dateUpdated } = configuration;
  return {
    arn,
    name,
    description: definition.description,
    tags,
    dateCreated: dateCreated.toISOString(),
    dateUpdated: dateUpdated?.toISOString(),
  };
}
