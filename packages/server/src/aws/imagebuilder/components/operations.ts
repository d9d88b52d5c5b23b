import type {
  CreateComponentRequest,
  CreateComponentResponse,
  DeleteComponentRequest,
  DeleteComponentResponse,
  GetComponentPolicyRequest,
  GetComponentPolicyResponse,
  GetComponentRequest,
  GetComponentResponse,
  ImportComponentRequest,
  ImportComponentResponse,
  ListComponentBuildVersionsRequest,
  ListComponentBuildVersionsResponse,
  ListComponentsRequest,
  ListComponentsResponse,
  PutComponentPolicyRequest,
  PutComponentPolicyResponse,
} from '@aws-sdk/client-imagebuilder';
import {
  formatSemanticVersion,
  latestVersionReferences,
  parseImageBuilderArn,
  readComponentDocument,
} from '@patchbay/patching';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { readTagsOfMany } from '../../ssm/tags/repository.ts';
import { resourceNotFound } from '../errors.ts';
import { readFilters } from '../filters.ts';
import { getResourcePolicy, putResourcePolicy } from '../resource-policies/service.ts';
import {
  buildArn,
  type ComponentBuild,
  managedBuilds,
  resourceIdOf,
  versionArn,
  versionIdOf,
} from './component-build.ts';
import {
  componentFilterNames,
  type ListPosition,
  listManagedComponents,
  listOwnBuilds,
  listOwnComponents,
  positionOf,
} from './list-components.ts';
import {
  componentResource,
  createComponent,
  deleteComponent,
  findComponent,
  getComponent,
  importComponent,
  newComponentResource,
  readInlineData,
} from './service.ts';
import { componentType } from './tables.ts';

const mostListed = 25;

async function CreateComponent(
  input: CamelCased<CreateComponentRequest>,
  context: OperationContext,
): Promise<CamelCased<CreateComponentResponse>> {
  const { clientToken, dryRun = false } = input;
  const data = readInlineData(input);
  const component = await createComponent({ ...readDefinition(input), data, isDryRun: dryRun }, context);
  const arn = buildArn(component, context);
  return {
    requestId: context.requestId,
    clientToken,
    componentBuildVersionArn: arn,
    latestVersionReferences: latestVersionReferences(parseImageBuilderArn(arn)) ?? undefined,
  };
}

function readDefinition(input: Partial<CamelCased<CreateComponentRequest>>) {
  const { name = '', semanticVersion = '', platform = '', tags = {}, supportedOsVersions = [] } = input;
  const { description, changeDescription, kmsKeyId } = input;
  return { name, semanticVersion, platform, tags, supportedOsVersions, description, changeDescription, kmsKeyId };
}

async function ImportComponent(
  input: CamelCased<ImportComponentRequest>,
  context: OperationContext,
): Promise<CamelCased<ImportComponentResponse>> {
  const { type = 'BUILD', clientToken } = input;
  const data = readInlineData(input);
  const component = await importComponent({ ...readDefinition(input), data, type }, context);
  return { requestId: context.requestId, clientToken, componentBuildVersionArn: buildArn(component, context) };
}

/** What all answers show of a component. */
function describe(build: ComponentBuild) {
  return {
    name: build.name,
    version: formatSemanticVersion(build.version),
    description: build.description ?? undefined,
    platform: build.platform as 'Linux',
    supportedOsVersions: build.supportedOsVersions.length === 0 ? undefined : [...build.supportedOsVersions],
    type: build.type,
    owner: build.accountId ?? 'Amazon',
    dateCreated: build.dateCreated.toISOString(),
  };
}

async function readTagMaps(builds: readonly ComponentBuild[], context: OperationContext) {
  const own = builds.filter(({ accountId }) => accountId !== null);
  const tags = await readTagsOfMany(context.db, context, componentType, own.map(resourceIdOf));
  return (build: ComponentBuild): Record<string, string> =>
    build.accountId === null ? {} : Object.fromEntries(tags.get(resourceIdOf(build)) ?? []);
}

/** Undefined for a document that an earlier Patchbay could read and this one cannot. */
function describeParameters(data: string) {
  const reading = readComponentDocument(data);
  if (!reading.ok) return undefined;
  return reading.document.parameters.map(({ name, type, default: value, description }) => ({
    name,
    type,
    defaultValue: value === null ? undefined : [value],
    description: description ?? undefined,
  }));
}

async function GetComponent(
  input: CamelCased<GetComponentRequest>,
  context: OperationContext,
): Promise<CamelCased<GetComponentResponse>> {
  const component = await getComponent(input.componentBuildVersionArn ?? '', context);
  const tagsOf = await readTagMaps([component], context);
  const arn = buildArn(component, context);
  return {
    requestId: context.requestId,
    component: {
      arn,
      ...describe(component),
      changeDescription: component.changeDescription ?? undefined,
      state: { status: 'ACTIVE' },
      parameters: describeParameters(component.data),
      data: component.data,
      encrypted: false,
      tags: tagsOf(component),
    },
    latestVersionReferences: latestVersionReferences(parseImageBuilderArn(arn)) ?? undefined,
  };
}

