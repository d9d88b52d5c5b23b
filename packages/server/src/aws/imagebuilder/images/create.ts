import type { CreateImageRequest } from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { readWireContainerRecipe } from '../container-recipes/describe.ts';
import { readDistributionConfiguration } from '../distribution-configurations/describe.ts';
import { ImageBuilderError } from '../errors.ts';
import { readInfrastructureConfiguration } from '../infrastructure-configurations/describe.ts';
import { checkWorkflows } from '../pipelines/definition.ts';
import type { BuildContext } from './build-context.ts';
import { imageArn } from './find-image.ts';
import { compileOrder } from './order.ts';
import type { Image } from './repository.ts';
import { numberImage, storeImage } from './store.ts';

type Requested = Omit<CamelCased<CreateImageRequest>, 'tags' | 'clientToken'>;

export interface NewImage extends Requested {
  readonly tags: Readonly<Record<string, string>>;
  readonly pipeline: { readonly arn: string; readonly name: string } | null;
  readonly buildType: 'USER_INITIATED' | 'SCHEDULED';
}

/** Stores a build with copies of everything that it is made from, and wakes a builder. */
export async function createImage(wanted: NewImage, context: BuildContext): Promise<Image> {
  const { containerRecipeArn, imageRecipeArn } = wanted;
  if ((containerRecipeArn === undefined) === (imageRecipeArn === undefined)) {
    throw new ImageBuilderError(
      'IMAGE_PARAMETER_COMBINATION',
      'Give exactly one of containerRecipeArn and imageRecipeArn.',
    );
  }
  if (containerRecipeArn === undefined) {
    throw new ImageBuilderError(
      'IMAGE_STATE',
      'Disk images cannot be built yet: recipes for them are stored, and container recipes are built.',
    );
  }
  checkWorkflows(wanted);
  const recipe = await readWireContainerRecipe(containerRecipeArn, context);
  const infrastructure = await readInfrastructureConfiguration(wanted.infrastructureConfigurationArn ?? '', context);
  const distribution =
    wanted.distributionConfigurationArn === undefined
      ? null
      : await readDistributionConfiguration(wanted.distributionConfigurationArn, context);
  const { name = '', version = '' } = recipe;
  const numbered = await numberImage(name, version, context);
  const {
    order,
    patchGroup,
    dependencies: madeFrom,
  } = await compileOrder(
    {
      imageId: numbered.imageId,
      imageBuildVersionArn: imageArn(numbered),
      version: `${version}/${numbered.buildNumber}`,
      recipeArn: containerRecipeArn,
      recipe,
      distribution,
      isTested: wanted.imageTestsConfiguration?.imageTestsEnabled ?? true,
    },
    context,
  );
  const { imageTestsConfiguration, enhancedImageMetadataEnabled, imageScanningConfiguration } = wanted;
  const { executionRole, loggingConfiguration } = wanted;
  return await storeImage(
    {
      ...numbered,
      buildType: wanted.buildType,
      recipeArn: containerRecipeArn,
      recipe: JSON.stringify(recipe),
      infrastructure: JSON.stringify(infrastructure),
      distribution: distribution && JSON.stringify(distribution),
      pipelineArn: wanted.pipeline?.arn ?? null,
      pipelineName: wanted.pipeline?.name ?? null,
      request: JSON.stringify({
        imageTestsConfiguration,
        enhancedImageMetadataEnabled: enhancedImageMetadataEnabled ?? true,
        imageScanningConfiguration,
        executionRole,
        loggingConfiguration,
      }),
      patchGroup,
      buildOrder: JSON.stringify(order),
      dependencies: JSON.stringify(madeFrom),
    },
    wanted.tags,
    context,
  );
}
