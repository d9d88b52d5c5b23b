import type { OperationContext } from '../../../operations/operation.ts';
import { principalArn } from '../../../operations/principal.ts';
import { type Tag, tagNewResource } from '../tags/service.ts';
import { requireAllowed } from './allowed-pattern.ts';
import { ParameterError } from './errors.ts';
import { type ParameterAddress, readAddress, readName, readNewName } from './names.ts';
import { type ParameterPolicies, readPolicies } from './policies.ts';
import {
  deleteParameter,
  deleteVersion,
  findOldestVersion,
  findParameter,
  findVersion,
  hasReachedQuota,
  insertParameter,
  insertVersion,
  lockParameter,
  type Parameter,
  type ParameterVersion,
  updateParameter,
} from './repository.ts';
import { onlyKeyId, sealValue } from './secure-values.ts';
import type { ParameterTier, ParameterType } from './tables.ts';
import { decideTier } from './tiers.ts';

/** PutParameter: "Parameter Store retains the 100 most recently created versions of a parameter." */
const mostVersions = 100;

export interface NewVersion {
  readonly name: string;
  readonly value: string;
  readonly type?: ParameterType | undefined;
  readonly keyId?: string | undefined;
  readonly overwrite: boolean;
  readonly description?: string | undefined;
  readonly allowedPattern?: string | undefined;
  readonly tags: readonly Tag[];
  readonly tier?: ParameterTier | 'Intelligent-Tiering' | undefined;
  readonly policies?: string | undefined;
  readonly dataType?: string | undefined;
}

export function parameterNotFound(name: string): ParameterError {
  return new ParameterError('PARAMETER_NOT_FOUND', `Parameter ${name} not found.`);
}

/** The selector as it was given: `:3`. */
export function versionNotFound(name: string, selectorText: string): ParameterError {
  return new ParameterError(
    'PARAMETER_VERSION_NOT_FOUND',
    `There is no version or label ${selectorText.slice(1)} of the parameter ${name}. Verify it and try again.`,
  );
}

function invalid(message: string): ParameterError {
  return new ParameterError('PARAMETER_INVALID', message);
}

/** A version as it was asked for, or undefined where there is no such parameter. */
export interface FoundVersion {
  readonly version: ParameterVersion | undefined;
  readonly address: ParameterAddress;
  readonly name: string;
}

/** Finds what an address points at; undefined without such a parameter. */
export async function findAddressed(
  text: string,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now'>,
): Promise<FoundVersion | undefined> {
  const address = readAddress(text, context);
  const parameter = address && (await findParameter(context.db, context, address.names));
  if (!address || !parameter) return undefined;
  const { name } = parameter;
  return { version: await findVersion(context.db, context, name, address.selector), address, name };
}

