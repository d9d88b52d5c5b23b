import type {
  CreateContainerRecipeRequest,
  CreateContainerRecipeResponse,
  DeleteContainerRecipeRequest,
  DeleteContainerRecipeResponse,
  GetContainerRecipePolicyRequest,
  GetContainerRecipePolicyResponse,
  GetContainerRecipeRequest,
  GetContainerRecipeResponse,
  ListContainerRecipesRequest,
  ListContainerRecipesResponse,
  PutContainerRecipePolicyRequest,
  PutContainerRecipePolicyResponse,
} from '@aws-sdk/client-imagebuilder';
import { latestVersionReferences, parseImageBuilderArn } from '@patchbay/patching';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { listRecipes, readRecipeTags } from '../recipes/list-recipes.ts';
import { deleteRecipe, getRecipe, newRecipeResource, recipeResource } from '../recipes/service.ts';
import { containerRecipeType } from '../recipes/tables.ts';
import { getResourcePolicy, putResourcePolicy } from '../resource-policies/service.ts';
import { containerRecipeOf, createContainerRecipe } from './service.ts';

async function CreateContainerRecipe(
  input: CamelCased<CreateContainerRecipeRequest>,
  context: OperationContext,
): Promise<CamelCased<CreateContainerRecipeResponse>> {
  const { name = '', semanticVersion = '', parentImage = '', tags = {}, clientToken, ...definition } = input;
  const arn = await createContainerRecipe({ name, semanticVersion, parentImage, tags, definition }, context);
  return {
    requestId: context.requestId,
    clientToken,
    containerRecipeArn: arn,
    latestVersionReferences: latestVersionReferences(parseImageBuilderArn(arn)) ?? undefined,
  };
}

async function GetContainerRecipe(
  { containerRecipeArn = '' }: CamelCased<GetContainerRecipeRequest>,
  context: OperationContext,
): Promise<CamelCased<GetContainerRecipeResponse>> {
  const row = await getRecipe(containerRecipeArn, containerRecipeType, context);
  const tagsOf = await readRecipeTags([row], containerRecipeType, context);
  const { arn, name, version, parentImage, dateCreated, definition } = containerRecipeOf(row, context);
  const { containerType, description, components, instanceConfiguration, workingDirectory } = definition;
  return {
    requestId: context.requestId,
    containerRecipe: {
      arn,
      containerType,
      name,
      description,
      platform: 'Linux',
      owner: context.accountId,
      version,
      components,
      instanceConfiguration,
      dockerfileTemplateData: definition.dockerfileTemplateData,
      encrypted: false,
      parentImage,
      dateCreated: dateCreated.toISOString(),
      tags: tagsOf(row),
      workingDirectory,
      targetRepository: definition.targetRepository,
    },
    latestVersionReferences: latestVersionReferences(parseImageBuilderArn(arn)) ?? undefined,
  };
}

async function ListContainerRecipes(
  input: CamelCased<ListContainerRecipesRequest>,
  context: OperationContext,
): Promise<CamelCased<ListContainerRecipesResponse>> {
  const filters = ['containerType', 'name', 'parentImage', 'platform'] as const;
  const { recipes, nextToken } = await listRecipes(
    'ListContainerRecipes',
    containerRecipeType,
    filters,
    input,
    context,
  );
  const tagsOf = await readRecipeTags(recipes, containerRecipeType, context);
  return {
    requestId: context.requestId,
    containerRecipeSummaryList: recipes.map((row) => {
      const { arn, name, parentImage, dateCreated, definition } = containerRecipeOf(row, context);
      return {
        arn,
        containerType: definition.containerType,
        name,
        platform: 'Linux',
        owner: context.accountId,
        parentImage,
        dateCreated: dateCreated.toISOString(),
        instanceImage: definition.instanceConfiguration?.image,
        tags: tagsOf(row),
      };
    }),
    nextToken,
  };
}

async function DeleteContainerRecipe(
  { containerRecipeArn = '' }: CamelCased<DeleteContainerRecipeRequest>,
  context: OperationContext,
): Promise<CamelCased<DeleteContainerRecipeResponse>> {
  await deleteRecipe(containerRecipeArn, containerRecipeType, context);
  return { requestId: context.requestId, containerRecipeArn };
}

async function findPolicyHolder(arn: string, context: OperationContext) {
  const { resourceId } = await getRecipe(arn, containerRecipeType, context);
  return { resourceType: containerRecipeType, resourceId };
}

async function GetContainerRecipePolicy(
  { containerRecipeArn = '' }: CamelCased<GetContainerRecipePolicyRequest>,
  context: OperationContext,
): Promise<CamelCased<GetContainerRecipePolicyResponse>> {
  const holder = await findPolicyHolder(containerRecipeArn, context);
  return { requestId: context.requestId, policy: await getResourcePolicy(containerRecipeArn, holder, context) };
}

async function PutContainerRecipePolicy(
  { containerRecipeArn = '', policy = '' }: CamelCased<PutContainerRecipePolicyRequest>,
  context: OperationContext,
): Promise<CamelCased<PutContainerRecipePolicyResponse>> {
  await putResourcePolicy(await findPolicyHolder(containerRecipeArn, context), policy, context);
  return { requestId: context.requestId, containerRecipeArn };
}

const resource = async (input: { containerRecipeArn?: string | undefined }, context: OperationContext) =>
  await recipeResource(input.containerRecipeArn ?? '', containerRecipeType, context);
const newResource = (input: CamelCased<CreateContainerRecipeRequest>, context: OperationContext) =>
  newRecipeResource(input, containerRecipeType, context);

export const containerRecipeOperations = {
  CreateContainerRecipe: operation({ handle: CreateContainerRecipe, resource: newResource }),
  GetContainerRecipe: operation({ handle: GetContainerRecipe, resource }),
  ListContainerRecipes: operation({ handle: ListContainerRecipes }),
  DeleteContainerRecipe: operation({ handle: DeleteContainerRecipe, resource }),
  GetContainerRecipePolicy: operation({ handle: GetContainerRecipePolicy, resource }),
  PutContainerRecipePolicy: operation({ handle: PutContainerRecipePolicy, resource }),
};
