import type { CreateImageRequest } from '@aws-sdk/client-imagebuilder';
import { imageBuildSteps } from '@patchbay/contracts';
import { nameInArn, parseSemanticVersion } from '@patchbay/patching';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { buildTopic, buildTopicKey } from '../../../patchbay/image-builds/wake.ts';
import { tagNewResource } from '../../ssm/tags/service.ts';
import { readWireContainerRecipe } from '../container-recipes/describe.ts';
import { readDistributionConfiguration } from '../distribution-configurations/describe.ts';
import { ImageBuilderError } from '../errors.ts';
import { readInfrastructureConfiguration } from '../infrastructure-configurations/describe.ts';
import type { BuildContext } from './build-context.ts';
import { imageArn } from './find-image.ts';
import { imageIdOf } from './image-id.ts';
import { compileOrder } from './order.ts';
import { findImageById, type Image, insertImage, takeBuildNumber } from './repository.ts';
import { imageType } from './tables.ts';

type Requested = Omit<CamelCased<CreateImageRequest>, 'tags' | 'clientToken'>;

export interface NewImage extends Requested {
  readonly tags: Readonly<Record<string, string>>;
  readonly pipeline: { readonly arn: string; readonly name: string } | null;
  readonly buildType: 'USER_INITIATED' | 'SCHEDULED';
}

/** Stores a build with copies of everything that it is made from, and wakes a builder. */
export async function createImage(wanted: NewImage, context: BuildContext): Promise<Image> {
  const { db, accountId, region, now, dependencies } = context;
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
  if (wanted.workflows !== undefined && wanted.workflows.length > 0) {
    throw new ImageBuilderError('IMAGE_STATE', 'Workflows of your own cannot be run yet: leave workflows out.');
  }
  const recipe = await readWireContainerRecipe(containerRecipeArn, context);
  const infrastructure = await readInfrastructureConfiguration(wanted.infrastructureConfigurationArn ?? '', context);
  const distribution =
    wanted.distributionConfigurationArn === undefined
      ? null
      : await readDistributionConfiguration(wanted.distributionConfigurationArn, context);
  const { name = '', version = '' } = recipe;
  const arnName = nameInArn(name);
  const { major, minor, patch } = parseSemanticVersion(version);
  const buildNumber = await takeBuildNumber(db, context, arnName, version);
  const resourceId = `${arnName}/${version}/${buildNumber}`;
  const imageId = imageIdOf(dependencies.randomId());
  const {
    order,
    patchGroup,
    dependencies: madeFrom,
  } = await compileOrder(
    {
      imageId,
      imageBuildVersionArn: imageArn({ accountId, region, resourceId }),
      version: `${version}/${buildNumber}`,
      recipeArn: containerRecipeArn,
      recipe,
      distribution,
      isTested: wanted.imageTestsConfiguration?.imageTestsEnabled ?? true,
    },
    context,
  );
  const { imageTestsConfiguration, enhancedImageMetadataEnabled, imageScanningConfiguration } = wanted;
  const { executionRole, loggingConfiguration } = wanted;
  await insertImage(
    db,
    {
      imageId,
      accountId,
      region,
      arnName,
      name,
      version,
      versionOrder: [major, minor, patch],
      buildNumber,
      resourceId,
      buildType: wanted.buildType,
      status: 'PENDING',
      reason: 'It waits for a builder.',
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
      dateCreated: now,
    },
    stepsOf(imageId, dependencies.randomId),
  );
  const tags = Object.entries(wanted.tags).map(([key, value]) => ({ key, value }));
  await tagNewResource({ resourceType: imageType, resourceId }, tags, context);
  await dependencies.wake.notify(db, buildTopic, [buildTopicKey(context)]);
  const image = await findImageById(db, imageId);
  if (!image) throw new Error(`The image ${imageId} is gone in the transaction that made it`);
  return image;
}

function stepsOf(imageId: string, randomId: () => string) {
  const workflows = new Map(imageBuildSteps.map(({ workflow }) => [workflow, `wf-${randomId()}`]));
  return imageBuildSteps.map(({ workflow, name, action }, ordinal) => ({
    imageId,
    ordinal,
    workflow,
    workflowExecutionId: workflows.get(workflow) ?? '',
    stepExecutionId: `step-${randomId()}`,
    name,
    action,
    status: 'PENDING' as const,
    message: '',
    startedAt: null,
    endedAt: null,
  }));
}