async function ListComponents(
  input: CamelCased<ListComponentsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListComponentsResponse>> {
  const { owner = 'Self', byName = false } = input;
  const filters = readFilters(input.filters, componentFilterNames);
  const page = startOfPage('ListComponents', input, context);
  const limit = input.maxResults ?? mostListed;
  const after = page.after === '' ? null : (JSON.parse(page.after) as ListPosition);
  const query = { filters, byName, after, limit: limit + 1 };
  const found = await listOf(owner, query, context);
  return {
    requestId: context.requestId,
    componentVersionList: found.slice(0, limit).map((build) => ({
      arn: versionArn(build, context),
      ...describe(build),
      status: 'ACTIVE',
    })),
    nextToken: nextToken(page, found, limit, (build) => JSON.stringify(positionOf(build))),
  };
}

/** Nothing is shared with the account, and nothing is sold to it. */
async function listOf(owner: string, query: Parameters<typeof listManagedComponents>[0], context: OperationContext) {
  if (owner === 'Self') return await listOwnComponents(context.db, context, context.reach, query);
  return owner === 'Amazon' ? listManagedComponents(query) : [];
}

async function ListComponentBuildVersions(
  input: CamelCased<ListComponentBuildVersionsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListComponentBuildVersionsResponse>> {
  const { componentVersionArn = '' } = input;
  const page = startOfPage('ListComponentBuildVersions', input, context);
  const limit = input.maxResults ?? mostListed;
  const found = await listBuilds(componentVersionArn, Number(page.after), limit + 1, context);
  const shown = found.slice(0, limit);
  const tagsOf = await readTagMaps(shown, context);
  return {
    requestId: context.requestId,
    componentSummaryList: shown.map((build) => ({
      arn: buildArn(build, context),
      ...describe(build),
      changeDescription: build.changeDescription ?? undefined,
      state: { status: 'ACTIVE' },
      tags: tagsOf(build),
    })),
    nextToken: nextToken(page, found, limit, ({ build }) => String(build)),
  };
}

async function listBuilds(
  arn: string,
  afterBuild: number,
  limit: number,
  context: OperationContext,
): Promise<ComponentBuild[]> {
  const newest = await findComponent(arn, context);
  // Who may not see a component is told the same as where there is none.
  if (newest === undefined) return [];
  const { arnName, version } = newest;
  if (newest.accountId !== null) {
    return await listOwnBuilds(context.db, context, context.reach, { arnName, version, afterBuild, limit });
  }
  const versionId = versionIdOf(newest);
  return managedBuilds.filter((each) => versionIdOf(each) === versionId && each.build > afterBuild).slice(0, limit);
}

async function DeleteComponent(
  input: CamelCased<DeleteComponentRequest>,
  context: OperationContext,
): Promise<CamelCased<DeleteComponentResponse>> {
  const { componentBuildVersionArn = '' } = input;
  await deleteComponent(componentBuildVersionArn, context);
  return { requestId: context.requestId, componentBuildVersionArn };
}

/** Only an own component has a policy. */
async function findOwn(arn: string, context: OperationContext) {
  const component = await getComponent(arn, context);
  if (component.accountId === null) throw resourceNotFound(arn);
  return { resourceType: componentType, resourceId: resourceIdOf(component) };
}

async function GetComponentPolicy(
  { componentArn = '' }: CamelCased<GetComponentPolicyRequest>,
  context: OperationContext,
): Promise<CamelCased<GetComponentPolicyResponse>> {
  const policy = await getResourcePolicy(componentArn, await findOwn(componentArn, context), context);
  return { requestId: context.requestId, policy };
}

async function PutComponentPolicy(
  { componentArn = '', policy = '' }: CamelCased<PutComponentPolicyRequest>,
  context: OperationContext,
): Promise<CamelCased<PutComponentPolicyResponse>> {
  await putResourcePolicy(await findOwn(componentArn, context), policy, context);
  return { requestId: context.requestId, componentArn };
}

const ofBuild = async (input: { componentBuildVersionArn?: string | undefined }, context: OperationContext) =>
  await componentResource(input.componentBuildVersionArn ?? '', context);
const ofPolicy = async (input: { componentArn?: string | undefined }, context: OperationContext) =>
  await componentResource(input.componentArn ?? '', context);

export const componentOperations = {
  CreateComponent: operation({ handle: CreateComponent, resource: newComponentResource }),
  ImportComponent: operation({ handle: ImportComponent, resource: newComponentResource }),
  GetComponent: operation({ handle: GetComponent, resource: ofBuild }),
  ListComponents: operation({ handle: ListComponents }),
  ListComponentBuildVersions: operation({ handle: ListComponentBuildVersions }),
  DeleteComponent: operation({ handle: DeleteComponent, resource: ofBuild }),
  GetComponentPolicy: operation({ handle: GetComponentPolicy, resource: ofPolicy }),
  PutComponentPolicy: operation({ handle: PutComponentPolicy, resource: ofPolicy }),
};
