import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, symlinkSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ImageError } from './image-error.ts';
import { type Descriptor, digestOf, type ImageConfig, type ImageManifest, mediaTypes } from './image-manifest.ts';
import {
  copyToStorage,
  directoryVersion,
  keepMadeImage,
  type StoredImage,
  type StoreParts,
  withScratch,
} from './store-parts.ts';

/** A tar archive that becomes the topmost layer of an image. */
export interface PlainLayer {
  readonly file: string;
  readonly diffId: string;
}

export async function readPlainLayer(file: string): Promise<PlainLayer> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { file, diffId: `sha256:${hash.digest('hex')}` };
}

/** Writes what comes out of a filter to a file of its own. */
export async function writePlainLayer(source: Readable, filter: Transform, file: string): Promise<PlainLayer> {
  const hash = createHash('sha256');
  const read = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(source, filter, read, createWriteStream(file, { mode: 0o600 }));
  return { file, diffId: `sha256:${hash.digest('hex')}` };
}

export interface MadeImage {
  /** With the topmost layer. */
  readonly config: ImageConfig;
  /** Without it. */
  readonly manifest: Pick<ImageManifest, 'layers' | 'annotations'>;
  readonly top: PlainLayer;
  readonly name: string | null;
  /** Whether a container is wanted soon. */
  readonly isUnpacked: boolean;
}

/**
 * Keeps an image of layers that are here and a new one, which is compressed and unpacked at the same time: containers-storage
 * knows images by their configurations, and these name layers as they are before they are compressed.
 */
export async function makeImage(
  parts: StoreParts,
  { config, manifest, top, name, isUnpacked }: MadeImage,
): Promise<StoredImage> {
  const configBytes = Buffer.from(JSON.stringify(config));
  const [compressed] = await Promise.allSettled([
    putTop(parts, top),
    // Where that fails it is tried again, and told, when a container is wanted.
    isUnpacked ? unpack(parts, config, configBytes, top) : null,
  ]);
  if (compressed.status === 'rejected') {
    // What is unpacked has no name in the store then, and nobody would remove it.
    if (isUnpacked) await parts.tools.tryRun('buildah', ['rmi', hexOf(digestOf(configBytes))]);
    throw compressed.reason;
  }
  const layers = [...manifest.layers, compressed.value];
  return await keepMadeImage(parts, { config, manifest: { ...manifest, layers } }, name);
}

/** @throws ImageError NOT_AN_IMAGE where the file is not what it was any more */
async function putTop({ blobs }: StoreParts, { file, diffId }: PlainLayer): Promise<Descriptor> {
  const stored = await blobs.putLayer(createReadStream(file), 'tar');
  if (stored.diffId === diffId) return { mediaType: mediaTypes.layer, digest: stored.digest, size: stored.size };
  throw new ImageError('NOT_AN_IMAGE', `${file} changed while it was read: let whoever writes it come to an end.`);
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}

async function unpack(
  parts: StoreParts,
  { rootfs }: ImageConfig,
  configBytes: Uint8Array,
  top: PlainLayer,
): Promise<void> {
  const digest = digestOf(configBytes);
  const { size } = await stat(top.file);
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest, size: configBytes.length },
    // Those below are unpacked already, so that nobody asks for them or their size.
    layers: rootfs.diff_ids.map((diffId) => ({ mediaType: mediaTypes.plainLayer, digest: diffId, size })),
  };
  await withScratch(parts, async (scratch) => {
    const write = (name: string, content: string | Uint8Array) => writeFileSync(join(scratch, name), content);
    write('version', directoryVersion);
    write('manifest.json', JSON.stringify(manifest));
    write(hexOf(digest), configBytes);
    symlinkSync(top.file, join(scratch, hexOf(top.diffId)));
    await copyToStorage(parts, scratch, hexOf(digest));
  });
}
