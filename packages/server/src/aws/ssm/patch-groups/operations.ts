import type {
  DeregisterPatchBaselineForPatchGroupRequest,
  DeregisterPatchBaselineForPatchGroupResult,
  DescribePatchGroupsRequest,
  DescribePatchGroupsResult,
  GetPatchBaselineForPatchGroupRequest,
  GetPatchBaselineForPatchGroupResult,
  RegisterPatchBaselineForPatchGroupRequest,
  RegisterPatchBaselineForPatchGroupResult,
} from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { wakeImageFreshness } from '../../../patchbay/image-freshness/wake.ts';
import { baselineResource, publicBaselineId } from '../patch-baselines/baseline-ids.ts';
import { readBaselineFilters } from '../patch-baselines/filters.ts';
import { describeBaseline } from '../patch-baselines/operations.ts';
import { listDefaultBaselines } from '../patch-baselines/repository.ts';
import { summarizeBaselines } from '../patch-baselines/service.ts';
import { patchGroupErrors } from './errors.ts';
import { pageRegistrations, type Registration } from './repository.ts';
import { baselineIdFor, deregisterBaselineForGroup, registerBaselineForGroup } from './service.ts';

async function RegisterPatchBaselineForPatchGroup(
  input: CamelCased<RegisterPatchBaselineForPatchGroupRequest>,
  context: OperationContext,
): Promise<CamelCased<RegisterPatchBaselineForPatchGroupResult>> {
  const { baselineId = '', patchGroup = '' } = input;
  await registerBaselineForGroup(baselineId, patchGroup, context);
  await wakeImageFreshness(context.db, context.dependencies);
  return { baselineId, patchGroup };
}

async function DeregisterPatchBaselineForPatchGroup(
  input: CamelCased<DeregisterPatchBaselineForPatchGroupRequest>,
  context: OperationContext,
): Promise<CamelCased<DeregisterPatchBaselineForPatchGroupResult>> {
  const { baselineId = '', patchGroup = '' } = input;
  await deregisterBaselineForGroup(baselineId, patchGroup, context);
  await wakeImageFreshness(context.db, context.dependencies);
  return { baselineId, patchGroup };
}

async function DescribePatchGroups(
  input: CamelCased<DescribePatchGroupsRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribePatchGroupsResult>> {
  const filters = readBaselineFilters(input.filters ?? [], ['NAME_PREFIX', 'OPERATING_SYSTEM']);
  const page = startOfPage('DescribePatchGroups', input, context);
  const limit = input.maxResults ?? 100;
  const found = await pageRegistrations(context.db, context, {
    groupPrefixes: filters.filter(({ key }) => key === 'NAME_PREFIX').map(({ values }) => values),
    operatingSystems: filters.filter(({ key }) => key === 'OPERATING_SYSTEM').map(({ values }) => values),
    after: page.after === '' ? undefined : (JSON.parse(page.after) as Registration),
    limit: limit + 1,
  });
  const shown = found.slice(0, limit);
  const baselines = await summarizeBaselines([...new Set(shown.map(({ baselineId }) => baselineId))], context);
  const defaults = await listDefaultBaselines(context.db, context);
  return {
    mappings: shown.map(({ patchGroup, baselineId }) => {
      const baseline = baselines.get(baselineId);
      return { patchGroup, baselineIdentity: baseline && describeBaseline(baseline, defaults, context) };
    }),
    nextToken: nextToken(page, found, limit, ({ patchGroup, operatingSystem }) =>
      JSON.stringify({ patchGroup, operatingSystem }),
    ),
  };
}

async function GetPatchBaselineForPatchGroup(
  input: CamelCased<GetPatchBaselineForPatchGroupRequest>,
  context: OperationContext,
): Promise<CamelCased<GetPatchBaselineForPatchGroupResult>> {
  const { patchGroup = '', operatingSystem = 'WINDOWS' } = input;
  const baselineId = await baselineIdFor(patchGroup, operatingSystem, context);
  return { baselineId: publicBaselineId(context, baselineId), patchGroup, operatingSystem };
}

export const patchGroupOperations = {
  RegisterPatchBaselineForPatchGroup: operation({
    handle: RegisterPatchBaselineForPatchGroup,
    errors: patchGroupErrors,
    resource: baselineResource,
  }),
  DeregisterPatchBaselineForPatchGroup: operation({
    handle: DeregisterPatchBaselineForPatchGroup,
    errors: patchGroupErrors,
    resource: baselineResource,
  }),
  DescribePatchGroups: operation({ handle: DescribePatchGroups, errors: patchGroupErrors }),
  GetPatchBaselineForPatchGroup: operation({ handle: GetPatchBaselineForPatchGroup, errors: patchGroupErrors }),
};
