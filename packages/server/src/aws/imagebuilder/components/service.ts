import {
  type ComponentDocument,
  componentType as derivedType,
  describeDocumentProblem,
  exactPattern,
  formatSemanticVersion,
  type ImageBuilderArn,
  ImageBuilderArnError,
  nameInArn,
  parseArnOf,
  parseSemanticVersion,
  readComponentDocument,
  selectNewest,
  type VersionPattern,
  writeScriptComponent,
} from '@patchbay/patching';
import type { Resource } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { removeTags } from '../../ssm/tags/repository.ts';
import { tagNewResource } from '../../ssm/tags/service.ts';
import { arnResource, formatArn } from '../arns.ts';
import { lockDefinitions } from '../definitions-lock.ts';
import { ImageBuilderError, invalidValue, notOffered, resourceExists, resourceNotFound } from '../errors.ts';
import { refuseTooMany } from '../quotas.ts';
import { deletePolicy } from '../resource-policies/repository.ts';
import {
  buildArn,
  buildOfRow,
  type ComponentBuild,
  managedBuilds,
  resourceIdOf,
  versionIdOf,
} from './component-build.ts';
import { refuseNeededBuild } from './dependents.ts';
import { countBuilds, deleteBuild, findBuild, insertBuild, readBuildNumbers, takeBuildNumber } from './repository.ts';
import { componentType as resourceType } from './tables.ts';

type ReadContext = Pick<OperationContext, 'db' | 'accountId' | 'region'>;

/** What a component is made of, as CreateComponent and ImportComponent take it. */
export interface ComponentDefinition {
  readonly name: string;
  readonly semanticVersion: string;
  readonly platform: string;
  readonly description: string | undefined;
  readonly changeDescription: string | undefined;
  readonly supportedOsVersions: readonly string[];
  readonly kmsKeyId: string | undefined;
  readonly data: string;
  readonly tags: Record<string, string>;
  readonly isDryRun: boolean;
}

/** How many mistakes of a document one answer names. */
const mostProblems = 10;

/** The document; its mistakes are the error. */
export function readDocument(data: string): ComponentDocument {
  const reading = readComponentDocument(data);
  if (reading.ok) return reading.document;
  const shown = reading.problems.slice(0, mostProblems).map(describeDocumentProblem);
  const left = reading.problems.length - shown.length;
  throw invalidValue('data', `${shown.join('; ')}${left > 0 ? `; and ${left} more` : ''}.`);
}

/** The one of `data` and `uri` that is given. */
export function readInlineData({
  data,
  uri,
}: {
  readonly data?: string | undefined;
  readonly uri?: string | undefined;
}) {
  if ((data === undefined) === (uri === undefined)) {
    throw new ImageBuilderError(
      'IMAGE_PARAMETER_COMBINATION',
      data === undefined
        ? 'Neither data nor uri is given: give the document in data.'
        : 'Both data and uri are given: give one of them.',
    );
  }
  if (data === undefined) {
    throw notOffered('uri', 'it reads nothing from S3. Give the text in data.');
  }
  return data;
}

/** Windows and macOS would be accepted only to fail in every build; so would a key that encrypts nothing. */
export function refuseUnbuildable({
  platform,
  kmsKeyId,
}: {
  platform?: string | undefined;
  kmsKeyId?: string | undefined;
}) {
  if (platform !== undefined && platform !== 'Linux') {
    throw notOffered('platform', 'it builds images of Linux only.');
  }
  if (kmsKeyId !== undefined) {
    throw notOffered('kmsKeyId', 'it has no keys of KMS. What is stored is as safe as its database.');
  }
}

type Content = Pick<ComponentBuild, 'data' | 'description' | 'changeDescription' | 'supportedOsVersions'>;

function isSameContent(left: Content, right: Content): boolean {
  const [one, other] = [left, right].map(({ data, description, changeDescription, supportedOsVersions }) =>
    JSON.stringify([data, description, changeDescription, supportedOsVersions]),
  );
  return one === other;
}

/** Stores a component as the next build of its version. */
export async function createComponent(
  definition: ComponentDefinition,
  context: OperationContext,
): Promise<ComponentBuild> {
  const { db, now } = context;
  refuseUnbuildable(definition);
  const { name, description = null, changeDescription = null, supportedOsVersions, data, tags } = definition;
  const version = parseSemanticVersion(definition.semanticVersion);
  const type = derivedType(readDocument(data));
  const arnName = nameInArn(name);
  await lockDefinitions(db, context);
  const draft: Omit<ComponentBuild, 'build'> = {
    accountId: context.accountId,
    arnName,
    name,
    version,
    platform: 'Linux',
    type,
    description,
    changeDescription,
    supportedOsVersions,
    data,
    dateCreated: now,
  };
  const last = await findNewestBuild(exactPattern(version), arnName, context);
  if (last && isSameContent(last, draft)) throw resourceExists(buildArn(last, context));
  await refuseTooMany('component-builds', 'builds of components', () => countBuilds(db, context), context);
  const component = { ...draft, build: await takeBuildNumber(db, context, versionIdOf(draft)) };
  const { version: _version, ...row } = component;
  await insertBuild(db, {
    ...row,
    accountId: context.accountId,
    region: context.region,
    ...version,
    supportedOsVersions: [...supportedOsVersions],
  });
  const newTags = Object.entries(tags).map(([key, value]) => ({ key, value }));
  await tagNewResource({ resourceType, resourceId: resourceIdOf(component) }, newTags, context);
  if (definition.isDryRun) {
    // What was written goes with the transaction, which this error ends.
    throw new ImageBuilderError('IMAGE_DRY_RUN', 'The request would have succeeded, but it is a dry run.');
  }
  return component;
}

