import {
  CreateDistributionConfigurationCommand,
  CreateImagePipelineCommand,
  type CreateImagePipelineCommandInput,
  CreateInfrastructureConfigurationCommand,
  GetImagePipelineCommand,
  type ImagebuilderClient,
  type ImagePipeline,
} from '@aws-sdk/client-imagebuilder';
import { addContainerRecipe } from '../recipes/recipes.test-support.ts';

export type PipelineInput = CreateImagePipelineCommandInput;

/** What the pipelines of a test refer to. */
export interface PipelineParts {
  readonly infrastructureConfigurationArn: string;
  readonly distributionConfigurationArn: string;
  readonly containerRecipeArn: string;
}

/** Makes what pipelines of a name refer to. */
export async function createParts(
  client: ImagebuilderClient,
  name: string,
  tags: Record<string, string> = { made: 'for a test' },
): Promise<PipelineParts> {
  const { infrastructureConfigurationArn = '' } = await client.send(
    new CreateInfrastructureConfigurationCommand({ name, instanceProfileName: 'builders', tags }),
  );
  const { distributionConfigurationArn = '' } = await client.send(
    new CreateDistributionConfigurationCommand({
      name,
      distributions: [
        {
          region: 'us-east-1',
          containerDistributionConfiguration: {
            targetRepository: { service: 'ECR', repositoryName: 'registry.example/web' },
          },
        },
      ],
      tags,
    }),
  );
  const containerRecipeArn = await addContainerRecipe(client, { name, tags });
  return { infrastructureConfigurationArn, distributionConfigurationArn, containerRecipeArn };
}

/** Creates a pipeline and answers its ARN. */
export async function createPipelineOf(client: ImagebuilderClient, input: PipelineInput): Promise<string> {
  return (await client.send(new CreateImagePipelineCommand(input))).imagePipelineArn ?? '';
}

export async function readPipeline(
  client: ImagebuilderClient,
  imagePipelineArn: string,
): Promise<ImagePipeline | undefined> {
  return (await client.send(new GetImagePipelineCommand({ imagePipelineArn }))).imagePipeline;
}
