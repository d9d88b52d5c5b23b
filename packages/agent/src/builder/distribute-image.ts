import type { ContainerBuildOrder } from '@patchbay/contracts';
import type { NodeFacts } from '@patchbay/facts';
import {
  formatReference,
  openRegistryClient,
  parseReference,
  type RegistryAccess,
  type RegistryReference,
  type StoredImage,
} from '../images/index.ts';
import type { ParentParts } from './parent-image.ts';

export interface Distribution {
  readonly order: ContainerBuildOrder;
  readonly image: StoredImage;
  /** What bills of materials are written from. */
  readonly facts: Pick<NodeFacts, 'operatingSystem' | 'installed'>;
  /** Of the image. */
  readonly timestamp: Date;
  readonly patchbayVersion: string;
  readonly access: RegistryAccess;
}

/**
 * Sends an image to all its repositories, first everywhere under the tag that is this build's alone (the first of each), with
 * its bills of materials, and then under the others: a registry that is lost half-way leaves no moving tag on something that
 * another does not have.
 */
export async function distributeImage(
  distribution: Distribution,
  { store, report, signal }: Pick<ParentParts, 'store' | 'report' | 'signal'>,
): Promise<{ region: string; imageUris: string[] }[]> {
  const { order, image } = distribution;
  const targets = order.targets.map(({ region, repository, tags }) => ({
    region,
    references: tags.map((tag) => parseReference(`${repository}:${tag}`)),
  }));
  const send = async (reference: RegistryReference) => {
    signal.throwIfAborted();
    await store.push(image, reference);
    report.say(`Sent ${image.digest} as ${formatReference(reference)}`);
  };
  for (const { references } of targets) {
    for (const reference of references.slice(0, 1)) {
      await send(reference);
      await attachBills(distribution, reference);
      report.say(`Attached its bills of materials in ${reference.registry}/${reference.repository}`);
    }
  }
  for (const { references } of targets) {
    for (const reference of references.slice(1)) await send(reference);
  }
  return targets.map(({ region, references }) => ({ region, imageUris: references.map(formatReference) }));
}

async function attachBills(
  { order, image, facts, timestamp, patchbayVersion, access }: Distribution,
  reference: RegistryReference,
): Promise<void> {
  // CycloneDX's library takes a while to load.
  const { billFormats } = await import('@patchbay/sbom');
  const { operatingSystem, installed } = facts;
  const client = openRegistryClient(reference, access);
  const subject = { mediaType: image.mediaType, digest: image.digest, size: image.manifestBytes };
  for (const { mediaType, write } of billFormats) {
    const text = write({
      subject: {
        name: `${reference.registry}/${reference.repository}`,
        // The same image built again has the same bills: its build number is no part of it.
        version: order.version.split('/')[0] ?? null,
        digest: image.digest,
      },
      operatingSystem,
      installed,
      createdAt: timestamp,
      patchbayVersion,
    });
    const created = { 'org.opencontainers.image.created': timestamp.toISOString() };
    await client.putArtifact(subject, mediaType, [{ mediaType, bytes: Buffer.from(text) }], created);
  }
}