/** What holds for every value, whatever its parameter. */
function requireValue({ value, type, keyId, dataType }: NewVersion): void {
  if (value === '') {
    throw invalid(
      "1 validation error detected: Value at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  }
  if (value.includes('{{')) {
    throw invalid('Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.');
  }
  if (keyId !== undefined && type !== undefined && type !== 'SecureString') {
    throw invalid('KeyId is for parameters of the type SecureString only.');
  }
  if (dataType !== undefined && dataType !== '' && dataType !== 'text') {
    throw invalid(`The data type ${dataType} is not supported here: text is, which checks nothing.`);
  }
}

interface Change {
  readonly wanted: NewVersion;
  readonly policies: ParameterPolicies | undefined;
}

function quotaOf(tier: ParameterTier, { dependencies: { quotas } }: OperationContext): number {
  return quotas[tier === 'Standard' ? 'standard-parameters' : 'advanced-parameters'];
}

async function isTierFull(tier: ParameterTier, context: OperationContext): Promise<boolean> {
  return await hasReachedQuota(context.db, context, tier, quotaOf(tier, context));
}

function tierFull(tier: ParameterTier, context: OperationContext): ParameterError {
  return new ParameterError(
    'PARAMETER_LIMIT',
    `An account can have at most ${quotaOf(tier, context)} parameters of the tier ${tier} in a region. Delete one, and try again.`,
  );
}

/** Creates a parameter, or undefined when somebody else has since one looked. */
async function createParameter(
  name: string,
  { wanted, policies }: Change,
  context: OperationContext,
): Promise<ParameterTier | undefined> {
  const { type } = wanted;
  if (type === undefined) throw invalid('A parameter type is required when you create a parameter.');
  const isStandardFull = wanted.tier !== 'Advanced' && (await isTierFull('Standard', context));
  const tier = decideTier({
    wanted: wanted.tier,
    current: undefined,
    valueBytes: Buffer.byteLength(wanted.value),
    hasPolicies: (policies?.policies.length ?? 0) > 0,
    isStandardFull,
  });
  if (tier === 'Standard' ? isStandardFull : await isTierFull('Advanced', context)) throw tierFull(tier, context);
  const { accountId, region } = context;
  const parameter = { accountId, region, name, type, version: 1, expiresAt: policies?.expiresAt ?? null };
  if (!(await insertParameter(context.db, parameter))) return undefined;
  await storeVersion(parameter, undefined, tier, { wanted, policies }, context);
  await tagNewResource({ resourceType: 'Parameter', resourceId: name }, wanted.tags, context);
  return tier;
}

async function overwriteParameter(
  current: Parameter,
  { wanted, policies }: Change,
  context: OperationContext,
): Promise<{ version: number; tier: ParameterTier }> {
  const { name, type } = current;
  if (!wanted.overwrite) {
    throw new ParameterError(
      'PARAMETER_EXISTS',
      'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    );
  }
  if (wanted.tags.length > 0) {
    throw invalid(
      "Tags and Overwrite can't be used together on a parameter that exists: use AddTagsToResource or RemoveTagsFromResource.",
    );
  }
  if (wanted.type !== undefined && wanted.type !== type) {
    throw new ParameterError(
      'PARAMETER_TYPE_CHANGED',
      `${name} is a ${type} and cannot become a ${wanted.type}. Create a parameter with another name.`,
    );
  }
  if (wanted.keyId !== undefined && type !== 'SecureString') {
    throw invalid('KeyId is for parameters of the type SecureString only.');
  }
  const previous = await findVersion(context.db, context, name, undefined);
  const tier = decideTier({
    wanted: wanted.tier,
    current: previous?.tier,
    valueBytes: Buffer.byteLength(wanted.value),
    hasPolicies: (policies?.policies ?? previous?.policies ?? []).length > 0,
    isStandardFull: false,
  });
  const becomesAdvanced = tier === 'Advanced' && previous?.tier !== 'Advanced';
  if (becomesAdvanced && (await isTierFull('Advanced', context))) throw tierFull('Advanced', context);
  const version = current.version + 1;
  await makeRoom(current, context);
  const changed = { ...current, version, expiresAt: policies ? policies.expiresAt : current.expiresAt };
  await updateParameter(context.db, changed);
  await storeVersion(changed, previous, tier, { wanted, policies }, context);
  return { version, tier };
}

/** Lets the oldest version go where there are as many as are kept. */
async function makeRoom({ name, version }: Parameter, context: OperationContext): Promise<void> {
  const oldest = await findOldestVersion(context.db, context, name);
  if (!oldest || version - oldest.version + 1 < mostVersions) return;
  if (oldest.isLabelled) {
    throw new ParameterError(
      'PARAMETER_VERSION_LIMIT',
      `${name} has ${mostVersions} versions, and the oldest, ${oldest.version}, cannot be deleted because it has a label. Move the label to another version, and try again.`,
    );
  }
  await deleteVersion(context.db, context, name, oldest.version);
}

/** What a version does not say it has from the one before: description, pattern, policies. */
async function storeVersion(
  { accountId, region, name, type, version }: Parameter,
  previous: ParameterVersion | undefined,
  tier: ParameterTier,
  { wanted, policies }: Change,
  context: OperationContext,
): Promise<void> {
  const allowedPattern = wanted.allowedPattern ?? previous?.allowedPattern ?? '';
  if (allowedPattern !== '') requireAllowed(wanted.value, allowedPattern);
  const isSecure = type === 'SecureString';
  const place = { accountId, region, name, version };
  await insertVersion(context.db, {
    ...place,
    value: isSecure ? sealValue(wanted.value, place, context) : wanted.value,
    tier,
    dataType: 'text',
    keyId: isSecure ? onlyKeyId : null,
    description: wanted.description ?? previous?.description ?? null,
    allowedPattern: allowedPattern === '' ? null : allowedPattern,
    policies: JSON.stringify(policies?.policies ?? previous?.policies ?? []),
    modifiedAt: context.now,
    modifiedBy: principalArn(context.principal),
  });
}

/** Creates a parameter or gives it its next version. */
export async function putParameter(
  wanted: NewVersion,
  context: OperationContext,
): Promise<{ version: number; tier: ParameterTier }> {
  const name = readNewName(wanted.name, context);
  requireValue(wanted);
  const change = {
    wanted,
    policies: wanted.policies === undefined ? undefined : readPolicies(wanted.policies, context.now),
  };
  const found = await lockParameter(context.db, context, name);
  if (found && !hasExpired(found, context)) return await overwriteParameter(found, change, context);
  if (found) await deleteParameter(context.db, context, name);
  const tier = await createParameter(name, change, context);
  if (tier !== undefined) return { version: 1, tier };
  const created = await lockParameter(context.db, context, name);
  if (!created) throw new ParameterError('PARAMETER_BUSY', `${name} is being changed by another call. Try again.`);
  return await overwriteParameter(created, change, context);
}

function hasExpired({ expiresAt }: Parameter, { now }: OperationContext): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** Deletes a parameter for good; false when there is none. */
async function removeParameter(name: string, context: OperationContext): Promise<boolean> {
  const found = await lockParameter(context.db, context, name);
  if (!found) return false;
  await deleteParameter(context.db, context, name);
  return !hasExpired(found, context);
}

export async function deleteOneParameter(text: string, context: OperationContext): Promise<void> {
  const name = readName(text);
  if (!(await removeParameter(name, context))) throw parameterNotFound(name);
}

/** Deletes what there is of the named; in the order of their names, so that two such calls do not block each other. */
export async function deleteParameters(
  texts: readonly string[],
  context: OperationContext,
): Promise<{ deletedParameters: string[]; invalidParameters: string[] }> {
  const names = [...new Set(texts.map((text) => text.trim()))].sort();
  const deleted = new Set<string>();
  for (const name of names) {
    if (await removeParameter(name, context)) deleted.add(name);
  }
  return {
    deletedParameters: names.filter((name) => deleted.has(name)),
    invalidParameters: names.filter((name) => !deleted.has(name)),
  };
}
