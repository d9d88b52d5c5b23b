import type {
  CreatePatchBaselineRequest,
  CreatePatchBaselineResult,
  DeletePatchBaselineRequest,
  DeletePatchBaselineResult,
  DescribePatchBaselinesRequest,
  DescribePatchBaselinesResult,
  GetDefaultPatchBaselineRequest,
  GetDefaultPatchBaselineResult,
  GetPatchBaselineRequest,
  GetPatchBaselineResult,
} from '@aws-sdk/client-ssm';
import { PatchBaseline } from '@patchbay/facts';
import { anyResource, authorize } from '../../../operations/authorize.ts';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { ssmResource } from '../../../operations/resources.ts';
import { listGroupsOfBaseline } from '../patch-groups/repository.ts';
import { addTags } from '../tags/service.ts';
import { PatchBaselineError, patchBaselineErrors } from './errors.ts';
import { listDefaultBaselines } from './repository.ts';
import {
  createPatchBaseline,
  deletePatchBaseline,
  getDefaultBaselineId,
  getPatchBaseline,
  isPredefined,
  listEveryBaseline,
  publicBaselineId,
} from './service.ts';

async function CreatePatchBaseline(
  input: CamelCased<CreatePatchBaselineRequest>,
  context: OperationContext,
): Promise<CamelCased<CreatePatchBaselineResult>> {
  const { clientToken: _token, tags, availableSecurityUpdatesComplianceStatus, ...wanted } = input;
  const operatingSystem = wanted.operatingSystem ?? 'WINDOWS';
  if (availableSecurityUpdatesComplianceStatus !== undefined && operatingSystem !== 'WINDOWS') {
    throw new PatchBaselineError(
      'BASELINE_INVALID',
      'AvailableSecurityUpdatesComplianceStatus is only supported for WINDOWS.',
    );
  }
  const baseline = PatchBaseline.omit({ baselineId: true }).parse({ ...wanted, operatingSystem });
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

async function DeletePatchBaseline(
  input: CamelCased<DeletePatchBaselineRequest>,
  context: OperationContext,
): Promise<CamelCased<DeletePatchBaselineResult>> {
  await deletePatchBaseline(input.baselineId ?? '', context);
  return { baselineId: input.baselineId };
}

/** The keys of DescribePatchBaselines' filters; those of the same key are alternatives, different ones all hold. */
const baselineFilters = new Map<string, (baseline: PatchBaseline, value: string) => boolean>([
  ['NAME_PREFIX', (baseline, value) => baseline.name.startsWith(value)],
  ['OWNER', (baseline, value) => (isPredefined(baseline.baselineId) ? value === 'AWS' : value === 'Self')],
  ['OPERATING_SYSTEM', (baseline, value) => baseline.operatingSystem === value],
]);

async function DescribePatchBaselines(
  input: CamelCased<DescribePatchBaselinesRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribePatchBaselinesResult>> {
  const filters = (input.filters ?? []).map(({ key = '', values = [] }) => {
    const matches = baselineFilters.get(key);
    if (!matches) {
      const known = [...baselineFilters.keys()].join(', ');
      throw new PatchBaselineError('BASELINE_INVALID', `Invalid filter key ${key}, valid keys are: ${known}.`);
    }
    return (baseline: PatchBaseline) => values.some((value) => matches(baseline, value));
  });
  const page = startOfPage('DescribePatchBaselines', input, context);
  const limit = input.maxResults ?? 100;
  const defaults = await listDefaultBaselines(context.db, context);
  const every = await listEveryBaseline(context);
  const found = every
    .filter((baseline) => filters.every((filter) => filter(baseline)))
    .map((baseline) => ({
      baselineId: publicBaselineId(context, baseline.baselineId),
      baselineName: baseline.name,
      operatingSystem: baseline.operatingSystem,
      baselineDescription: baseline.description,
      defaultBaseline: isDefault(baseline, defaults),
    }))
    .sort((left, right) => (left.baselineId < right.baselineId ? -1 : 1))
    .filter((identity) => identity.baselineId > page.after)
    .slice(0, limit + 1);
  return {
    baselineIdentities: found.slice(0, limit),
    nextToken: nextToken(page, found, limit, (identity) => identity.baselineId),
  };
}

/** Of Windows' three predefined baselines only AWS-DefaultPatchBaseline starts as the default. */
function isDefault(baseline: PatchBaseline, defaults: Partial<Record<string, string>>): boolean {
  const registered = defaults[baseline.operatingSystem];
  if (registered !== undefined) return registered === baseline.baselineId;
  return isPredefined(baseline.baselineId) && !baseline.name.startsWith('AWS-WindowsPredefinedPatchBaseline');
}

async function GetDefaultPatchBaseline(
  input: CamelCased<GetDefaultPatchBaselineRequest>,
  context: OperationContext,
): Promise<CamelCased<GetDefaultPatchBaselineResult>> {
  const operatingSystem = input.operatingSystem ?? 'WINDOWS';
  const baselineId = await getDefaultBaselineId(operatingSystem, context);
  return { baselineId: publicBaselineId(context, baselineId), operatingSystem };
}

const addressed = (input: { readonly baselineId?: string | undefined }, context: OperationContext) =>
  ssmResource(context, `patchbaseline/${input.baselineId}`);

export const patchBaselineOperations = {
  CreatePatchBaseline: operation({ handle: CreatePatchBaseline, errors: patchBaselineErrors }),
  GetPatchBaseline: operation({ handle: GetPatchBaseline, errors: patchBaselineErrors, resource: addressed }),
  DeletePatchBaseline: operation({ handle: DeletePatchBaseline, errors: patchBaselineErrors, resource: addressed }),
  DescribePatchBaselines: operation({ handle: DescribePatchBaselines, errors: patchBaselineErrors }),
  GetDefaultPatchBaseline: operation({ handle: GetDefaultPatchBaseline, errors: patchBaselineErrors }),
};
