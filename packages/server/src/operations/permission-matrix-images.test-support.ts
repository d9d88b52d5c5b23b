import type { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { addComponent } from '../aws/imagebuilder/components/components.test-support.ts';
import { addContainerRecipe, addImageRecipe, debianArn } from '../aws/imagebuilder/recipes/recipes.test-support.ts';
import type { About, Row } from './permission-matrix.test-support.ts';

function imageBuilder(name: string, allowed: string, input: Row['input']): Row {
  return { target: `imagebuilder.${name}`, allowed, input, when: 'by itself' };
}

/** The definitions of an image, with the tags of the node that they are for. */
export async function defineImage(
  client: ImagebuilderClient,
  instanceId: string,
  tags: Record<string, string>,
): Promise<Pick<About, 'componentArn' | 'containerRecipeArn' | 'imageRecipeArn'>> {
  const componentArn = await addComponent(client, { name: `of ${instanceId}`, tags });
  const containerRecipeArn = await addContainerRecipe(client, { name: `of ${instanceId}`, tags });
  const imageRecipeArn = await addImageRecipe(client, { name: `of ${instanceId}`, tags });
  return { componentArn, containerRecipeArn, imageRecipeArn };
}

const clientToken = 'matrix';
const configuration = ({ configurationArn }: About) => ({ infrastructureConfigurationArn: configurationArn });
const update = (about: About) => ({ ...configuration(about), instanceProfileName: 'matrix', clientToken });
const tagged = ({ configurationArn }: About) => ({ resourceArn: configurationArn });

const ofComponent = ({ componentArn }: About) => ({ componentBuildVersionArn: componentArn });
const ofManagedComponent = ({ componentArn }: About) => ({
  componentBuildVersionArn: componentArn.replace(/\d{12}:component.*$/, 'aws:component/update-linux/x.x.x'),
});
const policyOfComponent = ({ componentArn }: About) => ({ componentArn });
const component = () => ({
  name: 'matrix',
  semanticVersion: '1.0.0',
  platform: 'Linux',
  data: 'matrix',
  clientToken,
});

const containerRecipe = ({ containerRecipeArn }: About) => ({ containerRecipeArn });
const imageRecipe = ({ imageRecipeArn }: About) => ({ imageRecipeArn });
const recipe = () => ({ name: 'matrix', semanticVersion: '1.0.0', parentImage: debianArn, clientToken });
const targetRepository = { service: 'ECR', repositoryName: 'matrix' };
const policy = '{}';

/** Who gets through to the resources of Image Builder. W and D are limited to the tags that those of W carry. */
export const matrixForImages: readonly Row[] = [
  imageBuilder('CreateInfrastructureConfiguration', 'A', () => ({
    name: 'matrix',
    instanceProfileName: 'matrix',
    clientToken,
  })),
  imageBuilder('UpdateInfrastructureConfiguration', 'A', update),
  imageBuilder('GetInfrastructureConfiguration', 'AORW', configuration),
  imageBuilder('ListInfrastructureConfigurations', 'AORWD', () => ({})),
  imageBuilder('TagResource', 'A', (about) => ({ ...tagged(about), tags: { seen: 'yes' } })),
  imageBuilder('UntagResource', 'A', (about) => ({ ...tagged(about), tagKeys: ['seen'] })),
  imageBuilder('ListTagsForResource', 'AORW', tagged),
  imageBuilder('DeleteInfrastructureConfiguration', 'A', configuration),
  imageBuilder('CreateComponent', 'A', component),
  imageBuilder('ImportComponent', 'A', () => ({ ...component(), type: 'BUILD', format: 'SHELL' })),
  imageBuilder('GetComponent', 'AORW', ofComponent),
  { ...imageBuilder('GetComponent', 'AORWD', ofManagedComponent), when: 'about one that comes with Patchbay' },
  imageBuilder('ListComponents', 'AORWD', () => ({})),
  imageBuilder('ListComponentBuildVersions', 'AORWD', ({ componentArn }) => ({
    componentVersionArn: componentArn.replace(/\/\d+$/, ''),
  })),
  imageBuilder('PutComponentPolicy', 'A', (about) => ({ ...policyOfComponent(about), policy })),
  imageBuilder('GetComponentPolicy', 'AORW', policyOfComponent),
  imageBuilder('DeleteComponent', 'A', ofComponent),
  imageBuilder('CreateContainerRecipe', 'A', () => ({ ...recipe(), containerType: 'DOCKER', targetRepository })),
  imageBuilder('GetContainerRecipe', 'AORW', containerRecipe),
  imageBuilder('ListContainerRecipes', 'AORWD', () => ({})),
  imageBuilder('PutContainerRecipePolicy', 'A', (about) => ({ ...containerRecipe(about), policy })),
  imageBuilder('GetContainerRecipePolicy', 'AORW', containerRecipe),
  imageBuilder('DeleteContainerRecipe', 'A', containerRecipe),
  imageBuilder('CreateImageRecipe', 'A', recipe),
  imageBuilder('GetImageRecipe', 'AORW', imageRecipe),
  imageBuilder('ListImageRecipes', 'AORWD', () => ({})),
  imageBuilder('PutImageRecipePolicy', 'A', (about) => ({ ...imageRecipe(about), policy })),
  imageBuilder('GetImageRecipePolicy', 'AORW', imageRecipe),
  imageBuilder('DeleteImageRecipe', 'A', imageRecipe),
];
