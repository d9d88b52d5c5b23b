import { AppError } from '@patchbay/facts';
import { ParentImageError, readParentImage } from '@patchbay/patching';
import type { BuildContext } from './build-context.ts';
import { findParent, imageArn } from './find-image.ts';

/**
 * The build that an own parent image stands for now. Which version of a base image there is, and what a tag of a registry
 * names, only builders know: null, and known of an image once it is built.
 */
export async function resolveOwnParent(parentImage: string, context: BuildContext): Promise<string | null> {
  try {
    if (readParentImage(parentImage).kind !== 'own') return null;
    const image = await findParent(parentImage, context);
    return image ? imageArn(image) : null;
  } catch (error) {
    const isAbsent = error instanceof AppError && error.code === 'IMAGE_RESOURCE_NOT_FOUND';
    if (isAbsent || error instanceof ParentImageError) return null;
    throw error;
  }
}
