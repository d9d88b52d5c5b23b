import type { ImageBuildOrder } from '@patchbay/contracts';
import { formatReference, parseReference, type StoredImage } from '../images/index.ts';
import type { ParentParts } from './parent-image.ts';

/**
 * Sends an image to all its repositories, first everywhere under the tag that is this build's alone (the first of each) and
 * then under the others: a registry that is lost half-way leaves no moving tag on something that another does not have.
 */
export async function distributeImage(
  order: ImageBuildOrder,
  image: StoredImage,
  { store, report, signal }: Pick<ParentParts, 'store' | 'report' | 'signal'>,
): Promise<{ region: string; imageUris: string[] }[]> {
  const targets = order.targets.map(({ region, repository, tags }) => ({
    region,
    references: tags.map((tag) => parseReference(`${repository}:${tag}`)),
  }));
  const rounds = [
    targets.flatMap(({ references }) => references.slice(0, 1)),
    targets.flatMap(({ references }) => references.slice(1)),
  ];
  for (const reference of rounds.flat()) {
    signal.throwIfAborted();
    await store.push(image, reference);
    report.say(`Sent ${image.digest} as ${formatReference(reference)}`);
  }
  return targets.map(({ region, references }) => ({ region, imageUris: references.map(formatReference) }));
}
