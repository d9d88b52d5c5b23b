import { parseImageReference } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { invalidValue } from '../errors.ts';
import {
  type ConfigurationRequest,
  createConfiguration,
  updateConfiguration,
} from '../named-configurations/service.ts';
import { type DistributionDefinition, distributionConfigurationType } from './tables.ts';

type Distribution = NonNullable<DistributionDefinition['distributions']>[number];
type ContainerDistribution = NonNullable<Distribution['containerDistributionConfiguration']>;

/** The members of a distribution that say what comes out of it, and not only where or for whom. */
const outputs = [
  'amiDistributionConfiguration',
  'containerDistributionConfiguration',
  'licenseConfigurationArns',
  'launchTemplateConfigurations',
  's3ExportConfiguration',
  'fastLaunchConfigurations',
  'ssmParameterConfigurations',
] as const;

/** Refuses what no registry would take, now and not at the end of a build. */
function checkTarget({ targetRepository, containerTags = [] }: ContainerDistribution, member: string): void {
  const repository = targetRepository?.repositoryName ?? '';
  const reference = parseImageReference(repository);
  if (reference === null || reference.tag !== null || reference.digest !== null) {
    throw invalidValue(
      `${member}.targetRepository.repositoryName`,
      'It is a path of small letters, after the host of the registry and without a tag: registry.example:5000/team/app.',
    );
  }
  const wrong = containerTags.findIndex((tag) => parseImageReference(`${repository}:${tag}`)?.tag !== tag);
  if (wrong >= 0) {
    throw invalidValue(
      `${member}.containerTags[${wrong}]`,
      'A tag is at most 128 letters, digits, dots, dashes and underscores, and begins with none of dot and dash.',
    );
  }
}

function checkDistribution(distribution: Distribution, index: number): void {
  if (outputs.every((member) => distribution[member] === undefined)) {
    // AWS's words, from the issue that `invalidValue` names.
    throw invalidValue(
      `distributions[${index}]`,
      'One or more outputs should be provided for each region in a distribution configuration.',
    );
  }
  if (distribution.containerDistributionConfiguration) {
    checkTarget(
      distribution.containerDistributionConfiguration,
      `distributions[${index}].containerDistributionConfiguration`,
    );
  }
}

/** What no image could be distributed by. What concerns AMIs has no effect, so that its meaning is not looked at. */
function checkDefinition({ distributions = [] }: DistributionDefinition): void {
  if (distributions.length === 0) throw invalidValue('distributions', 'Give at least one.');
  distributions.forEach(checkDistribution);
  const regions = distributions.map(({ region }) => region);
  const again = regions.findIndex((region, index) => regions.indexOf(region) !== index);
  if (again >= 0) {
    throw invalidValue(`distributions[${again}].region`, `The region ${regions[again]} stands there more than once.`);
  }
}

export async function createDistributionConfiguration(
  configuration: ConfigurationRequest<DistributionDefinition>,
  context: OperationContext,
): Promise<string> {
  checkDefinition(configuration.definition);
  return await createConfiguration(configuration, distributionConfigurationType, context);
}

export async function updateDistributionConfiguration(
  arn: string,
  definition: DistributionDefinition,
  context: OperationContext,
): Promise<void> {
  checkDefinition(definition);
  await updateConfiguration(arn, distributionConfigurationType, definition, context);
}
