import { nameInArn } from '@patchbay/patching';
import type { Resource } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import type { Scope } from '../../../operations/scope.ts';
import { removeTags } from '../../ssm/tags/repository.ts';
import { tagNewResource } from '../../ssm/tags/service.ts';
import { arnResource, formatArn, ownResourceId } from '../arns.ts';
import { lockDefinitions } from '../definitions-lock.ts';
import { ImageBuilderError, resourceNotFound } from '../errors.ts';
import { refuseNeededByPipelines } from '../pipelines/dependents.ts';
import {
  countConfigurationsAlone,
  deleteConfigurationRow,
  findConfiguration,
  type InfrastructureConfiguration,
  insertConfiguration,
  replaceDefinition,
} from './repository.ts';
import { type InfrastructureDefinition, infrastructureConfigurationType as resourceType } from './tables.ts';

export function configurationArn({ accountId, region }: Scope, arnName: string): string {
  return formatArn({ accountId, region, resourceType, resourceId: arnName });
}

/** A configuration as what a call acts on; one that is to be made by the ARN that it will have. */
export function configurationResource(
  input: { readonly infrastructureConfigurationArn?: string | undefined; readonly name?: string | undefined },
  scope: Scope,
): Resource {
  return arnResource(input.infrastructureConfigurationArn ?? configurationArn(scope, nameInArn(input.name ?? '')));
}

/** AWS's model: "If you specify both, Image Builder returns an error." */
function checkDefinition({ placement }: InfrastructureDefinition): void {
  if (placement?.hostId === undefined || placement.hostResourceGroupArn === undefined) return;
  throw new ImageBuilderError(
    'IMAGE_PARAMETER_COMBINATION',
    'placement has both hostId and hostResourceGroupArn: give one of them.',
  );
}

async function refuseTooMany(context: OperationContext): Promise<void> {
  const quota = context.dependencies.quotas['infrastructure-configurations'];
  if (quota === Number.POSITIVE_INFINITY || (await countConfigurationsAlone(context.db, context)) < quota) return;
  throw new ImageBuilderError(
    'IMAGE_RESOURCE_LIMIT',
    `An account can have at most ${quota} infrastructure configurations in a region.`,
  );
}

/** Stores a configuration with its tags and answers its ARN. */
export async function createConfiguration(
  { name, definition, tags }: { name: string; definition: InfrastructureDefinition; tags: Record<string, string> },
  context: OperationContext,
): Promise<string> {
  const { accountId, region, db, now } = context;
  checkDefinition(definition);
  await refuseTooMany(context);
  const arnName = nameInArn(name);
  const arn = configurationArn(context, arnName);
  const row = { accountId, region, arnName, name, definition: JSON.stringify(definition) };
  if (!(await insertConfiguration(db, { ...row, dateCreated: now, dateUpdated: null }))) {
    throw new ImageBuilderError('IMAGE_RESOURCE_EXISTS', `The resource ${arn} already exists.`);
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
): Promise<InfrastructureConfiguration> {
  const configuration = await findConfiguration(context.db, context, arnNameIn(arn, context));
  if (!configuration) throw resourceNotFound(arn);
  return configuration;
}

/** Replaces all but name, tags and the time of creation: what is not given is gone. */
export async function updateConfiguration(
  arn: string,
  definition: InfrastructureDefinition,
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
