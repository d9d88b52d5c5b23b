import { nameInArn } from '@patchbay/patching';
import type { Resource } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import type { Scope } from '../../../operations/scope.ts';
import { readTags, removeTags } from '../../ssm/tags/repository.ts';
import { tagNewResource } from '../../ssm/tags/service.ts';
import { arnResource, formatArn, getOwnResourceId } from '../arns.ts';
import { lockDefinitions } from '../definitions-lock.ts';
import { resourceExists, resourceNotFound } from '../errors.ts';
import { refuseNeededByPipelines } from '../pipelines/dependents.ts';
import { refuseTooMany } from '../quotas.ts';
import {
  type ConfigurationDefinitions,
  type ConfigurationRow,
  type ConfigurationType,
  countConfigurationsAlone,
  deleteConfigurationRow,
  findConfiguration,
  insertConfiguration,
  replaceDefinition,
} from './repository.ts';

export type ReadContext = Pick<OperationContext, 'db' | 'accountId' | 'region'>;

export function configurationArn({ accountId, region }: Scope, resourceType: ConfigurationType, arnName: string) {
  return formatArn({ accountId, region, resourceType, resourceId: arnName });
}

/** A configuration as what a call acts on; one that is to be made by the ARN that it will have. */
export function configurationResource(
  { arn, name = '' }: { readonly arn: string | undefined; readonly name?: string | undefined },
  type: ConfigurationType,
  scope: Scope,
): Resource {
  return arnResource(arn ?? configurationArn(scope, type, nameInArn(name)));
}

/** A configuration as it was asked for. */
export interface ConfigurationRequest<Definition> {
  readonly name: string;
  readonly definition: Definition;
  readonly tags: Record<string, string>;
}

/** Stores a configuration with its tags and answers its ARN. The caller has checked its definition. */
export async function createConfiguration<Type extends ConfigurationType>(
  { name, definition, tags }: ConfigurationRequest<ConfigurationDefinitions[Type]>,
  type: Type,
  context: OperationContext,
): Promise<string> {
  const { accountId, region, db, now } = context;
  const count = () => countConfigurationsAlone(db, context, type);
  await refuseTooMany(`${type}s`, `${type.replace('-', ' ')}s`, count, context);
  const arnName = nameInArn(name);
  const arn = configurationArn(context, type, arnName);
  const row = { accountId, region, arnName, name, definition: JSON.stringify(definition) };
  if (!(await insertConfiguration(db, type, { ...row, dateCreated: now, dateUpdated: null }))) {
    throw resourceExists(arn);
  }
  const newTags = Object.entries(tags).map(([key, value]) => ({ key, value }));
  await tagNewResource({ resourceType: type, resourceId: arnName }, newTags, context);
  return arn;
}

/** A configuration as it is kept, with its ARN and its tags. */
export interface NamedConfiguration<Type extends ConfigurationType> extends ConfigurationRow<Type> {
  readonly arn: string;
  readonly tags: Record<string, string>;
}

export async function getConfiguration<Type extends ConfigurationType>(
  arn: string,
  type: Type,
  context: ReadContext,
): Promise<NamedConfiguration<Type>> {
  const arnName = getOwnResourceId(arn, type, context);
  const row = await findConfiguration(context.db, context, type, arnName);
  if (!row) throw resourceNotFound(arn);
  const tags = await readTags(context.db, context, { resourceType: type, resourceId: arnName });
  return { ...row, arn: configurationArn(context, type, arnName), tags };
}

/** Replaces all but name, tags and the time of creation: what is not given is gone. The caller has checked the definition. */
export async function updateConfiguration<Type extends ConfigurationType>(
  arn: string,
  type: Type,
  definition: ConfigurationDefinitions[Type],
  context: OperationContext,
): Promise<void> {
  const arnName = getOwnResourceId(arn, type, context);
  const change = { definition, dateUpdated: context.now };
  if (!(await replaceDefinition(context.db, context, type, arnName, change))) throw resourceNotFound(arn);
}

/** Refused as long as a pipeline refers to it. */
export async function deleteConfiguration(
  arn: string,
  type: ConfigurationType,
  context: OperationContext,
): Promise<void> {
  const arnName = getOwnResourceId(arn, type, context);
  await lockDefinitions(context.db, context);
  await refuseNeededByPipelines(configurationArn(context, type, arnName), context);
  if (!(await deleteConfigurationRow(context.db, context, type, arnName))) throw resourceNotFound(arn);
  await removeTags(context.db, context, { resourceType: type, resourceId: arnName }, 'all');
}
