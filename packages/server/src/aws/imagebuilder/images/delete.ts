import type { OperationContext } from '../../../operations/operation.ts';
import { findNodeOfImage } from '../../../patchbay/image-nodes/repository.ts';
import { removeTags } from '../../ssm/tags/repository.ts';
import { ImageBuilderError } from '../errors.ts';
import { deletePolicy } from '../resource-policies/repository.ts';
import { imageArn } from './find-image.ts';
import { deleteImageRow, type Image, lockImage } from './repository.ts';
import { imageType } from './tables.ts';

/** Removes the record of an image that is not being built. What was pushed to registries stays there, as with AWS. */
export async function deleteImage({ imageId }: Image, context: OperationContext): Promise<void> {
  const image = await lockImage(context.db, imageId);
  if (!image) return;
  if (image.endedAt === null) {
    throw new ImageBuilderError(
      'IMAGE_STATE',
      `${imageArn(image)} is ${image.status}: cancel it first, or wait until it has ended.`,
    );
  }
  const instanceId = await findNodeOfImage(context.db, context, image.originId);
  if (instanceId !== undefined) {
    throw new ImageBuilderError(
      'IMAGE_RESOURCE_DEPENDENCY',
      `${imageArn(image)} cannot be deleted: the node ${instanceId} runs from it.`,
    );
  }
  const resource = { resourceType: imageType, resourceId: image.resourceId };
  await deleteImageRow(context.db, imageId);
  await removeTags(context.db, context, resource, 'all');
  await deletePolicy(context.db, context, resource);
}
