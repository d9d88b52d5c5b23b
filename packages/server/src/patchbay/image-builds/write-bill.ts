import { ImageBuilderError } from '../../aws/imagebuilder/errors.ts';
import { imageArn } from '../../aws/imagebuilder/images/find-image.ts';
import type { Image } from '../../aws/imagebuilder/images/repository.ts';
import type { KeptOrder } from '../../aws/imagebuilder/images/tables.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { readFacts } from '../facts/service.ts';

/** What bills call an image: where it was sent first, or what it was imported from. */
function nameOf(order: KeptOrder): string {
  return order.kind === 'import' ? order.reference : (order.targets[0]?.repository ?? '');
}

/** What a builder wrote for an image when it sent it: the same bytes, from the same facts. */
export async function writeBill(
  image: Image,
  format: 'cyclonedx' | 'spdx',
  context: OperationContext,
): Promise<{ mediaType: string; content: string }> {
  const { imageId, factsId, record, buildOrder, status } = image;
  const read = factsId === null ? undefined : await readFacts(imageId, factsId, context);
  if (!read || record === null) {
    throw new ImageBuilderError('IMAGE_NOT_AVAILABLE', `What is in ${imageArn(image)} is not known: it is ${status}.`);
  }
  // CycloneDX's library takes a while to load.
  const { billFormats } = await import('@patchbay/sbom');
  const chosen = billFormats.find(({ id }) => id === format);
  if (!chosen) throw new Error(`${format} is a format of the contract, and nobody writes it`);
  const { operatingSystem, installed } = read.facts;
  const content = chosen.write({
    subject: { name: nameOf(buildOrder), version: image.version, digest: record.digest },
    operatingSystem,
    installed,
    createdAt: new Date(record.timestamp),
    patchbayVersion: record.tools.find(({ name }) => name === 'patchbay')?.version ?? '',
  });
  return { mediaType: chosen.mediaType, content };
}
