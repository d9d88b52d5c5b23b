import { resolve } from 'node:path';
import { fetchImage } from './fetch-image.ts';
import { createImageContainer, type ImageContainer } from './image-container.ts';
import { ImageError } from './image-error.ts';
import { type ImagePlatform, ownPlatform } from './image-manifest.ts';
import type { RegistryReference } from './image-reference.ts';
import { describeSource, type ImageSource, readImageSource } from './image-source.ts';
import { requireTool } from './image-tools.ts';
import { importRootArchive, importRootDirectory, type RootImport } from './import-root.ts';
import { onceFor, onceForFile } from './known-files.ts';
import { removeLeftoversIn } from './leftovers.ts';
import { pruneImages } from './prune-images.ts';
import { type CopyDestination, copyImage, pushImage } from './send-image.ts';
import { type ImageStoreOptions, loadImage, openStoreParts, type StoredImage } from './store-parts.ts';

/** Images on this machine. Open one for each piece of work: signal and report are those of the work. */
export interface ImageStore {
  /** Reads what people write. @throws ImageError INVALID_REFERENCE, NOT_AN_IMAGE */
  readSource(text: string): Promise<ImageSource>;
  /** Brings an image here; for this machine's platform where none is named. */
  pull(source: ImageSource, platform?: ImagePlatform): Promise<StoredImage>;
  /** Makes an image of one layer from a tar archive, plain or gzip. */
  importRoot(archive: string, options: RootImport): Promise<StoredImage>;
  /** An image that is here already, by the digest of its manifest. */
  find(digest: string): Promise<StoredImage | null>;
  /** A writable root on an image; an empty one for null. */
  createContainer(image: StoredImage | null): Promise<ImageContainer>;
  /** Sends an image and makes sure that the registry has exactly it. */
  push(image: StoredImage, reference: RegistryReference): Promise<void>;
  copyTo(image: StoredImage, destination: CopyDestination): Promise<void>;
  /** What killed processes left: containers, mounts, processes in them. Answers a line for each. */
  removeLeftovers(): Promise<string[]>;
  /** Removes the images that nobody used since, but for those of containers. Answers their digests. */
  prune(unusedSince: Date): Promise<string[]>;
}

/**
 * Opens our own store of images: nothing of the host's container configuration, storage or credentials is used.
 * @throws ImageError NOT_ROOT, MISSING_TOOL
 */
export function openImageStore(options: ImageStoreOptions): ImageStore {
  if (process.getuid?.() !== 0) {
    throw new ImageError('NOT_ROOT', 'Working with images needs root: their root file systems are mounted.');
  }
  for (const program of ['buildah', 'skopeo', 'tar'] as const) requireTool(program);
  const parts = openStoreParts({ ...options, directory: resolve(options.directory) });
  return {
    readSource: (text) => readImageSource(text, parts.tools),
    async pull(source, platform = ownPlatform()) {
      // When a root was made nobody knows; the same root is the same image.
      const asImport = { platform, created: new Date(0).toISOString(), name: describeSource(source) };
      switch (source.kind) {
        case 'root-directory':
          return await importRootDirectory(parts, source.directory, asImport);
        case 'root-archive':
          return await onceForFile(parts, source, platform, () => importRootArchive(parts, source.file, asImport));
        case 'oci-archive':
        case 'docker-archive':
          return await onceForFile(parts, source, platform, () => fetchImage(parts, source, platform));
        default:
          return await fetchImage(parts, source, platform);
      }
    },
    importRoot: (archive, more) => {
      const read = () => importRootArchive(parts, archive, more);
      return more.contentKey === undefined ? read() : onceFor(parts, `import\n${JSON.stringify(more)}`, read);
    },
    find: (digest) => loadImage(parts, digest),
    createContainer: (image) => createImageContainer(parts, image),
    push: (image, reference) => pushImage(parts, image, reference),
    copyTo: (image, destination) => copyImage(parts, image, destination),
    removeLeftovers: () => removeLeftoversIn(parts),
    prune: (unusedSince) => pruneImages(parts, unusedSince),
  };
}
