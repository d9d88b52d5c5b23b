import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageError } from './image-error.ts';
import {
  type Descriptor,
  formatPlatform,
  ImageIndex,
  type ImageManifest,
  type ImagePlatform,
  isPlainLayer,
  mediaTypes,
  readManifest,
  selectPlatform,
} from './image-manifest.ts';
import { formatReference, type RegistryReference } from './image-reference.ts';
import { describeSource, type ImageSource } from './image-source.ts';
import { type FoundManifest, openRegistryClient, requireManifest } from './registry-client.ts';
import { remoteOptions } from './send-image.ts';
import { keepImage, keepMadeImage, readConfig, type StoredImage, type StoreParts, withScratch } from './store-parts.ts';

type FetchedSource = Exclude<ImageSource, { kind: 'root-archive' | 'root-directory' }>;

/** Brings an image here as it is, the blobs that are not here yet. */
export async function fetchImage(
  parts: StoreParts,
  source: FetchedSource,
  platform: ImagePlatform,
): Promise<StoredImage> {
  const name = describeSource(source);
  const image = await fetchFrom(parts, source, platform, name);
  const { os, architecture } = image.config;
  if (os === platform.os && architecture === platform.architecture) return image;
  const own = formatPlatform({ os, architecture, variant: null });
  throw new ImageError('PLATFORM_NOT_FOUND', `${name} is for ${own}, not for ${formatPlatform(platform)}.`);
}

async function fetchFrom(parts: StoreParts, source: FetchedSource, platform: ImagePlatform, name: string) {
  switch (source.kind) {
    case 'registry':
      return await fetchFromRegistry(parts, source.reference, platform);
    case 'layout':
      return await fetchFromLayout(parts, source.directory, source.name, platform, name);
    case 'oci-archive':
      return await withScratch(parts, async (scratch) => {
        const options = ['--no-same-owner', '--no-same-permissions', '--file', source.file, '--directory', scratch];
        await parts.run('tar', ['--extract', ...options]);
        return await fetchFromLayout(parts, scratch, source.name, platform, name);
      });
    case 'docker-archive':
      return await withScratch(parts, async (scratch) => {
        const picked = source.name === null ? '' : `:${source.name}`;
        await parts.run('skopeo', ['copy', '--quiet', `docker-archive:${source.file}${picked}`, `dir:${scratch}`]);
        const bytes = await readFile(join(scratch, 'manifest.json'));
        return await takeBlobs(parts, bytes, mediaTypes.dockerManifest, name, async (blob, take) => {
          await take(join(scratch, hexOf(blob)));
        });
      });
  }
}

async function fetchFromRegistry(parts: StoreParts, reference: RegistryReference, platform: ImagePlatform) {
  const name = formatReference(reference);
  const client = openRegistryClient(reference, parts.access);
  let found: FoundManifest = await requireManifest(client, reference);
  const first = readManifest(found.bytes, name);
  if (first.kind === 'index') {
    const { digest } = selectPlatform(first.index, platform, name);
    found = await requireManifest(client, { ...reference, tag: null, digest });
  }
  const read = readManifest(found.bytes, name);
  if (read.kind === 'index') throw new ImageError('UNSUPPORTED_MANIFEST', `${name} is an index of indexes.`);
  const exact = formatReference({ ...reference, tag: null, digest: found.digest });
  return await withScratch(parts, async (scratch) => {
    const wanted = blobsOf(read.manifest);
    if (!wanted.every((blob) => parts.blobs.has(blob))) {
      parts.report(`Pulling ${name}`);
      // Into an empty directory: skopeo refuses one that has blobs in it, or empties it first.
      const options = ['--preserve-digests', '--retry-times', '3', ...remoteOptions('src', reference, parts)];
      await parts.run('skopeo', ['copy', ...options, `docker://${exact}`, `dir:${scratch}`]);
    }
    return await takeBlobs(parts, found.bytes, found.mediaType, name, async (blob, take) => {
      await take(join(scratch, hexOf(blob)));
    });
  });
}

/** OCI image-layout.md; a tag is the annotation org.opencontainers.image.ref.name. */
async function fetchFromLayout(
  parts: StoreParts,
  directory: string,
  wantedName: string | null,
  platform: ImagePlatform,
  name: string,
): Promise<StoredImage> {
  const pathOf = ({ digest }: Descriptor) => join(directory, 'blobs', 'sha256', digest.slice('sha256:'.length));
  const readIndex = (bytes: Uint8Array): ImageIndex => {
    const parsed = ImageIndex.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    if (parsed.success) return parsed.data;
    throw new ImageError('NOT_AN_IMAGE', `${name} is no OCI image layout: its index.json names no images.`);
  };
  const file = join(directory, 'index.json');
  if (!existsSync(file)) throw new ImageError('NOT_AN_IMAGE', `${name} is no OCI image layout: it has no index.json.`);
  const { manifests } = readIndex(await readFile(file));
  const nameOf = (each: Descriptor) => each.annotations?.['org.opencontainers.image.ref.name'] ?? null;
  const candidates = wantedName === null ? manifests : manifests.filter((each) => nameOf(each) === wantedName);
  let [chosen] = candidates;
  if (chosen === undefined || candidates.length > 1) {
    const there = manifests.map((each) => nameOf(each) ?? each.digest).join(', ') || 'none';
    throw new ImageError(
      'IMAGE_NOT_FOUND',
      `${name}: say which image is meant (as oci:DIR:name); there are: ${there}.`,
    );
  }
  let bytes = await readFile(pathOf(chosen));
  const first = readManifest(bytes, name);
  if (first.kind === 'index') {
    chosen = selectPlatform(first.index, platform, name);
    bytes = await readFile(pathOf(chosen));
  }
  return await takeBlobs(parts, bytes, chosen.mediaType, name, async (blob, take) => await take(pathOf(blob)));
}

type TakeBlob = (blob: Descriptor, take: (file: string) => Promise<void>) => Promise<void>;

/** Keeps what is not here yet; layers that are not compressed are, because registries want them so. */
async function takeBlobs(
  parts: StoreParts,
  bytes: Uint8Array,
  mediaType: string,
  name: string,
  fetchBlob: TakeBlob,
): Promise<StoredImage> {
  const read = readManifest(bytes, name);
  if (read.kind === 'index') throw new ImageError('UNSUPPORTED_MANIFEST', `${name} is an index of indexes.`);
  const { manifest } = read;
  for (const blob of blobsOf(manifest)) {
    if (parts.blobs.has(blob)) continue;
    await fetchBlob(blob, async (file) => await parts.blobs.take(file, blob));
  }
  if (!manifest.layers.some(isPlainLayer)) return await keepImage(parts, bytes, mediaType, name);
  const config = await readConfig(parts, manifest, name);
  const layers: Descriptor[] = [];
  for (const layer of manifest.layers) {
    if (!isPlainLayer(layer)) layers.push(layer);
    else {
      const stored = await parts.blobs.putLayer(parts.blobs.open(layer.digest), 'tar');
      layers.push({ mediaType: mediaTypes.layer, digest: stored.digest, size: stored.size });
    }
  }
  const { annotations } = manifest;
  return await keepMadeImage(
    parts,
    { config, manifest: { layers, ...(annotations === undefined ? {} : { annotations }) } },
    name,
  );
}

function blobsOf(manifest: ImageManifest): Descriptor[] {
  return [manifest.config, ...manifest.layers];
}

function hexOf({ digest }: Descriptor): string {
  return digest.slice('sha256:'.length);
}
