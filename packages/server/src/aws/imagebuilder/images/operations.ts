import type {
  CancelImageCreationRequest,
  CancelImageCreationResponse,
  CreateImageRequest,
  CreateImageResponse,
  DeleteImageRequest,
  DeleteImageResponse,
  GetImageRequest,
  GetImageResponse,
  ListImageBuildVersionsRequest,
  ListImageBuildVersionsResponse,
  ListImagePackagesRequest,
  ListImagePackagesResponse,
  ListImagePipelineImagesRequest,
  ListImagePipelineImagesResponse,
  ListImagesRequest,
  ListImagesResponse,
  RetryImageRequest,
  RetryImageResponse,
} from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { readTags, readTagsOfMany } from '../../ssm/tags/repository.ts';
import { arnResource } from '../arns.ts';
import { ImageBuilderError } from '../errors.ts';
import { readFilters } from '../filters.ts';
import { cancelImage } from './cancel.ts';
import { createImage } from './create.ts';
import { deleteImage } from './delete.ts';
import { describeImage, describeImageVersion, summarizeImage } from './describe.ts';
import { findImage, findImageBuild, imageArn, imageResource, readImageArn, referencesOf } from './find-image.ts';
import { imageFilterNames, listImages, positionOf } from './list-images.ts';
import { listPackages } from './packages.ts';
import type { Image } from './repository.ts';
import { retryBuild } from './retry.ts';
import { imageType } from './tables.ts';

async function CreateImage(
  input: CamelCased<CreateImageRequest>,
  context: OperationContext,
): Promise<CamelCased<CreateImageResponse>> {
  const { clientToken, tags = {}, ...request } = input;
  const image = await createImage({ ...request, tags, pipeline: null, buildType: 'USER_INITIATED' }, context);
  return {
    requestId: context.requestId,
    clientToken,
    imageBuildVersionArn: imageArn(image),
    latestVersionReferences: referencesOf(image),
  };
}

async function GetImage(
  input: CamelCased<GetImageRequest>,
  context: OperationContext,
): Promise<CamelCased<GetImageResponse>> {
  const image = await findImage(input.imageBuildVersionArn ?? '', context);
  const tags = await readTags(context.db, context, { resourceType: imageType, resourceId: image.resourceId });
  return {
    requestId: context.requestId,
    image: describeImage(image, tags),
    latestVersionReferences: referencesOf(image),
  };
}

async function ListImages(
  input: CamelCased<ListImagesRequest>,
  context: OperationContext,
): Promise<CamelCased<ListImagesResponse>> {
  const filters = readFilters(input.filters, imageFilterNames);
  const page = startOfPage('ListImages', input, context);
  const limit = input.maxResults ?? 25;
  const isOwn = input.owner === undefined || input.owner === 'Self';
  const found = isOwn
    ? await listImages(context.db, context, {
        reach: context.reach,
        filters,
        isOfVersions: true,
        includesDeprecated: input.includeDeprecated === true,
        after: page.after,
        limit: limit + 1,
      })
    : [];
  return {
    requestId: context.requestId,
    imageVersionList: found.slice(0, limit).map(describeImageVersion),
    nextToken: nextToken(page, found, limit, positionOf),
  };
}

interface BuildList {
  readonly of?: { readonly arnName: string; readonly version: string };
  readonly pipelineArn?: string;
}

type BuildListInput = Pick<CamelCased<ListImagePipelineImagesRequest>, 'filters' | 'maxResults' | 'nextToken'>;

async function listBuilds(name: string, input: BuildListInput, list: BuildList, context: OperationContext) {
  const filters = readFilters(input.filters, imageFilterNames);
  const page = startOfPage(name, input, context);
  const limit = input.maxResults ?? 25;
  const query = { reach: context.reach, filters, ...list, isOfVersions: false, includesDeprecated: true };
  const found = await listImages(context.db, context, { ...query, after: page.after, limit: limit + 1 });
  const shown = found.slice(0, limit);
  const ids = shown.map(({ resourceId }) => resourceId);
  const tags = await readTagsOfMany(context.db, context, imageType, ids);
  const summarize = (image: Image) => summarizeImage(image, Object.fromEntries(tags.get(image.resourceId) ?? []));
  return {
    requestId: context.requestId,
    imageSummaryList: shown.map(summarize),
    nextToken: nextToken(page, found, limit, positionOf),
  };
}

