import type {
  CreatePatchBaselineRequest,
  CreatePatchBaselineResult,
  DeletePatchBaselineRequest,
  DeletePatchBaselineResult,
  DescribePatchBaselinesRequest,
  DescribePatchBaselinesResult,
  DescribePatchPropertiesRequest,
  DescribePatchPropertiesResult,
  GetDefaultPatchBaselineRequest,
  GetDefaultPatchBaselineResult,
  GetPatchBaselineRequest,
  GetPatchBaselineResult,
  RegisterDefaultPatchBaselineRequest,
  RegisterDefaultPatchBaselineResult,
  UpdatePatchBaselineRequest,
  UpdatePatchBaselineResult,
} from '@aws-sdk/client-ssm';
import { PatchBaseline } from '@patchbay/facts';
import { type BaselineChange, patchPropertiesOf, patchPropertyValues, predefinedBaselineFor } from '@patchbay/patching';
import { anyResource, authorize } from '../../../operations/authorize.ts';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import type { Scope } from '../../../operations/scope.ts';
import { wakeImageFreshness } from '../../../patchbay/image-freshness/wake.ts';
import { listGroupsOfBaseline } from '../patch-groups/repository.ts';
import { addTags } from '../tags/service.ts';
import { baselineResource, publicBaselineId } from './baseline-ids.ts';
import { PatchBaselineError, patchBaselineErrors } from './errors.ts';
import { readBaselineFilters } from './filters.ts';
import { type BaselineSummary, listDefaultBaselines } from './repository.ts';
import {
  createPatchBaseline,
  deletePatchBaseline,
  getDefaultBaselineId,
  getPatchBaseline,
  pageBaselines,
  registerDefaultBaseline,
  updatePatchBaseline,
} from './service.ts';

const NewBaseline = PatchBaseline.omit({ baselineId: true });

async function CreatePatchBaseline(
  input: CamelCased<CreatePatchBaselineRequest>,
  context: OperationContext,
): Promise<CamelCased<CreatePatchBaselineResult>> {
  const { clientToken: _token, tags, ...wanted } = input;
  const operatingSystem = wanted.operatingSystem ?? 'WINDOWS';
  const baseline = NewBaseline.parse({ ...wanted, operatingSystem });
  const baselineId = await createPatchBaseline(baseline, context);
  const given = (tags ?? []).map(({ key = '', value = '' }) => ({ key, value }));
  await addTags({ resourceType: 'PatchBaseline', resourceId: baselineId }, given, context);
  return { baselineId };
}

async function GetPatchBaseline(
  input: CamelCased<GetPatchBaselineRequest>,
  context: OperationContext,
): Promise<CamelCased<GetPatchBaselineResult>> {
  const { baseline, createdDate, modifiedDate } = await getPatchBaseline(input.baselineId ?? '', context);
  const showsConfiguration = authorize(context.principal, 'patchbay:ReadSecrets', anyResource);
  return {
    ...baseline,
    // A line of a repository's configuration may hold a user name and a password.
    sources: showsConfiguration
      ? baseline.sources
      : baseline.sources?.map((source) => ({ ...source, configuration: '***' })),
    baselineId: publicBaselineId(context, baseline.baselineId),
    patchGroups: await listGroupsOfBaseline(context.db, context, baseline.baselineId),
    createdDate,
    modifiedDate,
  };
}

async function UpdatePatchBaseline(
  input: CamelCased<UpdatePatchBaselineRequest>,
  context: OperationContext,
): Promise<CamelCased<UpdatePatchBaselineResult>> {
  const { baselineId = '', replace = false, ...change } = input;
  // The wire's constraints have seen to the members' values; updating parses the whole.
  const updated = await updatePatchBaseline(baselineId, change as BaselineChange, replace, context);
  await wakeImageFreshness(context.db, context.dependencies);
  const { baseline, createdDate, modifiedDate } = updated;
  return { ...baseline, createdDate, modifiedDate };
}

async function DeletePatchBaseline(
  input: CamelCased<DeletePatchBaselineRequest>,
  context: OperationContext,
): Promise<CamelCased<DeletePatchBaselineResult>> {
  await deletePatchBaseline(input.baselineId ?? '', context);
  return { baselineId: input.baselineId };
}

