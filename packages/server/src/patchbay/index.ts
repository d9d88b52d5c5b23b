import { identityContracts } from '../identity/operations.ts';
import { definePatchbayService } from '../operations/registry.ts';
import { archiveWatchContracts } from './archive-watches/operations.ts';
import { changeFreezeContracts } from './change-freezes/operations.ts';
import { commandOutputContracts } from './command-outputs.ts';
import { imageImportContracts } from './image-builds/import-operation.ts';
import { imageBuildContracts } from './image-builds/operations.ts';
import { imageBuildReadContracts } from './image-builds/read-operations.ts';
import { imageFreshnessContracts } from './image-freshness/operations.ts';
import { imageNodeContracts } from './image-nodes/operations.ts';
import { imagePipelineRunContracts } from './image-pipeline-runs.ts';
import { managedNodeContracts } from './managed-nodes.ts';
import { nodeContracts } from './node-operations.ts';
import { patchPlanContracts } from './patch-plans/operations.ts';
import { personContracts } from './person-operations.ts';
import { settingsContracts } from './settings/operations.ts';
import { windowScheduleContracts } from './window-schedules.ts';

/** Patchbay's own operations: facts, verdicts, plans, evidence, people. */
export const patchbay = definePatchbayService([
  ...nodeContracts,
  ...personContracts,
  ...identityContracts,
  ...archiveWatchContracts,
  ...changeFreezeContracts,
  ...settingsContracts,
  ...windowScheduleContracts,
  ...managedNodeContracts,
  ...commandOutputContracts,
  ...patchPlanContracts,
  ...imageBuildContracts,
  ...imageImportContracts,
  ...imageBuildReadContracts,
  ...imagePipelineRunContracts,
  ...imageFreshnessContracts,
  ...imageNodeContracts,
]);
