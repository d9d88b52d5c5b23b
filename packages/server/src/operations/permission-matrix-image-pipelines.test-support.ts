import {
  CreateDistributionConfigurationCommand,
  CreateImagePipelineCommand,
  type ImagebuilderClient,
} from '@aws-sdk/client-imagebuilder';
import type { About, Row } from './permission-matrix.test-support.ts';

function imageBuilder(name: string, allowed: string, input: Row['input']): Row {
  return { target: `imagebuilder.${name}`, allowed, input, when: 'by itself' };
}

const distributions = [
  {
    region: 'us-east-1',
    containerDistributionConfiguration: {
      targetRepository: { service: 'ECR' as const, repositoryName: 'registry.example/matrix' },
    },
  },
];
const clientToken = 'matrix';

/** Makes what the rows below are about, beside the infrastructure configuration of the same name. */
export async function provideImagePipelines(
  client: ImagebuilderClient,
  name: string,
  tags: Record<string, string>,
): Promise<void> {
  const { distributionConfigurationArn = '' } = await client.send(
    new CreateDistributionConfigurationCommand({ name, distributions, tags }),
  );
  const configurationArn = distributionConfigurationArn.replace('distribution-', 'infrastructure-');
  await client.send(new CreateImagePipelineCommand({ ...partsOf({ configurationArn }), name, tags }));
}

const arnOf = (about: About, resourceType: string) =>
  about.configurationArn.replace('infrastructure-configuration', resourceType);
const distribution = (about: About) => ({
  distributionConfigurationArn: arnOf(about, 'distribution-configuration'),
});

/** What a pipeline is made of: the recipe and the infrastructure configuration of the same name. */
const partsOf = ({ configurationArn }: Pick<About, 'configurationArn'>) => ({
  infrastructureConfigurationArn: configurationArn,
  containerRecipeArn: `${configurationArn.replace('infrastructure-configuration', 'container-recipe')}/1.0.0`,
});
const pipeline = (about: About) => ({ imagePipelineArn: arnOf(about, 'image-pipeline') });

/** Who gets through to distribution configurations and pipelines, as to the other resources of Image Builder. */
export const matrixForImagePipelines: readonly Row[] = [
  imageBuilder('CreateDistributionConfiguration', 'A', () => ({ name: 'matrix', distributions, clientToken })),
  imageBuilder('UpdateDistributionConfiguration', 'A', (about) => ({
    ...distribution(about),
    distributions,
    clientToken,
  })),
  imageBuilder('GetDistributionConfiguration', 'AORW', distribution),
  imageBuilder('ListDistributionConfigurations', 'AORWD', () => ({})),
  imageBuilder('CreateImagePipeline', 'A', (about) => ({ ...partsOf(about), name: 'matrix', clientToken })),
  imageBuilder('UpdateImagePipeline', 'A', (about) => ({ ...pipeline(about), ...partsOf(about), clientToken })),
  imageBuilder('GetImagePipeline', 'AORW', pipeline),
  imageBuilder('ListImagePipelines', 'AORWD', () => ({})),
  { target: 'Patchbay.ListImagePipelineRuns', allowed: 'AORW', input: pipeline, when: 'by itself' },
  imageBuilder('DeleteImagePipeline', 'A', pipeline),
  imageBuilder('DeleteDistributionConfiguration', 'A', distribution),
];
