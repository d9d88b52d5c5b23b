import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type FileTree, openFileTree } from '../machine/file-tree.ts';
import type { StoredImage } from './store-parts.ts';

/** Where what is fetched for images is kept, below the cache of scans. */
export interface ImagePlaces {
  readonly cacheDirectory: string;
  /** The directory of one image: its package lists, and what was read of it. */
  readonly cacheName: string;
  /** Shared by all images with the same archives: when which version was first seen there. */
  readonly clockDirectory: string;
}

/**
 * Lists are kept by image and never by its archives alone: the apt that fetches and checks them is the image's own, and
 * what a malicious one has written must not be believed of another image. The approval clock holds only dates, and is
 * shared by images that take packages from the same archives under the same keys.
 */
export async function findImagePlaces(cache: string, image: StoredImage, rootDirectory: string): Promise<ImagePlaces> {
  const cacheDirectory = join(resolve(cache), 'images');
  const clockDirectory = join(resolve(cache), 'image-clocks', await nameArchives(rootDirectory));
  for (const made of [cacheDirectory, clockDirectory]) mkdirSync(made, { recursive: true, mode: 0o700 });
  return { cacheDirectory, cacheName: image.digest.slice('sha256:'.length, 'sha256:'.length + 16), clockDirectory };
}

const sourcesFiles = ['/etc/apt/sources.list', '/etc/apt/trusted.gpg'] as const;
const sourcesFolders = ['/etc/apt/sources.list.d', '/etc/apt/trusted.gpg.d', '/usr/share/keyrings'] as const;

/** A name for what a root says about where packages come from and who may sign them. */
async function nameArchives(rootDirectory: string): Promise<string> {
  const hash = createHash('sha256');
  const files = openFileTree(rootDirectory);
  try {
    const folders = sourcesFolders.flatMap((folder) => listed(files, folder).map((name) => `${folder}/${name}`));
    for (const path of [...sourcesFiles, ...folders]) {
      const bytes = isSmall(files, path) ? await files.readFile(path).catch(() => null) : null;
      if (bytes !== null) hash.update(`${path} ${bytes.length}\n`).update(bytes);
    }
  } finally {
    files.close();
  }
  return hash.digest('hex').slice(0, 16);
}

/** No list of sources and no keyring is larger, and an image must not fill our memory. */
const mostBytes = 16 * 1024 * 1024;

function isSmall(files: FileTree, path: string): boolean {
  try {
    const status = files.stat(path);
    return status?.kind === 'file' && status.sizeBytes <= mostBytes;
  } catch {
    return false;
  }
}

function listed(files: FileTree, folder: string): string[] {
  try {
    return files.listDirectory(folder) ?? [];
  } catch {
    return [];
  }
}
