import type { ImagePipeline } from '../pipelines/repository.ts';
import { pipelineArn } from '../pipelines/service.ts';
import type { BuildContext } from './build-context.ts';
import { createImage, type NewImage } from './create.ts';
import type { Image } from './repository.ts';

/**
 * Begins the build that a pipeline describes; the tags of the call come over those that it gives its images. The workflows
 * that a pipeline can have come with AWS, and say what happens anyway.
 */
export async function startPipeline(
  { arnName, name, definition }: ImagePipeline,
  { tags, buildType }: Pick<NewImage, 'tags' | 'buildType'>,
  context: BuildContext,
): Promise<Image> {
  const { imageTags = {}, loggingConfiguration } = definition;
  const logGroupName = loggingConfiguration?.imageLogGroupName;
  return await createImage(
    {
      containerRecipeArn: definition.containerRecipeArn,
      imageRecipeArn: definition.imageRecipeArn,
      infrastructureConfigurationArn: definition.infrastructureConfigurationArn,
      distributionConfigurationArn: definition.distributionConfigurationArn,
      imageTestsConfiguration: definition.imageTestsConfiguration,
      enhancedImageMetadataEnabled: definition.enhancedImageMetadataEnabled,
      imageScanningConfiguration: definition.imageScanningConfiguration,
      executionRole: definition.executionRole,
      loggingConfiguration: logGroupName === undefined ? undefined : { logGroupName },
      tags: { ...imageTags, ...tags },
      pipeline: { arn: pipelineArn(context, arnName), name },
      buildType,
    },
    context,
  );
}
