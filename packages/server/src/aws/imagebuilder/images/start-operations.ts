import type {
  StartImagePipelineExecutionRequest,
  StartImagePipelineExecutionResponse,
} from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { getPipeline, pipelineResource } from '../pipelines/service.ts';
import { imageArn } from './find-image.ts';
import { startPipeline } from './start-pipeline.ts';

async function StartImagePipelineExecution(
  input: CamelCased<StartImagePipelineExecutionRequest>,
  context: OperationContext,
): Promise<CamelCased<StartImagePipelineExecutionResponse>> {
  const { imagePipelineArn = '', clientToken, tags = {} } = input;
  const pipeline = await getPipeline(imagePipelineArn, context);
  const image = await startPipeline(pipeline, { tags, buildType: 'USER_INITIATED' }, context);
  return { requestId: context.requestId, clientToken, imageBuildVersionArn: imageArn(image) };
}

export const startOperations = {
  StartImagePipelineExecution: operation({
    handle: StartImagePipelineExecution,
    resource: pipelineResource,
    // Tags say who else may see and change an image.
    needs: ({ tags = {} }) => (Object.keys(tags).length === 0 ? [] : ['imagebuilder:CreateImage']),
  }),
};