/** The document that a script becomes. The model has SHELL only, so scripts of bash. */
export async function importComponent(
  definition: Omit<ComponentDefinition, 'supportedOsVersions' | 'isDryRun'> & { readonly type: 'BUILD' | 'TEST' },
  context: OperationContext,
): Promise<ComponentBuild> {
  const { type, ...rest } = definition;
  const { name, description = null, data: script } = rest;
  const data = writeScriptComponent({ name, description, type, script });
  return await createComponent({ ...rest, data, supportedOsVersions: [], isDryRun: false }, context);
}

/** Undefined for an ARN of another region or partition, and of what is neither the account's nor everybody's. */
function readOwnArn(text: string, { accountId, region }: ReadContext): ImageBuilderArn | undefined {
  const arn = parseArnOf(text, [resourceType], ['wildcard', 'version', 'build']);
  const isKnown = arn.partition === 'aws' && arn.region === region && [accountId, 'aws'].includes(arn.owner);
  return isKnown ? arn : undefined;
}

/**
 * The build that an ARN names: that build, or the newest of a version or of the versions that a wildcard matches. Undefined
 * when there is none. Throws ImageBuilderArnError for what is no ARN of a component.
 */
export async function findComponent(text: string, context: ReadContext): Promise<ComponentBuild | undefined> {
  const arn = readOwnArn(text, context);
  if (arn === undefined || arn.version === null) return undefined;
  const { name, version, build, owner } = arn;
  if (owner === 'aws') {
    return selectNewest(
      version,
      managedBuilds.filter((each) => each.arnName === name && (build === null || each.build === build)),
    );
  }
  return await findNewestBuild(version, name, context, build);
}

/** The newest own build that a pattern matches, of one number where that is given. */
async function findNewestBuild(
  pattern: VersionPattern,
  arnName: string,
  context: ReadContext,
  number: number | null = null,
): Promise<ComponentBuild | undefined> {
  const numbers = await readBuildNumbers(context.db, context, arnName);
  const newest = selectNewest(
    pattern,
    numbers.filter(({ build }) => number === null || build === number),
  );
  const row = newest && (await findBuild(context.db, context, arnName, newest));
  return row && buildOfRow(row);
}

export async function getComponent(text: string, context: ReadContext): Promise<ComponentBuild> {
  const component = await findComponent(text, context);
  if (!component) throw resourceNotFound(text);
  return component;
}

/** A component as a build needs it. */
export interface ResolvedComponent {
  /** Of the build, so without `x`. */
  readonly arn: string;
  readonly name: string;
  /** `1.0.0`. */
  readonly version: string;
  readonly build: number;
  /** The text of the document. */
  readonly data: string;
}

/** What the ARN in a recipe stands for now; throws ImageBuilderError where that is nothing. */
export async function resolveComponent(text: string, context: ReadContext): Promise<ResolvedComponent> {
  const component = await getComponent(text, context);
  const { name, version, build, data } = component;
  return { arn: buildArn(component, context), name, version: formatSemanticVersion(version), build, data };
}

export async function deleteComponent(text: string, context: OperationContext): Promise<void> {
  const arn = parseArnOf(text, [resourceType], ['build']);
  if (arn.owner === 'aws') {
    throw new ImageBuilderError('IMAGE_REQUEST', `The component ${text} comes with Patchbay and cannot be deleted.`);
  }
  await lockDefinitions(context.db, context);
  const component = await getComponent(text, context);
  await refuseNeededBuild(component, context);
  const resourceId = resourceIdOf(component);
  await deleteBuild(context.db, context, resourceId);
  await removeTags(context.db, context, { resourceType, resourceId }, 'all');
  await deletePolicy(context.db, context, { resourceType, resourceId });
}

/** What a call acts on that names a component: the build that it comes to, whose tags decide. */
export async function componentResource(text: string, context: OperationContext): Promise<Resource> {
  try {
    const component = await findComponent(text, context);
    return arnResource(component ? buildArn(component, context) : text);
  } catch (error) {
    // The operation says what is wrong with it.
    if (error instanceof ImageBuilderArnError) return arnResource(text);
    throw error;
  }
}

/** The version that is to be made, whose build number is not known yet. */
export function newComponentResource(
  {
    name = '',
    semanticVersion = '',
  }: { readonly name?: string | undefined; readonly semanticVersion?: string | undefined },
  { accountId, region }: OperationContext,
): Resource {
  return arnResource(
    formatArn({ accountId, region, resourceType, resourceId: `${nameInArn(name)}/${semanticVersion}` }),
  );
}
