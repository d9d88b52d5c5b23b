import type {
  GetPatchBaselineForPatchGroupRequest,
  GetPatchBaselineForPatchGroupResult,
  RegisterPatchBaselineForPatchGroupRequest,
  RegisterPatchBaselineForPatchGroupResult,
} from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { ssmResource } from '../../../operations/resources.ts';
import { publicBaselineId } from '../patch-baselines/service.ts';
import { patchGroupErrors } from './errors.ts';
import { baselineIdFor, registerBaselineForGroup } from './service.ts';

async function RegisterPatchBaselineForPatchGroup(
  input: CamelCased<RegisterPatchBaselineForPatchGroupRequest>,
  context: OperationContext,
): Promise<CamelCased<RegisterPatchBaselineForPatchGroupResult>> {
  const { baselineId = '', patchGroup = '' } = input;
  await registerBaselineForGroup(baselineId, patchGroup, context);
  return { baselineId, patchGroup };
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
    resource: (input, context) => ssmResource(context, `patchbaseline/${input.baselineId}`),
  }),
  GetPatchBaselineForPatchGroup: operation({ handle: GetPatchBaselineForPatchGroup, errors: patchGroupErrors }),
};
