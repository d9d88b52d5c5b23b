import type {
  GetDeployablePatchSnapshotForInstanceRequest,
  GetDeployablePatchSnapshotForInstanceResult,
} from '@aws-sdk/client-ssm';
import { PatchBaseline } from '@patchbay/facts';
import { addressOf } from '../../../downloads/serve-downloads.ts';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nodeResource } from '../../../operations/resources.ts';
import { patchSnapshotDownloads } from './download.ts';
import { patchSnapshotErrors } from './errors.ts';
import { addressMilliseconds, freezeSnapshot } from './service.ts';

const Override = PatchBaseline.omit({ baselineId: true, name: true });

async function GetDeployablePatchSnapshotForInstance(
  input: CamelCased<GetDeployablePatchSnapshotForInstanceRequest>,
  context: OperationContext,
): Promise<CamelCased<GetDeployablePatchSnapshotForInstanceResult>> {
  const { instanceId = '', snapshotId = '', baselineOverride } = input;
  const override = baselineOverride && Override.parse({ operatingSystem: 'WINDOWS', ...baselineOverride });
  const { snapshot, product } = await freezeSnapshot({ instanceId, snapshotId, override }, context);
  return {
    instanceId,
    snapshotId,
    snapshotDownloadUrl: addressOf(patchSnapshotDownloads, [snapshot.snapshotKey], addressMilliseconds, context),
    product,
  };
}

export const patchSnapshotOperations = {
  GetDeployablePatchSnapshotForInstance: operation({
    handle: GetDeployablePatchSnapshotForInstance,
    errors: patchSnapshotErrors,
    // The first call of a snapshot id freezes what it stands for.
    isTransactional: true,
    resource: (input, context) => nodeResource(context, input.instanceId ?? ''),
  }),
};
