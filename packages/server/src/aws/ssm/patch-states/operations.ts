import type {
  DescribeInstancePatchesRequest,
  DescribeInstancePatchesResult,
  DescribeInstancePatchStatesForPatchGroupRequest,
  DescribeInstancePatchStatesForPatchGroupResult,
  DescribeInstancePatchStatesRequest,
  DescribeInstancePatchStatesResult,
  DescribePatchGroupStateRequest,
  DescribePatchGroupStateResult,
} from '@aws-sdk/client-ssm';
import { countPatchGroup } from '@patchbay/patching';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { nodeResource } from '../../../operations/resources.ts';
import {
  findLastNoRebootInstall,
  listNewestOperations,
  type PatchOperation,
} from '../../../patchbay/patch-operations/repository.ts';
import { existsNode, readQuarantines } from '../instances/repository.ts';
import { publicBaselineId } from '../patch-baselines/service.ts';
import { PatchStateError, patchStateErrors } from './errors.ts';
import { readCountFilters, readPatchFilters } from './filters.ts';
import { countNodesOfGroup, listCountsOfGroup, pageOperationsOfGroup } from './repository.ts';
import { countsNow, type Freshness, listPatches, readFreshness } from './service.ts';

type State = CamelCased<NonNullable<DescribeInstancePatchStatesResult['InstancePatchStates']>[number]>;

async function describeState(
  stored: PatchOperation,
  quarantine: string | undefined,
  fresh: Freshness,
  context: OperationContext,
): Promise<State> {
  return {
    instanceId: stored.instanceId,
    patchGroup: stored.patchGroup,
    baselineId: publicBaselineId(context, stored.baselineId),
    snapshotId: stored.snapshotId || undefined,
    installOverrideList: stored.override?.kind === 'install-list' ? stored.override.address : undefined,
    ownerInformation: '',
    ...countsNow(stored, quarantine, fresh),
    operationStartTime: stored.startedAt,
    operationEndTime: stored.endedAt ?? stored.startedAt,
    operation: stored.operation,
    lastNoRebootInstallOperationTime: await findLastNoRebootInstall(context.db, stored.instanceId),
    rebootOption: stored.operation === 'Install' ? (stored.rebootOption as State['rebootOption']) : undefined,
  };
}

async function DescribeInstancePatchStates(
  input: CamelCased<DescribeInstancePatchStatesRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeInstancePatchStatesResult>> {
  const page = startOfPage('DescribeInstancePatchStates', input, context);
  const limit = input.maxResults ?? 50;
  const found = await listNewestOperations(context.db, context, {
    instanceIds: input.instanceIds ?? [],
    reach: context.reach,
    afterInstanceId: page.after,
    limit: limit + 1,
  });
  const shown = found.slice(0, limit);
  const quarantines = await readQuarantines(
    context.db,
    shown.map((stored) => stored.instanceId),
  );
  const fresh = await readFreshness(context);
  return {
    instancePatchStates: await Promise.all(
      shown.map((stored) => describeState(stored, quarantines.get(stored.instanceId), fresh, context)),
    ),
    nextToken: nextToken(page, found, limit, (stored) => stored.instanceId),
  };
}

/** The model's limit on the list of the reply, InstancePatchStatesList. */
const mostStatesOfGroup = 5;

async function DescribeInstancePatchStatesForPatchGroup(
  input: CamelCased<DescribeInstancePatchStatesForPatchGroupRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeInstancePatchStatesForPatchGroupResult>> {
  const conditions = readCountFilters(input.filters ?? []);
  const page = startOfPage('DescribeInstancePatchStatesForPatchGroup', input, context);
  const limit = Math.min(input.maxResults ?? mostStatesOfGroup, mostStatesOfGroup);
  const group = { patchGroup: input.patchGroup ?? '', reach: context.reach };
  const fresh = await readFreshness(context);
  const found = await pageOperationsOfGroup(context.db, context, group, {
    conditions,
    freshSince: fresh.since,
    afterInstanceId: page.after,
    limit: limit + 1,
  });
  const shown = found.slice(0, limit);
  const quarantines = await readQuarantines(
    context.db,
    shown.map(({ instanceId }) => instanceId),
  );
  return {
    instancePatchStates: await Promise.all(
      shown.map((stored) => describeState(stored, quarantines.get(stored.instanceId), fresh, context)),
    ),
    nextToken: nextToken(page, found, limit, (stored) => stored.instanceId),
  };
}

async function DescribePatchGroupState(
  input: CamelCased<DescribePatchGroupStateRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribePatchGroupStateResult>> {
  const group = { patchGroup: input.patchGroup ?? '', reach: context.reach };
  const instances = await countNodesOfGroup(context.db, context, group);
  const scanned = await listCountsOfGroup(context.db, context, group);
  const fresh = await readFreshness(context);
  return countPatchGroup(
    instances,
    scanned.map((stored) => countsNow(stored, stored.quarantineReason ?? undefined, fresh)),
  );
}

async function DescribeInstancePatches(
  input: CamelCased<DescribeInstancePatchesRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeInstancePatchesResult>> {
  const { instanceId = '', filters = [], maxResults: limit = 50 } = input;
  if (!(await existsNode(context.db, context, instanceId))) {
    throw new PatchStateError('PATCH_STATE_INSTANCE', `There is no registered node ${instanceId}.`);
  }
  const matches = readPatchFilters(filters);
  const page = startOfPage('DescribeInstancePatches', input, context);
  const every = await listPatches(instanceId, context);
  const found = every
    .filter(matches)
    .sort((left, right) => (left.kbId < right.kbId ? -1 : 1))
    .filter((patch) => patch.kbId > page.after)
    .slice(0, limit + 1);
  return {
    patches: found.slice(0, limit).map((patch) => ({ ...patch, installedTime: new Date(patch.installedTime * 1000) })),
    nextToken: nextToken(page, found, limit, (patch) => patch.kbId),
  };
}

export const patchStateOperations = {
  DescribeInstancePatchStates: operation({ handle: DescribeInstancePatchStates, errors: patchStateErrors }),
  DescribeInstancePatchStatesForPatchGroup: operation({
    handle: DescribeInstancePatchStatesForPatchGroup,
    errors: patchStateErrors,
  }),
  DescribePatchGroupState: operation({ handle: DescribePatchGroupState, errors: patchStateErrors }),
  DescribeInstancePatches: operation({
    handle: DescribeInstancePatches,
    errors: patchStateErrors,
    resource: (input, context) => nodeResource(context, input.instanceId ?? ''),
  }),
};
