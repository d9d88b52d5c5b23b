import type {
  DescribeInstancePatchesRequest,
  DescribeInstancePatchesResult,
  DescribeInstancePatchStatesRequest,
  DescribeInstancePatchStatesResult,
} from '@aws-sdk/client-ssm';
import type { AwsPatch } from '@patchbay/patching';
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
import { countsNow, listPatches } from './service.ts';

type State = CamelCased<NonNullable<DescribeInstancePatchStatesResult['InstancePatchStates']>[number]>;

async function describeState(
  stored: PatchOperation,
  quarantine: string | undefined,
  context: OperationContext,
): Promise<State> {
  return {
    instanceId: stored.instanceId,
    patchGroup: stored.patchGroup,
    baselineId: publicBaselineId(context, stored.baselineId),
    snapshotId: stored.snapshotId || undefined,
    installOverrideList: stored.override?.kind === 'install-list' ? stored.override.address : undefined,
    ownerInformation: '',
    ...countsNow(stored, quarantine, context.now),
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
    afterInstanceId: page.after,
    limit: limit + 1,
  });
  const shown = found.slice(0, limit);
  const quarantines = await readQuarantines(
    context.db,
    shown.map((stored) => stored.instanceId),
  );
  return {
    instancePatchStates: await Promise.all(
      shown.map((stored) => describeState(stored, quarantines.get(stored.instanceId), context)),
    ),
    nextToken: nextToken(page, found, limit, (stored) => stored.instanceId),
  };
}

/** Filters write states in words (`InstalledOther`), replies in capitals; a trailing `*` in a KBId stands for any rest. */
const patchFilters = new Map<string, (patch: AwsPatch, value: string) => boolean>([
  [
    'State',
    (patch, value) => patch.state.replaceAll('_', '').toLowerCase() === value.replaceAll('_', '').toLowerCase(),
  ],
  ['KBId', (patch, value) => (value.endsWith('*') ? patch.kbId.startsWith(value.slice(0, -1)) : patch.kbId === value)],
  ['Classification', (patch, value) => patch.classification === value],
  ['Severity', (patch, value) => patch.severity === value],
]);

async function DescribeInstancePatches(
  input: CamelCased<DescribeInstancePatchesRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeInstancePatchesResult>> {
  const { instanceId = '', filters = [], maxResults: limit = 50 } = input;
  if (!(await existsNode(context.db, context, instanceId))) {
    throw new PatchStateError('PATCH_STATE_INSTANCE', `There is no registered node ${instanceId}.`);
  }
  const conditions = filters.map(({ key = '', values = [] }) => {
    const matches = patchFilters.get(key);
    if (!matches) {
      const known = [...patchFilters.keys()].join(', ');
      throw new PatchStateError('PATCH_STATE_FILTER', `Invalid filter key ${key}, valid keys are: ${known}.`);
    }
    return (patch: AwsPatch) => values.some((value) => matches(patch, value));
  });
  const page = startOfPage('DescribeInstancePatches', input, context);
  const every = await listPatches(instanceId, context);
  const found = every
    .filter((patch) => conditions.every((condition) => condition(patch)))
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
  DescribeInstancePatches: operation({
    handle: DescribeInstancePatches,
    errors: patchStateErrors,
    resource: (input, context) => nodeResource(context, input.instanceId ?? ''),
  }),
};
