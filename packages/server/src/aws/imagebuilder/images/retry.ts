import { retryImage } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { buildTopic, buildTopicKey } from '../../../patchbay/image-builds/wake.ts';
import { ImageBuilderError } from '../errors.ts';
import { imageArn } from './find-image.ts';
import { type Image, lockImage, resetBuildSteps, updateImage } from './repository.ts';

/**
 * Tries again what failed or was cancelled when it was sent. No builder keeps an image, so it is built anew, as it was ordered
 * and under the same number; what it printed before stays.
 */
export async function retryBuild({ imageId }: Image, context: OperationContext): Promise<void> {
  const { db, dependencies } = context;
  const image = await lockImage(db, imageId);
  if (!image) return;
  const decision = retryImage(image);
  if (decision.kind === 'refuse') throw new ImageBuilderError('IMAGE_STATE', `${imageArn(image)}: ${decision.reason}`);
  await resetBuildSteps(db, imageId);
  await updateImage(db, imageId, {
    status: 'PENDING',
    reason: 'It waits for a builder, to be tried again.',
    failure: null,
    attempts: 0,
    leaseUntil: null,
    cancelRequestedAt: null,
    endedAt: null,
    endedIn: null,
  });
  await dependencies.wake.notify(db, buildTopic, [buildTopicKey(context)]);
}
