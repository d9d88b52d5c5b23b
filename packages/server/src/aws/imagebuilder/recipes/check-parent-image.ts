import { ImageBuilderArnError, type ParentImage, ParentImageError, readParentImage } from '@patchbay/patching';
import type { Scope } from '../../../operations/scope.ts';
import { invalidValue } from '../errors.ts';

/** What a recipe builds upon. Whether an own image has been built is looked up when one is built upon it. */
export function checkParentImage(text: string, { accountId, region }: Scope): ParentImage {
  let parent: ParentImage;
  try {
    parent = readParentImage(text);
  } catch (error) {
    if (!(error instanceof ParentImageError) && !(error instanceof ImageBuilderArnError)) throw error;
    throw invalidValue('parentImage', error.message);
  }
  if (!('arn' in parent)) return parent;
  const { partition, region: regionOfArn, owner } = parent.arn;
  const isHere = partition === 'aws' && regionOfArn === region && ['aws', accountId].includes(owner);
  if (isHere) return parent;
  throw invalidValue('parentImage', `The image ${text} is not of this account and region.`);
}
