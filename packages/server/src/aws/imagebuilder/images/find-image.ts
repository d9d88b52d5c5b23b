import { ImageBuilderArnError, latestVersionReferences, parseArnOf, parseImageBuilderArn } from '@patchbay/patching';
import type { Resource } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import type { Scope } from '../../../operations/scope.ts';
import { arnResource, formatArn } from '../arns.ts';
import { ImageBuilderError, resourceNotFound } from '../errors.ts';
import { findNewestImage, type Image } from './repository.ts';
import { imageType } from './tables.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region'>;

export function imageArn({ accountId, region, resourceId }: Scope & { readonly resourceId: string }): string {
  return formatArn({ accountId, region, resourceType: imageType, resourceId });
}

/** The references with `x` of an image's version. */
export function referencesOf(image: Image) {
  return latestVersionReferences(parseImageBuilderArn(imageArn(image))) ?? undefined;
}

/** What an ARN of an image says, where it is one of the caller's own account and region. */
export function readImageArn(arn: string, forms: Parameters<typeof parseArnOf>[2], scope: Scope) {
  try {
    const parsed = parseArnOf(arn, ['image'], forms);
    if (parsed.region !== scope.region || parsed.owner !== scope.accountId) throw resourceNotFound(arn);
    return parsed;
  } catch (error) {
    if (!(error instanceof ImageBuilderArnError)) throw error;
    throw new ImageBuilderError('IMAGE_ARN', error.message, { cause: error });
  }
}

/** The image of a build ARN; of a version the newest build, of one with `x` that of the newest version. */
export async function findImage(arn: string, context: Context): Promise<Image> {
  const { name, version, build } = readImageArn(arn, ['wildcard', 'version', 'build'], context);
  const image = await findNewestImage(context.db, context, { arnName: name, fixed: version?.fixed ?? [], build });
  if (!image) throw resourceNotFound(arn);
  return image;
}

/** What a call acts on that names an image: the build that it comes to, whose tags decide. */
export async function imageResource(arn: string, context: Context): Promise<Resource> {
  try {
    return arnResource(imageArn(await findImage(arn, context)));
  } catch (error) {
    // The operation says what is wrong with it.
    if (error instanceof ImageBuilderError) return arnResource(arn);
    throw error;
  }
}

/** What an ARN of a parent image stands for: the newest that is available. Undefined where none is. */
export async function findParent(arn: string, context: Context): Promise<Image | undefined> {
  const { name, version, build } = readImageArn(arn, ['wildcard', 'version', 'build'], context);
  return await findNewestImage(context.db, context, {
    arnName: name,
    fixed: version?.fixed ?? [],
    build,
    status: 'AVAILABLE',
  });
}

/** The image of an ARN that must name one build. */
export async function findImageBuild(arn: string, context: Context): Promise<Image> {
  const { name, version, build } = readImageArn(arn, ['build'], context);
  const image = await findNewestImage(context.db, context, { arnName: name, fixed: version?.fixed ?? [], build });
  if (!image) throw resourceNotFound(arn);
  return image;
}
