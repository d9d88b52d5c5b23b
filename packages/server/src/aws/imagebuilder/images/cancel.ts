import type { OperationContext } from '../../../operations/operation.ts';
import { endImage } from '../../../patchbay/image-builds/end-image.ts';
import { ImageBuilderError } from '../errors.ts';
import { imageArn } from './find-image.ts';
import { type Image, lockImage, updateImage } from './repository.ts';

/** Stops a build: one that nobody has begun at once, another when its builder hears of it, within seconds. */
export async function cancelImage({ imageId }: Image, context: OperationContext): Promise<void> {
  const image = await lockImage(context.db, imageId);
  if (!image) return;
  if (image.endedAt !== null) {
    throw new ImageBuilderError(
      'IMAGE_STATE',
      `${imageArn(image)} is ${image.status}: only an image that is being built can be cancelled.`,
    );
  }
  if (image.status === 'PENDING') {
    await endImage(image, { status: 'CANCELLED', message: 'It was cancelled before a builder began.' }, context);
    return;
  }
  if (image.cancelRequestedAt !== null) return;
  await updateImage(context.db, imageId, {
    cancelRequestedAt: context.now,
    reason: `It is being cancelled; builder ${image.leaseInstanceId} stops it.`,
  });
}
