import { nameInArn, parseImageReference } from '@patchbay/patching';
import type { Resource } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import type { Scope } from '../../../operations/scope.ts';
import { removeTags } from '../../ssm/tags/repository.ts';
import { tagNewResource } from '../../ssm/tags/service.ts';
import { arnResource, formatArn, ownResourceId } from '../arns.ts';
import { lockDefinitions } from '../definitions-lock.ts';
import { ImageBuilderError, invalidValue, resourceExists, resourceNotFound } from '../errors.ts';
import { refuseNeededByPipelines } from '../pipelines/dependents.ts';
import {
  countConfigurationsAlone,
  type DistributionConfiguration,
  deleteConfigurationRow,
  findConfiguration,
  insertConfiguration,
  replaceDefinition,
} from './repository.ts';
import { type DistributionDefinition, distributionConfigurationType as resourceType } from './tables.ts';

type Distribution = NonNullable<DistributionDefinition['distributions']>[number];
type ContainerDistribution = NonNullable<Distribution['containerDistributionConfiguration']>;

export function configurationArn({ accountId, region }: Scope, arnName: string): string {
  return formatArn({ accountId, region, resourceType, resourceId: arnName });
}

/** A configuration as what a call acts on; one that is to be made by the ARN that it will have. */
export function configurationResource(
  input: { readonly distributionConfigurationArn?: string | undefined; readonly name?: string | undefined },
  scope: Scope,
): Resource {
  return arnResource(input.distributionConfigurationArn ?? configurationArn(scope, nameInArn(input.name ?? '')));
}

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

async function refuseTooMany(context: OperationContext): Promise<void> {
  const quota = context.dependencies.quotas['distribution-configurations'];
  if (quota === Number.POSITIVE_INFINITY || (await countConfigurationsAlone(context.db, context)) < quota) return;
  throw new ImageBuilderError(
    'IMAGE_RESOURCE_LIMIT',
    `An account can have at most ${quota} distribution configurations in a region.`,
  );
}

/** Stores a configuration with its tags and answers its ARN. */
export async function createConfiguration(
  { name, definition, tags }: { name: string; definition: DistributionDefinition; tags: Record<string, string> },
  context: OperationContext,
): Promise<string> {
  const { accountId, region, db, now } = context;
  checkDefinition(definition);
  await refuseTooMany(context);
  const arnName = nameInArn(name);
  const arn = configurationArn(context, arnName);
  const row = { accountId, region, arnName, name, definition: JSON.stringify(definition) };
  if (!(await insertConfiguration(db, { ...row, dateCreated: now, dateUpdated: null }))) {
    throw resourceExists(arn);
  }
  const newTags = Object.entries(tags).map(([key, value]) => ({ key, value }));
  await tagNewResource({ resourceType, resourceId: arnName }, newTags, context);
  return arn;
}

function arnNameIn(arn: string, scope: Scope): string {
  const arnName = ownResourceId(arn, resourceType, scope);
  if (arnName === undefined) throw resourceNotFound(arn);
  return arnName;
}

export async function getConfiguration(
  arn: string,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<DistributionConfiguration> {
  const configuration = await findConfiguration(context.db, context, arnNameIn(arn, context));
  if (!configuration) throw resourceNotFound(arn);
  return configuration;
}

/** Replaces all but name, tags and the time of creation: what is not given is gone. */
export async function updateConfiguration(
  arn: string,
  definition: DistributionDefinition,
  context: OperationContext,
): Promise<void> {
  checkDefinition(definition);
  const arnName = arnNameIn(arn, context);
  const change = { definition, dateUpdated: context.now };
  if (!(await replaceDefinition(context.db, context, arnName, change))) throw resourceNotFound(arn);
}

export async function deleteConfiguration(arn: string, context: OperationContext): Promise<void> {
  const arnName = arnNameIn(arn, context);
  await lockDefinitions(context.db, context);
  await refuseNeededByPipelines(configurationArn(context, arnName), context);
  if (!(await deleteConfigurationRow(context.db, context, arnName))) throw resourceNotFound(arn);
  await removeTags(context.db, context, { resourceType, resourceId: arnName }, 'all');
}
