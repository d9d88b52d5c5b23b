import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readTextOrNull } from '../state/index.ts';
import { readProcessIdentity } from '../state/process-identity.ts';
import { type BlobStore, openBlobStore } from './blob-store.ts';
import { ImageError } from './image-error.ts';
import { ImageConfig, type ImageManifest, mediaTypes, readManifest } from './image-manifest.ts';
import { type ImageProgram, type ImageTools, openImageTools } from './image-tools.ts';
import type { RegistryAccess } from './registry-client.ts';
import { writeSharedFile } from './shared-file.ts';

export interface ImageStoreOptions {
  /** Private, of ours; made when missing. Several processes may use it. */
  readonly directory: string;
  /** As docker login writes it; null: no credentials. */
  readonly authFile: string | null;
  /** Registries beside those of this machine that are spoken to by plain HTTP. */
  readonly plainHttpRegistries?: readonly string[];
  /** Of containers-storage; what the file system allows where absent. */
  readonly storageDriver?: 'overlay' | 'vfs';
  /** One line of progress. */
  readonly report?: (line: string) => void;
  /** Ends whatever is done with this store, and the processes that do it. */
  readonly signal?: AbortSignal;
}

/** An image that is here whole, exactly as it is in a registry or will be. */
export interface StoredImage {
  /** Of the manifest: what a registry knows it by. */
  readonly digest: string;
  readonly mediaType: string;
  readonly manifestBytes: number;
  /** Digest of the configuration. */
  readonly imageId: string;
  /** Where it came from; null for one that was made here and has no name yet. */
  readonly name: string | null;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
}

/** What the parts of the store share. */
export interface StoreParts {
  readonly directory: string;
  readonly tools: ImageTools;
  readonly blobs: BlobStore;
  readonly access: RegistryAccess;
  readonly report: (line: string) => void;
  /** With lines of progress and the signal. */
  run(program: ImageProgram, parameters: readonly string[]): Promise<string>;
}

const Known = z.object({ digest: z.string(), mediaType: z.string(), name: z.string().nullable() });

export function openStoreParts(options: ImageStoreOptions): StoreParts {
  const { directory, signal } = options;
  for (const name of ['images', 'work']) mkdirSync(join(directory, name), { recursive: true, mode: 0o700 });
  const tools = openImageTools(directory, options.storageDriver ?? chooseDriver(directory));
  const report = options.report ?? (() => {});
  const withSignal = signal === undefined ? {} : { signal };
  return {
    directory,
    tools,
    blobs: openBlobStore(join(directory, 'blobs')),
    access: { authFile: options.authFile, plainHttpRegistries: options.plainHttpRegistries ?? [], ...withSignal },
    report,
    run: (program, parameters) => tools.run(program, parameters, { onLine: report, ...withSignal }),
  };
}

/** `f_type` of an overlay (statfs(2)): the kernel takes none as the upper of another. */
const overlayType = 0x794c7630;

/** How buildah keeps layers below a directory: as overlays where the kernel can. */
export function chooseDriver(directory: string): 'overlay' | 'vfs' {
  const knowsOverlay = readFileSync('/proc/filesystems', 'utf8').split('\n').includes('nodev\toverlay');
  return knowsOverlay && statfsSync(directory).type !== overlayType ? 'overlay' : 'vfs';
}

export interface WorkPlace {
  readonly name: string;
  readonly directory: string;
  remove(): void;
}

/** A directory for one piece of work, with its owner's name on it, so that what a killed one left can be told from it. */
export function openWorkPlace({ directory }: StoreParts): WorkPlace {
  const name = `patchbay-${randomUUID()}`;
  const place = join(directory, 'work', name);
  mkdirSync(join(place, 'files'), { recursive: true, mode: 0o700 });
  writeFileSync(join(place, 'owner.json'), JSON.stringify(readProcessIdentity(process.pid)), { mode: 0o600 });
  return {
    name,
    directory: join(place, 'files'),
    remove: () => rmSync(place, { recursive: true, force: true }),
  };
}

export async function withScratch<Result>(
  parts: StoreParts,
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  const place = openWorkPlace(parts);
  try {
    return await work(place.directory);
  } finally {
    place.remove();
  }
}

