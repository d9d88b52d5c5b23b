import * as client from '@aws-sdk/client-imagebuilder';
import { adaptService, imageBuilderConstraints } from '@patchbay/aws-wire';
import { defineAwsService } from '../../operations/registry.ts';
import { componentOperations } from './components/operations.ts';
import { containerRecipeOperations } from './container-recipes/operations.ts';
import { distributionConfigurationOperations } from './distribution-configurations/operations.ts';
import { imageBuilderErrors } from './errors.ts';
import { imageRecipeOperations } from './image-recipes/operations.ts';
import { imageOperations } from './images/operations.ts';
import { imagePolicyOperations } from './images/policy-operations.ts';
import { scanFindingOperations } from './images/scan-finding-operations.ts';
import { startOperations } from './images/start-operations.ts';
import { workflowExecutionOperations } from './images/workflow-operations.ts';
import { infrastructureConfigurationOperations } from './infrastructure-configurations/operations.ts';
import { imagePipelineOperations } from './pipelines/operations.ts';
import { imageBuilderTagOperations } from './tags/operations.ts';

const model = adaptService(client, imageBuilderConstraints);

/** EC2 Image Builder, in REST-JSON: the path of a request names its operation. */
export const imageBuilder = defineAwsService({
  service: 'imagebuilder',
  shapes: model.operations,
  errors: model.errors,
  errorTable: imageBuilderErrors,
  operations: {
    ...componentOperations,
    ...containerRecipeOperations,
    ...imageRecipeOperations,
    ...infrastructureConfigurationOperations,
    ...imageOperations,
    ...imagePolicyOperations,
    ...scanFindingOperations,
    ...startOperations,
    ...workflowExecutionOperations,
    ...distributionConfigurationOperations,
    ...imagePipelineOperations,
    ...imageBuilderTagOperations,
  },
});