type Identity = CamelCased<NonNullable<DescribePatchBaselinesResult['BaselineIdentities']>[number]>;

/** A baseline as lists show it. */
export function describeBaseline(
  baseline: BaselineSummary,
  defaults: Awaited<ReturnType<typeof listDefaultBaselines>>,
  scope: Scope,
): Identity {
  const { baselineId, name, operatingSystem, description } = baseline;
  const defaultId = defaults[operatingSystem] ?? predefinedBaselineFor(operatingSystem).baselineId;
  return {
    baselineId: publicBaselineId(scope, baselineId),
    baselineName: name,
    operatingSystem,
    baselineDescription: description,
    defaultBaseline: baselineId === defaultId,
  };
}

async function DescribePatchBaselines(
  input: CamelCased<DescribePatchBaselinesRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribePatchBaselinesResult>> {
  const filters = readBaselineFilters(input.filters ?? [], ['NAME_PREFIX', 'OWNER', 'OPERATING_SYSTEM']);
  const page = startOfPage('DescribePatchBaselines', input, context);
  const limit = input.maxResults ?? 100;
  const defaults = await listDefaultBaselines(context.db, context);
  const found = await pageBaselines(filters, page.after, limit + 1, context);
  return {
    baselineIdentities: found.slice(0, limit).map((baseline) => describeBaseline(baseline, defaults, context)),
    nextToken: nextToken(page, found, limit, (baseline) => baseline.baselineId),
  };
}

async function GetDefaultPatchBaseline(
  input: CamelCased<GetDefaultPatchBaselineRequest>,
  context: OperationContext,
): Promise<CamelCased<GetDefaultPatchBaselineResult>> {
  const operatingSystem = input.operatingSystem ?? 'WINDOWS';
  const baselineId = await getDefaultBaselineId(operatingSystem, context);
  return { baselineId: publicBaselineId(context, baselineId), operatingSystem };
}

async function RegisterDefaultPatchBaseline(
  input: CamelCased<RegisterDefaultPatchBaselineRequest>,
  context: OperationContext,
): Promise<CamelCased<RegisterDefaultPatchBaselineResult>> {
  const { baseline } = await registerDefaultBaseline(input.baselineId ?? '', context);
  await wakeImageFreshness(context.db, context.dependencies);
  return { baselineId: publicBaselineId(context, baseline.baselineId) };
}

async function DescribePatchProperties(
  input: CamelCased<DescribePatchPropertiesRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribePatchPropertiesResult>> {
  const { operatingSystem = 'WINDOWS', property = '' } = input;
  const values = patchPropertyValues(operatingSystem, property);
  if (!values) {
    throw new PatchBaselineError(
      'BASELINE_INVALID',
      `Invalid Property: ${property} for Operating System: ${operatingSystem}, valid properties are: ${patchPropertiesOf(operatingSystem).join(', ')}`,
    );
  }
  const page = startOfPage('DescribePatchProperties', input, context);
  const limit = input.maxResults ?? 50;
  const found = values.slice(values.indexOf(page.after) + 1, values.indexOf(page.after) + limit + 2);
  return {
    properties: found.slice(0, limit).map((value) => ({ Name: value })),
    nextToken: nextToken(page, found, limit, (value) => value),
  };
}

const errors = patchBaselineErrors;

export const patchBaselineOperations = {
  CreatePatchBaseline: operation({ handle: CreatePatchBaseline, errors }),
  GetPatchBaseline: operation({ handle: GetPatchBaseline, errors, resource: baselineResource }),
  UpdatePatchBaseline: operation({
    handle: UpdatePatchBaseline,
    // Its model knows no InvalidResourceId.
    errors: { ...errors, BASELINE_ID: 'DoesNotExistException' },
    resource: baselineResource,
  }),
  DeletePatchBaseline: operation({ handle: DeletePatchBaseline, errors, resource: baselineResource }),
  DescribePatchBaselines: operation({ handle: DescribePatchBaselines, errors }),
  GetDefaultPatchBaseline: operation({ handle: GetDefaultPatchBaseline, errors }),
  RegisterDefaultPatchBaseline: operation({ handle: RegisterDefaultPatchBaseline, errors, resource: baselineResource }),
  DescribePatchProperties: operation({ handle: DescribePatchProperties, errors }),
};
