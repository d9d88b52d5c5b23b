import * as client from '@aws-sdk/client-ssm';
import { adaptService, ssmAgentOperations, ssmConstraints } from '@patchbay/aws-wire';
import { defineAwsService } from '../../operations/registry.ts';
import { activationOperations } from './activations/operations.ts';
import { associationOperations } from './associations/operations.ts';
import { availablePatchOperations } from './available-patches/operations.ts';
import { commandOperations } from './commands/operations.ts';
import { complianceOperations } from './compliance/operations.ts';
import { documentOperations } from './documents/operations.ts';
import { instanceOperations } from './instances/operations.ts';
import { maintenanceWindowExecutionOperations } from './maintenance-window-executions/operations.ts';
import { maintenanceWindowTargetOperations } from './maintenance-window-targets/operations.ts';
import { maintenanceWindowTaskOperations } from './maintenance-window-tasks/operations.ts';
import { maintenanceWindowOperations } from './maintenance-windows/operations.ts';
import { parameterOperations } from './parameters/operations.ts';
import { patchBaselineOperations } from './patch-baselines/operations.ts';
import { patchGroupOperations } from './patch-groups/operations.ts';
import { patchSnapshotOperations } from './patch-snapshots/operations.ts';
import { patchStateOperations } from './patch-states/operations.ts';
import { tagOperations } from './tags/operations.ts';

const model = adaptService(client, ssmConstraints);

/** Systems Manager: what the SDK publishes, and what only agents call. */
export const ssm = defineAwsService({
  service: 'ssm',
  targetPrefix: 'AmazonSSM',
  shapes: new Map([...ssmAgentOperations, ...model.operations]),
  errors: model.errors,
  operations: {
    ...activationOperations,
    ...instanceOperations,
    ...tagOperations,
    ...patchBaselineOperations,
    ...patchGroupOperations,
    ...patchStateOperations,
    ...availablePatchOperations,
    ...patchSnapshotOperations,
    ...complianceOperations,
    ...commandOperations,
    ...documentOperations,
    ...maintenanceWindowExecutionOperations,
    ...associationOperations,
    ...maintenanceWindowOperations,
    ...maintenanceWindowTargetOperations,
    ...maintenanceWindowTaskOperations,
    ...parameterOperations,
  },
});
