import type { ImportImage } from '@patchbay/contracts';
import { parseImageReference, patchGroupOf } from '@patchbay/patching';
import type { z } from 'zod';
import { invalidValue } from '../errors.ts';
import { allowedHostsOf } from './allowed-hosts.ts';
import type { BuildContext } from './build-context.ts';
import { imageArn } from './find-image.ts';
import type { Image } from './repository.ts';
import { numberImage, storeImage } from './store.ts';
import type { KeptOrder } from './tables.ts';

/** To pull an image and look into it takes minutes. */
const importTimeoutSeconds = 3600;

/** Stores an image that exists, to be looked into by a builder, as the next build of its version. */
export async function importImage(
  { name, semanticVersion, reference, patchGroup, tags }: z.output<typeof ImportImage.input>,
  context: BuildContext,
): Promise<Image> {
  if (parseImageReference(reference) === null) {
    throw invalidValue(
      'reference',
      'It must be an image in a registry, as Docker writes it: registry.example/team/app:1.',
    );
  }
  const numbered = await numberImage(name, semanticVersion, context);
  const order: KeptOrder = {
    kind: 'import',
    imageId: numbered.imageId,
    imageBuildVersionArn: imageArn(numbered),
    name,
    version: `${semanticVersion}/${numbered.buildNumber}`,
    reference,
    region: context.region,
    timeoutSeconds: importTimeoutSeconds,
    allowedHosts: allowedHostsOf(tags),
  };
  return await storeImage(
    {
      ...numbered,
      buildType: 'IMPORT',
      recipeArn: null,
      recipe: null,
      infrastructure: null,
      distribution: null,
      pipelineArn: null,
      pipelineName: null,
      request: '{}',
      patchGroup: patchGroup ?? patchGroupOf(tags) ?? null,
      buildOrder: JSON.stringify(order),
    },
    tags,
    context,
  );
}
