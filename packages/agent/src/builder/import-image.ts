import type { ImageBuildStepName, ImageImportOrder } from '@patchbay/contracts';
import { atSite, type BuildParts, type BuiltImage, patchRequestOf, stepper } from './build-image.ts';
import { collectMetadata } from './collect-metadata.ts';
import { pullParent } from './parent-image.ts';

const skippedSteps: readonly ImageBuildStepName[] = [
  'ApplyBuildComponents',
  'CreateOutputImage',
  'ApplyTestComponents',
  'DistributeImage',
];

/**
 * Pulls the image of an order, looks into it as into one that was built, and tells what is there. Nothing in it runs but its
 * package manager, in a copy; nothing is made of it or sent.
 * @throws BuildFailure where its packages cannot be told; ImageError, MachineError and the like otherwise
 */
export async function importImage(order: ImageImportOrder, parts: BuildParts): Promise<BuiltImage> {
  const step = stepper(parts);
  for (const name of skippedSteps) parts.report.end(name, 'SKIPPED', 'The image is imported as it is.');
  const { image, reference, timestamp } = await step('ObtainParentImage', () => pullParent(order.reference, parts));
  const metadata = await step('CollectImageMetadata', () =>
    atSite(order, parts, image, (site) => collectMetadata(patchRequestOf(order, parts, site))),
  );
  parts.report.say(metadata.summary);
  return {
    kind: 'available',
    factsId: metadata.factsId,
    osVersion: metadata.osVersion,
    containers: [{ region: order.region, imageUris: [reference] }],
    record: {
      digest: image.digest,
      parent: { reference, digest: image.digest, version: null },
      archives: metadata.archives,
      tools: [...parts.tools],
      timestamp: timestamp.toISOString(),
      // One of our own, say, that was built by another control plane.
      originId: metadata.facts.overlay.image?.originId ?? null,
      layers: image.manifest.layers.map(({ digest, size }) => ({ digest, sizeBytes: size })),
    },
  };
}