async function ListImageBuildVersions(
  input: CamelCased<ListImageBuildVersionsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListImageBuildVersionsResponse>> {
  const { imageVersionArn } = input;
  if (imageVersionArn === undefined) {
    throw new ImageBuilderError('IMAGE_PARAMETER', 'Give imageVersionArn: the builds of which version?');
  }
  const { name, version } = readImageArn(imageVersionArn, ['version'], context);
  const of = { arnName: name, version: version?.fixed.join('.') ?? '' };
  return await listBuilds('ListImageBuildVersions', input, { of }, context);
}

async function ListImagePipelineImages(
  input: CamelCased<ListImagePipelineImagesRequest>,
  context: OperationContext,
): Promise<CamelCased<ListImagePipelineImagesResponse>> {
  return await listBuilds('ListImagePipelineImages', input, { pipelineArn: input.imagePipelineArn ?? '' }, context);
}

async function ListImagePackages(
  input: CamelCased<ListImagePackagesRequest>,
  context: OperationContext,
): Promise<CamelCased<ListImagePackagesResponse>> {
  const page = startOfPage('ListImagePackages', input, context);
  const limit = input.maxResults ?? 25;
  const image = await findImageBuild(input.imageBuildVersionArn ?? '', context);
  const found = (await listPackages(image, context)).filter(({ position }) => position > page.after);
  return {
    requestId: context.requestId,
    imagePackageList: found
      .slice(0, limit)
      .map(({ name, version }) => ({ packageName: name, packageVersion: version })),
    nextToken: nextToken(page, found, limit, ({ position }) => position),
  };
}

async function CancelImageCreation(
  input: CamelCased<CancelImageCreationRequest>,
  context: OperationContext,
): Promise<CamelCased<CancelImageCreationResponse>> {
  const { imageBuildVersionArn = '', clientToken } = input;
  await cancelImage(await findImageBuild(imageBuildVersionArn, context), context);
  return { requestId: context.requestId, clientToken, imageBuildVersionArn };
}

async function DeleteImage(
  input: CamelCased<DeleteImageRequest>,
  context: OperationContext,
): Promise<CamelCased<DeleteImageResponse>> {
  const { imageBuildVersionArn = '' } = input;
  await deleteImage(await findImageBuild(imageBuildVersionArn, context), context);
  return { requestId: context.requestId, imageBuildVersionArn };
}

async function RetryImage(
  input: CamelCased<RetryImageRequest>,
  context: OperationContext,
): Promise<CamelCased<RetryImageResponse>> {
  const { imageBuildVersionArn = '', clientToken } = input;
  await retryBuild(await findImageBuild(imageBuildVersionArn, context), context);
  return { clientToken, imageBuildVersionArn };
}

const resource = async (input: { readonly imageBuildVersionArn?: string | undefined }, context: OperationContext) =>
  await imageResource(input.imageBuildVersionArn ?? '', context);

export const imageOperations = {
  CreateImage: operation({
    handle: CreateImage,
    resource: ({ containerRecipeArn, imageRecipeArn }) => arnResource(containerRecipeArn ?? imageRecipeArn ?? ''),
  }),
  GetImage: operation({ handle: GetImage, resource }),
  ListImages: operation({ handle: ListImages }),
  ListImageBuildVersions: operation({ handle: ListImageBuildVersions }),
  ListImagePipelineImages: operation({ handle: ListImagePipelineImages }),
  ListImagePackages: operation({ handle: ListImagePackages, resource }),
  CancelImageCreation: operation({ handle: CancelImageCreation, resource }),
  DeleteImage: operation({ handle: DeleteImage, resource }),
  RetryImage: operation({ handle: RetryImage, resource }),
};
