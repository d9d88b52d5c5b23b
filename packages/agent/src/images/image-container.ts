import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isTraceOfBuilder } from './builder-traces.ts';
import { applyConfigChanges, type ConfigChanges } from './config-changes.ts';
import { filterLayer } from './filter-layer.ts';
import { ImageError } from './image-error.ts';
import { type ImageConfig, type ImagePlatform, ownPlatform, readManifest, toOciLayer } from './image-manifest.ts';
import { makeImage, type PlainLayer, writePlainLayer } from './make-image.ts';
import {
  ensureUnpacked,
  keepMadeImage,
  openWorkPlace,
  type StoredImage,
  type StoreParts,
  withScratch,
} from './store-parts.ts';

export interface CommitOptions {
  /** Of everything in the layer and of the image: the same inputs give the same digest. */
  readonly timestamp: Date;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the manifest; which image is below is said by itself. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** For the image's history. */
  readonly createdBy?: string;
  /** Paths (without a slash in front) that the layer shall not hold; what a builder leaves behind where absent. */
  readonly leavesOut?: (path: string) => boolean;
  /** Whether a container on what is made is wanted soon. */
  readonly isUnpacked?: boolean;
}

/** A writable root on top of an image. */
export interface ImageContainer {
  readonly image: StoredImage | null;
  /** Mounted, of this machine. Never write to it by its path here: open a Machine on it. */
  readonly rootDirectory: string;
  /** Changes what the image does; several add up. */
  configure(changes: ConfigChanges): void;
  /** Makes an image: the layers below as they are, and one more where anything is different. The container stays. */
  commit(options: CommitOptions): Promise<StoredImage>;
  remove(): Promise<void>;
}

export async function createImageContainer(
  parts: StoreParts,
  image: StoredImage | null,
  platform: ImagePlatform = ownPlatform(),
): Promise<ImageContainer> {
  const from = image === null ? 'scratch' : await ensureUnpacked(parts, image);
  const place = openWorkPlace(parts);
  let config: ImageConfig = image?.config ?? emptyConfig(platform);
  const remove = async () => {
    await parts.tools.run('buildah', ['rm', place.name]);
    place.remove();
  };
  try {
    await parts.run('buildah', ['from', '--quiet', '--pull=never', '--name', place.name, from]);
    const rootDirectory = (await parts.run('buildah', ['mount', place.name])).trim();
    return {
      image,
      rootDirectory,
      remove,
      configure(changes) {
        config = applyConfigChanges(config, changes);
      },
      async commit(options) {
        const labels = options.labels === undefined ? {} : { labels: options.labels };
        return await withScratch(parts, async (scratch) => {
          const layer = await readLayer(parts, { container: place.name, scratch }, image, options);
          return await compose(parts, image, applyConfigChanges(config, labels), layer, options);
        });
      },
    };
  } catch (error) {
    await remove().catch(() => place.remove());
    throw error;
  }
}

function emptyConfig({ os, architecture, variant }: ImagePlatform): ImageConfig {
  return {
    architecture,
    ...(variant === null ? {} : { variant }),
    os,
    config: {},
    rootfs: { type: 'layers', diff_ids: [] },
    history: [],
  };
}

/** What the container has that its image has not; null for nothing. */
async function readLayer(
  parts: StoreParts,
  { container, scratch }: { readonly container: string; readonly scratch: string },
  image: StoredImage | null,
  { timestamp, leavesOut = isTraceOfBuilder }: CommitOptions,
): Promise<PlainLayer | null> {
  const seconds = String(Math.floor(timestamp.getTime() / 1000));
  const fixed = ['--format', 'oci', '--disable-compression', '--timestamp', seconds, '--quiet'];
  const blobs = join(scratch, 'blobs', 'sha256');
  const blobPath = (digest: string) => join(blobs, digest.slice('sha256:'.length));
  const below = image?.config.rootfs.diff_ids ?? [];
  // What is there already is not written again, and nobody reads the layers below from here.
  mkdirSync(blobs, { recursive: true });
  for (const diffId of below) writeFileSync(blobPath(diffId), '');
  await parts.run('buildah', ['commit', ...fixed, container, `oci:${scratch}:layer`]);
  const index = readManifest(await readFile(join(scratch, 'index.json')), container);
  const [entry] = index.kind === 'index' ? index.index.manifests : [];
  const read = entry === undefined ? null : readManifest(await readFile(blobPath(entry.digest)), container);
  if (read?.kind !== 'image') throw new ImageError('TOOL_FAILED', 'buildah commit made no image.');
  const made = read.manifest.layers.map(({ digest }) => digest);
  const [top] = made.slice(below.length);
  if (made.length > below.length + 1 || below.some((diffId, position) => made[position] !== diffId)) {
    throw new ImageError('TOOL_FAILED', 'buildah commit changed layers that were there before.');
  }
  if (top === undefined) return null;
  const filter = filterLayer(leavesOut);
  const layer = await writePlainLayer(createReadStream(blobPath(top)), filter, join(scratch, 'layer.tar'));
  // The same once more: room that is needed now.
  rmSync(blobPath(top));
  return filter.keptEntries() === 0 ? null : layer;
}

async function compose(
  parts: StoreParts,
  image: StoredImage | null,
  config: ImageConfig,
  layer: PlainLayer | null,
  { timestamp, annotations = {}, createdBy = 'patchbay', isUnpacked = false }: CommitOptions,
): Promise<StoredImage> {
  const created = timestamp.toISOString();
  const entry = { created, created_by: createdBy, ...(layer === null ? { empty_layer: true } : {}) };
  const below = image === null ? {} : { 'org.opencontainers.image.base.digest': image.digest };
  const made = {
    config: {
      ...config,
      created,
      rootfs: { ...config.rootfs, diff_ids: [...config.rootfs.diff_ids, ...(layer === null ? [] : [layer.diffId])] },
      history: [...(config.history ?? []), entry],
    },
    manifest: {
      layers: image?.manifest.layers.map(toOciLayer) ?? [],
      annotations: { 'org.opencontainers.image.created': created, ...below, ...annotations },
    },
  };
  if (layer === null) return await keepMadeImage(parts, made, null);
  return await makeImage(parts, { ...made, top: layer, name: null, isUnpacked });
}
