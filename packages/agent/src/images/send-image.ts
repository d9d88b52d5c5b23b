import { resolve } from 'node:path';
import { ImageError } from './image-error.ts';
import { mediaTypes } from './image-manifest.ts';
import { formatReference, type RegistryReference } from './image-reference.ts';
import { isPlainHttp, openRegistryClient } from './registry-client.ts';
import { type StoredImage, type StoreParts, withScratch, writeDirectoryImage } from './store-parts.ts';

export type CopyDestination =
  | { readonly kind: 'layout'; readonly directory: string; readonly name: string }
  | { readonly kind: 'oci-archive' | 'docker-archive'; readonly file: string; readonly name: string };

/** How skopeo reaches a registry. Credentials stay in their file: an argv is seen by every process of the machine. */
export function remoteOptions(
  side: 'src' | 'dest',
  { registry }: RegistryReference,
  { access, tools: { authorityDirectory } }: Pick<StoreParts, 'access' | 'tools'>,
): readonly string[] {
  return [
    ...(authorityDirectory === null ? [] : [`--${side}-cert-dir`, authorityDirectory]),
    ...(isPlainHttp(registry, access) ? [`--${side}-tls-verify=false`] : []),
    ...(access.authFile === null ? [`--${side}-no-creds`] : [`--${side}-authfile`, resolve(access.authFile)]),
  ];
}

/** Sends an image and makes sure that the registry has exactly it under its name. */
export async function pushImage(parts: StoreParts, image: StoredImage, reference: RegistryReference): Promise<void> {
  const name = formatReference(reference);
  if (reference.digest !== null) {
    throw new ImageError('INVALID_REFERENCE', `${name} names a digest: an image is pushed under a tag.`);
  }
  parts.report(`Pushing ${image.digest} to ${name}`);
  const client = openRegistryClient(reference, parts.access);
  const tag = reference.tag ?? 'latest';
  // Asked first, so that a registry that is away and credentials that are wrong are told as what they are.
  if ((await client.headManifest(tag)) === image.digest) return;
  await withScratch(parts, async (scratch) => {
    await writeDirectoryImage(parts, image, scratch);
    const options = ['--preserve-digests', '--retry-times', '3', ...remoteOptions('dest', reference, parts)];
    await parts.run('skopeo', ['copy', ...options, `dir:${scratch}`, `docker://${name}`]);
  });
  const found = await client.getManifest(tag);
  if (found?.digest === image.digest) return;
  throw new ImageError(
    'PUSH_NOT_VERIFIED',
    `${name} was pushed as ${image.digest}, but the registry has ${found?.digest ?? 'nothing'} there.`,
  );
}

/** Docker's archives and formats are converted into; an image of ours arrives in a layout with the same digest. */
export async function copyImage(parts: StoreParts, image: StoredImage, destination: CopyDestination): Promise<void> {
  const target =
    destination.kind === 'layout'
      ? `oci:${resolve(destination.directory)}:${destination.name}`
      : `${destination.kind}:${resolve(destination.file)}:${destination.name}`;
  const isExact = destination.kind !== 'docker-archive' && image.mediaType === mediaTypes.manifest;
  await withScratch(parts, async (scratch) => {
    await writeDirectoryImage(parts, image, scratch);
    await parts.run('skopeo', ['copy', ...(isExact ? ['--preserve-digests'] : []), `dir:${scratch}`, target]);
  });
}