/** Keeps an image whose blobs are here. */
export async function keepImage(
  parts: StoreParts,
  manifest: Uint8Array,
  mediaType: string,
  name: string | null,
): Promise<StoredImage> {
  const digest = await parts.blobs.put(manifest);
  writeSharedFile(recordFile(parts, digest), JSON.stringify({ digest, mediaType, name }));
  const kept = await loadImage(parts, digest);
  if (kept === null) throw new Error(`${digest} is not here although it was just kept`);
  return kept;
}

/** Keeps an image that was made here, of layers that are here. */
export async function keepMadeImage(
  parts: StoreParts,
  made: { readonly config: ImageConfig; readonly manifest: Pick<ImageManifest, 'layers' | 'annotations'> },
  name: string | null,
): Promise<StoredImage> {
  const config = Buffer.from(JSON.stringify(made.config));
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: await parts.blobs.put(config), size: config.length },
    layers: made.manifest.layers,
    ...(made.manifest.annotations === undefined ? {} : { annotations: sortKeys(made.manifest.annotations) }),
  };
  return await keepImage(parts, Buffer.from(JSON.stringify(manifest)), mediaTypes.manifest, name);
}

function sortKeys(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Null where it is not here, or not whole any more. */
export async function loadImage(parts: StoreParts, digest: string): Promise<StoredImage | null> {
  const text = readTextOrNull(recordFile(parts, digest));
  if (text === null) return null;
  const known = Known.safeParse(JSON.parse(text));
  if (!known.success) return null;
  const { mediaType, name } = known.data;
  const bytes = await parts.blobs.read(digest);
  const read = readManifest(bytes, name ?? digest);
  if (read.kind === 'index') return null;
  const { manifest } = read;
  if (![manifest.config, ...manifest.layers].every((blob) => parts.blobs.has(blob))) return null;
  // In use now: nobody's clean-up shall take it away.
  utimesSync(recordFile(parts, digest), new Date(), new Date());
  const config = await readConfig(parts, manifest, name ?? digest);
  const imageId = manifest.config.digest;
  return { digest, mediaType, manifestBytes: bytes.length, imageId, name, manifest, config };
}

export async function readConfig(parts: StoreParts, manifest: ImageManifest, name: string): Promise<ImageConfig> {
  const bytes = await parts.blobs.read(manifest.config.digest);
  try {
    const config = ImageConfig.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    if (config.rootfs.diff_ids.length === manifest.layers.length) return config;
  } catch (error) {
    throw new ImageError(
      'UNSUPPORTED_MANIFEST',
      `${name} cannot be used: its configuration names no root file system.`,
      {
        cause: error,
      },
    );
  }
  throw new ImageError('UNSUPPORTED_MANIFEST', `${name} cannot be used: its configuration is of other layers.`);
}

function recordFile({ directory }: StoreParts, digest: string): string {
  return join(directory, 'images', `${digest.slice('sha256:'.length)}.json`);
}

export const directoryVersion = 'Directory Transport Version: 1.1\n';

/** Writes an image as skopeo's `dir:`, which changes nothing of it, whatever its format. */
export async function writeDirectoryImage({ blobs }: StoreParts, image: StoredImage, directory: string): Promise<void> {
  writeFileSync(join(directory, 'version'), directoryVersion);
  writeFileSync(join(directory, 'manifest.json'), await blobs.read(image.digest));
  for (const { digest } of [image.manifest.config, ...image.manifest.layers]) {
    blobs.link(digest, join(directory, digest.slice('sha256:'.length)));
  }
}

/** The image in containers-storage, unpacked where it was not yet; answers its id there. */
export async function ensureUnpacked(parts: StoreParts, image: StoredImage): Promise<string> {
  const id = image.imageId.slice('sha256:'.length);
  const known = await parts.tools.tryRun('buildah', ['inspect', '--type', 'image', '--format', '{{.FromImageID}}', id]);
  if (known.exitCode === 0) return id;
  parts.report(`Unpacking ${image.name ?? image.digest}`);
  await withScratch(parts, async (scratch) => {
    await writeDirectoryImage(parts, image, scratch);
    await copyToStorage(parts, scratch, id);
  });
  return id;
}

/** Unpacks what was written as skopeo's `dir:`. */
export async function copyToStorage(parts: StoreParts, directory: string, imageId: string): Promise<void> {
  const target = `${parts.tools.storagePrefix}localhost/patchbay:${imageId}`;
  await parts.run('skopeo', ['copy', '--quiet', `dir:${directory}`, target]);
}
