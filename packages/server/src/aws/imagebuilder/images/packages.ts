import type { OperationContext } from '../../../operations/operation.ts';
import { readFacts } from '../../../patchbay/facts/service.ts';
import { ImageBuilderError } from '../errors.ts';
import { imageArn } from './find-image.ts';
import type { Image } from './repository.ts';

export interface ImagePackage {
  readonly name: string;
  readonly version: string;
  /** To go on after; sorts as the list does. */
  readonly position: string;
}

/** Everything that is installed in an image, as its facts say, in the order of names. */
export async function listPackages(image: Image, context: OperationContext): Promise<ImagePackage[]> {
  const read = image.factsId === null ? undefined : await readFacts(image.imageId, image.factsId, context);
  if (!read) {
    throw new ImageBuilderError(
      'IMAGE_NOT_AVAILABLE',
      `The packages of ${imageArn(image)} are not known: it is ${image.status}.`,
    );
  }
  const names = new Map<string, number>();
  for (const { name } of read.facts.installed.packages) names.set(name, (names.get(name) ?? 0) + 1);
  return read.facts.installed.packages
    .map(({ name, architecture, version }) => ({
      // As dpkg shows what is installed for more than one architecture.
      name: (names.get(name) ?? 0) > 1 ? `${name}:${architecture}` : name,
      version,
      position: `${name} ${architecture}`,
    }))
    .sort((left, right) => (left.position < right.position ? -1 : 1));
}
