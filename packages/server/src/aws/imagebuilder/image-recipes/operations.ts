import type {
  CreateImageRecipeRequest,
  CreateImageRecipeResponse,
  DeleteImageRecipeRequest,
  DeleteImageRecipeResponse,
  GetImageRecipePolicyRequest,
  GetImageRecipePolicyResponse,
  GetImageRecipeRequest,
  GetImageRecipeResponse,
  ListImageRecipesRequest,
  ListImageRecipesResponse,
  PutImageRecipePolicyRequest,
  PutImageRecipePolicyResponse,
} from '@aws-sdk/client-imagebuilder';
import { latestVersionReferences, parseImageBuilderArn } from '@patchbay/patching';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { listRecipes, readRecipeTags } from '../recipes/list-recipes.ts';
import { deleteRecipe, getRecipe, newRecipeResource, recipeOf, recipeResource } from '../recipes/service.ts';
import { type ImageRecipeDefinition, imageRecipeType } from '../recipes/tables.ts';
import { getResourcePolicy, putResourcePolicy } from '../resource-policies/service.ts';
import { createImageRecipe } from './service.ts';

async function CreateImageRecipe(
  input: CamelCased<CreateImageRecipeRequest>,
  context: OperationContext,
): Promise<CamelCased<CreateImageRecipeResponse>> {
  const { name = '', semanticVersion = '', parentImage = '', tags = {}, clientToken, ...definition } = input;
  const arn = await createImageRecipe({ name, semanticVersion, parentImage, tags, definition }, context);
  return {
    requestId: context.requestId,
    clientToken,
    imageRecipeArn: arn,
    latestVersionReferences: latestVersionReferences(parseImageBuilderArn(arn)) ?? undefined,
  };
}

async function GetImageRecipe(
  { imageRecipeArn = '' }: CamelCased<GetImageRecipeRequest>,
  context: OperationContext,
): Promise<CamelCased<GetImageRecipeResponse>> {
  const row = await getRecipe(imageRecipeArn, imageRecipeType, context);
  const tagsOf = await readRecipeTags([row], imageRecipeType, context);
  const { arn, name, version, parentImage, dateCreated, definition } = recipeOf<ImageRecipeDefinition>(row, context);
  return {
    requestId: context.requestId,
    imageRecipe: {
      ...definition,
      arn,
      type: 'AMI',
      name,
      platform: 'Linux',
      owner: context.accountId,
      version,
      parentImage,
      dateCreated: dateCreated.toISOString(),
      tags: tagsOf(row),
    },
    latestVersionReferences: latestVersionReferences(parseImageBuilderArn(arn)) ?? undefined,
  };
}

async function ListImageRecipes(
  input: CamelCased<ListImageRecipesRequest>,
  context: OperationContext,
): Promise<CamelCased<ListImageRecipesResponse>> {
  const filters = ['name', 'parentImage', 'platform'] as const;
  const { recipes, nextToken } = await listRecipes('ListImageRecipes', imageRecipeType, filters, input, context);
  const tagsOf = await readRecipeTags(recipes, imageRecipeType, context);
  return {
    requestId: context.requestId,
    imageRecipeSummaryList: recipes.map((row) => {
      const { arn, name, parentImage, dateCreated } = recipeOf(row, context);
      return {
        arn,
        name,
        platform: 'Linux',
        owner: context.accountId,
        parentImage,
        dateCreated: dateCreated.toISOString(),
        tags: tagsOf(row),
      };
    }),
    nextToken,
  };
}

async function DeleteImageRecipe(
  { imageRecipeArn = '' }: CamelCased<DeleteImageRecipeRequest>,
  context: OperationContext,
): Promise<CamelCased<DeleteImageRecipeResponse>> {
  await deleteRecipe(imageRecipeArn, imageRecipeType, context);
  return { requestId: context.requestId, imageRecipeArn };
}

async function findPolicyHolder(arn: string, context: OperationContext) {
  const { resourceId } = await getRecipe(arn, imageRecipeType, context);
  return { resourceType: imageRecipeType, resourceId };
}

async function GetImageRecipePolicy(
  { imageRecipeArn = '' }: CamelCased<GetImageRecipePolicyRequest>,
  context: OperationContext,
): Promise<CamelCased<GetImageRecipePolicyResponse>> {
  const holder = await findPolicyHolder(imageRecipeArn, context);
  return { requestId: context.requestId, policy: await getResourcePolicy(imageRecipeArn, holder, context) };
}

async function PutImageRecipePolicy(
  { imageRecipeArn = '', policy = '' }: CamelCased<PutImageRecipePolicyRequest>,
  context: OperationContext,
): Promise<CamelCased<PutImageRecipePolicyResponse>> {
  await putResourcePolicy(await findPolicyHolder(imageRecipeArn, context), policy, context);
  return { requestId: context.requestId, imageRecipeArn };
}

const resource = async (input: { imageRecipeArn?: string | undefined }, context: OperationContext) =>
  await recipeResource(input.imageRecipeArn ?? '', imageRecipeType, context);
const newResource = (input: CamelCased<CreateImageRecipeRequest>, context: OperationContext) =>
  newRecipeResource(input, imageRecipeType, context);

export const imageRecipeOperations = {
  CreateImageRecipe: operation({ handle: CreateImageRecipe, resource: newResource }),
  GetImageRecipe: operation({ handle: GetImageRecipe, resource }),
  ListImageRecipes: operation({ handle: ListImageRecipes }),
  DeleteImageRecipe: operation({ handle: DeleteImageRecipe, resource }),
  GetImageRecipePolicy: operation({ handle: GetImageRecipePolicy, resource }),
  PutImageRecipePolicy: operation({ handle: PutImageRecipePolicy, resource }),
};
