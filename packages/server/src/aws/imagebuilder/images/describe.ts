import type { ImageSummary, ImageVersion, Image as WireImage } from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { imageArn } from './find-image.ts';
import type { Image } from './repository.ts';

function stateOf({ status, reason }: Image) {
  return { status, reason: reason ?? undefined };
}

/** What all three forms of an image show. */
function describe(image: Image) {
  return {
    arn: imageArn(image),
    name: image.name,
    type: 'DOCKER' as const,
    version: `${image.version}/${image.buildNumber}`,
    platform: 'Linux' as const,
    osVersion: image.osVersion ?? undefined,
    dateCreated: image.dateCreated.toISOString(),
    buildType: image.buildType,
    imageSource: image.buildType === 'IMPORT' ? ('IMPORTED' as const) : ('CUSTOM' as const),
  };
}

function outputsOf({ containers }: Image) {
  return { containers: containers.map(({ region, imageUris }) => ({ region, imageUris: [...imageUris] })) };
}

export function describeImage(image: Image, tags: Record<string, string>): CamelCased<WireImage> {
  const { request, recipe, infrastructure, distribution, pipelineArn, pipelineName } = image;
  return {
    ...request,
    ...describe(image),
    state: stateOf(image),
    containerRecipe: recipe ?? undefined,
    infrastructureConfiguration: infrastructure ?? undefined,
    distributionConfiguration: distribution ?? undefined,
    sourcePipelineArn: pipelineArn ?? undefined,
    sourcePipelineName: pipelineName ?? undefined,
    outputResources: outputsOf(image),
    tags,
  };
}

export function summarizeImage(image: Image, tags: Record<string, string>): CamelCased<ImageSummary> {
  const { loggingConfiguration } = image.request;
  return {
    ...describe(image),
    state: stateOf(image),
    owner: image.accountId,
    outputResources: outputsOf(image),
    loggingConfiguration,
    tags,
  };
}

/** A version stands for all its builds; it shows what the newest of them is. */
export function describeImageVersion(newest: Image): CamelCased<ImageVersion> {
  const arn = imageArn(newest);
  return {
    ...describe(newest),
    arn: arn.slice(0, arn.lastIndexOf('/')),
    version: newest.version,
    owner: newest.accountId,
  };
}
