import type { ImageBuildRecord } from '@patchbay/contracts';
import type { NodeFacts } from '@patchbay/facts';
import { BuildFailure } from './build-failure.ts';
import { type ImagePatchRequest, patchImage } from './patch-image.ts';

export interface ImageMetadata {
  /** What was handed in. */
  readonly factsId: string;
  readonly facts: NodeFacts;
  readonly osVersion: string;
  readonly archives: ImageBuildRecord['archives'];
  /** The newest moment at which anything that the image is made from was published. */
  readonly newestRelease: Date | null;
  readonly summary: string;
}

/** Hands in the facts of an image, lets the control plane judge it, and answers what its record shall hold. */
export async function collectMetadata(request: Omit<ImagePatchRequest, 'operation'>): Promise<ImageMetadata> {
  const scan = await patchImage({ ...request, operation: 'Scan' });
  const { facts, factsId } = scan;
  if (facts === null || factsId === null) {
    throw new BuildFailure(`Its packages cannot be told: ${scan.complaints.join('; ')}`);
  }
  const { offers, operatingSystem } = facts;
  const dates = offers.archives.flatMap(({ release }) => (release?.date == null ? [] : [Date.parse(release.date)]));
  return {
    factsId,
    facts,
    osVersion: operatingSystem.prettyName,
    archives: offers.archives.flatMap(({ address, release, indexDigest }) =>
      indexDigest === null
        ? []
        : [
            {
              uri: address.uri,
              suite: `${address.suite}/${address.component}`,
              releaseDigest: indexDigest,
              date: release?.date ?? '',
            },
          ],
    ),
    newestRelease: dates.length === 0 ? null : new Date(Math.max(...dates)),
    summary: `The image is ${scan.status ?? 'unknown'} under its baseline`,
  };
}
