import {
  CreateContainerRecipeCommand,
  type CreateContainerRecipeCommandInput,
  CreateImageRecipeCommand,
  type CreateImageRecipeCommandInput,
  type ImagebuilderClient,
} from '@aws-sdk/client-imagebuilder';

export const debianArn = 'arn:aws:imagebuilder:us-east-1:aws:image/debian-12-x86/x.x.x';

/** Creates a container recipe, by default one that does nothing, and answers its ARN. */
export async function addContainerRecipe(
  client: ImagebuilderClient,
  input: Partial<CreateContainerRecipeCommandInput> & { readonly name: string },
): Promise<string> {
  const command = new CreateContainerRecipeCommand({
    containerType: 'DOCKER',
    semanticVersion: '1.0.0',
    parentImage: debianArn,
    targetRepository: { service: 'ECR', repositoryName: 'team/app' },
    ...input,
  });
  return (await client.send(command)).containerRecipeArn ?? '';
}

/** The same for disk images. */
export async function addImageRecipe(
  client: ImagebuilderClient,
  input: Partial<CreateImageRecipeCommandInput> & { readonly name: string },
): Promise<string> {
  const command = new CreateImageRecipeCommand({ semanticVersion: '1.0.0', parentImage: debianArn, ...input });
  return (await client.send(command)).imageRecipeArn ?? '';
}
